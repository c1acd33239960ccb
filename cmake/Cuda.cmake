# CHORUS_CUDA: AUTO (the kernels for CUDA are compiled where nvcc is found), ON (an error where it is not) or OFF.
# CHORUS_CUDA_ARCHITECTURES: what for, as CMake writes it, or
#   release  A100, H100 and H200, B200, and PTX of the last for what comes after; binaries of 8.0 also run on 8.6 and 8.9
#   machine  the GPUs that nvidia-smi names here, with their PTX; as `release` if it names none
# Sets CHORUS_HAS_CUDA, and enables the language.
set(CHORUS_CUDA AUTO CACHE STRING "AUTO, ON or OFF: compile the kernels for CUDA")
set_property(CACHE CHORUS_CUDA PROPERTY STRINGS AUTO ON OFF)
set(CHORUS_CUDA_ARCHITECTURES release CACHE STRING "what nvcc compiles for: release, machine, or a list such as 80-real;90-real")
# The first that knows sm_100.
set(CHORUS_LEAST_CUDA 12.8)

# The architectures, with the two names replaced.
set(cuda_architectures ${CHORUS_CUDA_ARCHITECTURES})
if(CHORUS_CUDA AND cuda_architectures STREQUAL "machine")
  execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    OUTPUT_VARIABLE found ERROR_QUIET RESULT_VARIABLE status)
  string(REGEX MATCHALL "[0-9]+\\.[0-9]+" found "${found}")
  list(REMOVE_DUPLICATES found)
  list(TRANSFORM found REPLACE "\\." "")
  set(cuda_architectures release)
  if(status EQUAL 0 AND found)
    set(cuda_architectures ${found})
  endif()
endif()
if(cuda_architectures STREQUAL "release")
  set(cuda_architectures 80-real 90-real 100-real 100-virtual)
endif()

set(CHORUS_HAS_CUDA OFF)
set(why "")
if(CHORUS_CUDA)
  include(CheckLanguage)
  set(CMAKE_CUDA_ARCHITECTURES ${cuda_architectures})
  check_language(CUDA)
  if(NOT CMAKE_CUDA_COMPILER)
    set(why "nvcc was not found; install the CUDA toolkit ${CHORUS_LEAST_CUDA} or newer, or put its nvcc on the PATH")
  else()
    enable_language(CUDA)
    if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS CHORUS_LEAST_CUDA)
      set(why "nvcc is ${CMAKE_CUDA_COMPILER_VERSION}; ${CHORUS_LEAST_CUDA} or newer is needed")
    else()
      set(CHORUS_HAS_CUDA ON)
    endif()
  endif()
  if(CHORUS_HAS_CUDA)
    message(STATUS "CUDA kernels: nvcc ${CMAKE_CUDA_COMPILER_VERSION} for ${cuda_architectures}")
  elseif(CHORUS_CUDA STREQUAL "AUTO")
    message(STATUS "CUDA kernels: left out, ${why}")
  else()
    message(FATAL_ERROR "CHORUS_CUDA=${CHORUS_CUDA}, but ${why}")
  endif()
endif()

# chorus_cuda_flags(target): warnings are errors; the kernels' PTX and what ptxas says of their registers, stack and spills are
# kept beside the object (KeepReport.sh), for the tests that read them.
function(chorus_cuda_flags target)
  set_target_properties(${target} PROPERTIES
    CUDA_STANDARD 17
    CUDA_STANDARD_REQUIRED ON
    CUDA_ARCHITECTURES "${cuda_architectures}"
    CUDA_VISIBILITY_PRESET hidden
    CUDA_RUNTIME_LIBRARY Static
    POSITION_INDEPENDENT_CODE ON
    CUDA_COMPILER_LAUNCHER "sh;${CMAKE_CURRENT_SOURCE_DIR}/../cmake/KeepReport.sh")
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CUDA>:-Xptxas=-v --compress-mode=size -Werror=all-warnings -Xcompiler=-Wall,-Wextra>
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Werror -fvisibility=hidden>)
endfunction()
