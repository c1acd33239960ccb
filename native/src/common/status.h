// How a function of the C interface says what went wrong.
#ifndef CHORUS_COMMON_STATUS_H
#define CHORUS_COMMON_STATUS_H

#include "chorus.h"

namespace chorus {

/** Keeps the formatted text for `chorus_last_error` of this thread and returns `code`. Allocates
 * nothing. */
chorus_status Fail(chorus_status code, const char* format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

}  // namespace chorus

#endif
