#include "common/status.h"

#if defined(CHORUS_CUDA_LIBRARY)
#include "chorus_cuda.h"
#endif

#include <cstdarg>
#include <cstdio>

namespace {
// Per thread, so that concurrent callers read their own message. Fixed, so that reporting a failure
// cannot fail.
thread_local char last_error[512] = "";
}  // namespace

namespace chorus {

chorus_status Fail(chorus_status code, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(last_error, sizeof last_error, format, arguments);
  va_end(arguments);
  return code;
}

}  // namespace chorus

#if defined(CHORUS_CUDA_LIBRARY)
extern "C" const char* chorus_cuda_last_error(void) { return last_error; }
#else
extern "C" const char* chorus_last_error(void) { return last_error; }
#endif
