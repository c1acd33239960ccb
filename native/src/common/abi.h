// What every function of the C interface does before it calls its op: check pointers and sizes, and turn anything thrown into
// a status. The functions themselves are in <op>_abi.cc.
#ifndef CHORUS_COMMON_ABI_H
#define CHORUS_COMMON_ABI_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <exception>
#include <initializer_list>

#include "chorus.h"
#include "common/status.h"

namespace chorus {

/** No exception may cross into Java: it would end the JVM. */
template <typename Body>
chorus_status Guard(const char* op, Body body) {
  try {
    return body();
  } catch (const std::exception& e) {
    return Fail(CHORUS_INTERNAL, "%s: %s", op, e.what());
  } catch (...) {
    return Fail(CHORUS_INTERNAL, "%s: unknown exception", op);
  }
}

/** A function's name and its type of elements, as messages call it: "evidential_token_bf16". */
class TypedName {
 public:
  TypedName(const char* op, const char* type) {
    const size_t length = std::strlen(op), type_length = std::strlen(type);
    static_assert(sizeof text_ == 64, "more than any name");
    std::memcpy(text_, op, length);
    text_[length] = '_';
    std::memcpy(text_ + length + 1, type, type_length + 1);
  }
  operator const char*() const { return text_; }

 private:
  char text_[64];
};

/** Guard of body(name, Element()). */
template <typename Element, typename Body>
chorus_status GuardTyped(const char* op, const char* type, const Body& body) {
  const TypedName name(op, type);
  return Guard(name, [&]() -> chorus_status { return body(static_cast<const char*>(name), Element()); });
}

/** Guard of body(name, element) for what is void in a call: element is a float or an uint16_t (bf16), as the type says. */
template <typename Body>
chorus_status WithElements(const char* op, int type, const Body& body) {
  switch (type) {
    case CHORUS_TYPE_F32:
      return GuardTyped<float>(op, "f32", body);
    case CHORUS_TYPE_BF16:
      return GuardTyped<uint16_t>(op, "bf16", body);
    default:
      return Fail(CHORUS_INVALID_ARGUMENT, "%s: type %d, expected f32 (%d) or bf16 (%d)", op, type, CHORUS_TYPE_F32,
                  CHORUS_TYPE_BF16);
  }
}

inline chorus_status CheckArguments(const char* op, const void* args) {
  return args ? CHORUS_OK : Fail(CHORUS_INVALID_ARGUMENT, "%s: args is null", op);
}

/** WithElements of a struct of arguments, which must be there. */
template <typename Args, typename Body>
chorus_status WithElementsOf(const char* op, const Args* args, const Body& body) {
  if (chorus_status bad = CheckArguments(op, args)) return bad;
  return WithElements(op, args->type, body);
}

struct Required {
  const char* name;
  const void* pointer;
};

inline chorus_status CheckPointers(const char* op, std::initializer_list<Required> required) {
  for (const Required& r : required) {
    if (r.pointer == nullptr) return Fail(CHORUS_INVALID_ARGUMENT, "%s: %s is null", op, r.name);
  }
  return CHORUS_OK;
}

/** Rows [N] of `width` elements, `stride` apart; at least one element a row if there is a row, and
 * no index overflows. */
inline chorus_status CheckMatrix(const char* op, int64_t N, const char* name, int64_t width,
                          int64_t stride) {
  if (N < 0 || width < (N > 0 ? 1 : 0) || stride < width || (N > 0 && stride > INT64_MAX / 8 / N)) {
    return Fail(CHORUS_INVALID_ARGUMENT,
                "%s: N = %lld, %s = %lld, stride = %lld, expected N >= 0, %s >= 1, stride >= %s",
                op, static_cast<long long>(N), name, static_cast<long long>(width),
                static_cast<long long>(stride), name, name);
  }
  return CHORUS_OK;
}

/** `count` things a row, each of `width` elements; at least one if there is a row, and no index overflows. */
inline chorus_status CheckCount(const char* op, const char* name, int64_t count, int64_t N, int64_t width) {
  if (count >= (N > 0 ? 1 : 0) && (N == 0 || count <= INT64_MAX / 8 / N / width)) return CHORUS_OK;
  return Fail(CHORUS_INVALID_ARGUMENT, "%s: %s = %lld, expected >= 1", op, name, static_cast<long long>(count));
}

}  // namespace chorus

#endif
