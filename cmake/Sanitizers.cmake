# CHORUS_SANITIZE: the C++ tests once more with AddressSanitizer and UndefinedBehaviorSanitizer, side by side with the others.
# OFF, ON (an error where the compiler lacks them), or AUTO (used where the compiler has them; a warning says what was left
# out and how to get it). Sets CHORUS_VARIANTS: what is compiled in which ways, "plain" and perhaps "sanitized".
set(CHORUS_SANITIZE OFF CACHE STRING "OFF, ON or AUTO: the tests with ASan and UBSan too")
set_property(CACHE CHORUS_SANITIZE PROPERTY STRINGS OFF ON AUTO)

set(CHORUS_VARIANTS plain)
if(CHORUS_SANITIZE)
  include(CheckCXXSourceCompiles)
  set(CHORUS_SANITIZE_FLAGS -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  string(REPLACE ";" " " CMAKE_REQUIRED_FLAGS "${CHORUS_SANITIZE_FLAGS}")
  check_cxx_source_compiles("int main() { return 0; }" CHORUS_HAS_SANITIZERS)
  unset(CMAKE_REQUIRED_FLAGS)
  set(cure "install the sanitizer runtimes of ${CMAKE_CXX_COMPILER} (libasan and libubsan, or compiler-rt)")
  if(CHORUS_HAS_SANITIZERS)
    list(APPEND CHORUS_VARIANTS sanitized)
  elseif(CHORUS_SANITIZE STREQUAL "AUTO")
    message(WARNING "ASan and UBSan left out, the C++ tests run without them; ${cure}")
  else()
    message(FATAL_ERROR "CHORUS_SANITIZE=ON, but a sanitized program does not link; ${cure}")
  endif()
endif()

# chorus_variant(target variant): compiles and links it in that way. Sanitized code is compiled at -O1 with line numbers
# alone: at the release's level, where every inlined access is checked, the compiler takes three times as long.
function(chorus_variant target variant)
  if(variant STREQUAL "sanitized")
    target_compile_options(${target} PRIVATE ${CHORUS_SANITIZE_FLAGS} -O1 -g1)
    target_link_options(${target} PRIVATE ${CHORUS_SANITIZE_FLAGS})
  endif()
endfunction()
