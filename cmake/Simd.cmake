# chorus_simd_sources(objects variant file...): compiles each file once for every instruction set, into a namespace of that set's
# name (native/src/simd/isa.h says how one is chosen). AVX2 is meant with FMA, AVX-512 with F, BW, DQ and VL: Haswell of
# 2013 and Skylake-SP of 2017 and later. Elsewhere than on x86 there is the baseline alone, NEON on 64-bit ARM.
#
# Contraction to fused multiply-add is asked for, because the standard mode of the compiler forbids it; -fno-trapping-math
# lets a comparison become a mask. Neither changes what NaN or infinity do.
set(CHORUS_SIMD_FLAGS -ffp-contract=fast -fno-trapping-math -fno-math-errno -Wno-psabi)
# Following every variable through thousands of inlined vectors took the compiler minutes in builds with debug information.
list(APPEND CHORUS_SIMD_FLAGS -fno-var-tracking)

include(CheckCXXCompilerFlag)
check_cxx_compiler_flag("-mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma" CHORUS_COMPILES_AVX512)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND CHORUS_COMPILES_AVX512)
  set(CHORUS_X86_SIMD ON)
else()
  set(CHORUS_X86_SIMD OFF)
  message(STATUS "vector loops: the baseline only on ${CMAKE_SYSTEM_PROCESSOR}")
endif()

function(chorus_simd_library name bytes variant)
  cmake_parse_arguments(ARG "" "" "FLAGS;SOURCES" ${ARGN})
  set(target chorus_${name}_${variant})
  add_library(${target} OBJECT ${ARG_SOURCES})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${target} PRIVATE include src)
  target_compile_definitions(${target} PRIVATE CHORUS_ISA=${name} CHORUS_VEC_BYTES=${bytes})
  target_compile_options(${target} PRIVATE ${CHORUS_SIMD_FLAGS} ${ARG_FLAGS})
  chorus_warnings(${target})
  chorus_variant(${target} ${variant})
endfunction()

# chorus_simd_sources(objects variant file...): sets `objects` in the caller.
function(chorus_simd_sources objects variant)
  chorus_simd_library(baseline 16 ${variant} SOURCES ${ARGN})
  set(found $<TARGET_OBJECTS:chorus_baseline_${variant}>)
  if(CHORUS_X86_SIMD)
    chorus_simd_library(avx2 32 ${variant} FLAGS -mavx2 -mfma SOURCES ${ARGN})
    # GCC prefers 256-bit registers for its own loops; ours name their width.
    chorus_simd_library(avx512 64 ${variant} FLAGS -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma SOURCES ${ARGN})
    list(APPEND found $<TARGET_OBJECTS:chorus_avx2_${variant}> $<TARGET_OBJECTS:chorus_avx512_${variant}>)
  endif()
  set(${objects} ${found} PARENT_SCOPE)
endfunction()
