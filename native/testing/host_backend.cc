#include "chorus.h"
#include "simd/isa.h"
#include "testing/backend.h"

namespace chorus_testing {

const char* SkipReason() { return nullptr; }

const char* UseBackend(int i) {
  // Once for every instruction set that this processor has: the loops differ, and so may their mistakes.
  const int isa = static_cast<int>(chorus::BestIsa()) - i;
  if (isa < 0) return nullptr;
  chorus::LimitIsa(static_cast<chorus::Isa>(isa));
  return chorus_isa();
}

std::string LastError() { return chorus_last_error(); }

bool Says(int, const std::string& text, const std::string& expected) { return text.find(expected) != std::string::npos; }

bool IsDevice() { return false; }

}  // namespace chorus_testing
