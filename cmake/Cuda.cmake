# CHORUS_CUDA: AUTO (the kernels for CUDA are compiled where nvcc is found), ON (an error where it is not) or OFF.
# Sets CHORUS_HAS_CUDA, and enables the language.
set(CHORUS_CUDA AUTO CACHE STRING "AUTO, ON or OFF: compile the kernels for CUDA")
set_property(CACHE CHORUS_CUDA PROPERTY STRINGS AUTO ON OFF)
# A100, H100 and H200, B200; PTX of the last for what comes after. Binaries of 8.0 also run on 8.6 and 8.9.
set(CHORUS_CUDA_ARCHITECTURES "80-real;90-real;100-real;100-virtual" CACHE STRING "what nvcc compiles for")
# The first that knows sm_100.
set(CHORUS_LEAST_CUDA 12.8)

set(CHORUS_HAS_CUDA OFF)
set(why "")
if(CHORUS_CUDA)
  include(CheckLanguage)
  set(CMAKE_CUDA_ARCHITECTURES ${CHORUS_CUDA_ARCHITECTURES})
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
    message(STATUS "CUDA kernels: nvcc ${CMAKE_CUDA_COMPILER_VERSION} for ${CHORUS_CUDA_ARCHITECTURES}")
  elseif(CHORUS_CUDA STREQUAL "AUTO")
    message(STATUS "CUDA kernels: left out, ${why}")
  else()
    message(FATAL_ERROR "CHORUS_CUDA=${CHORUS_CUDA}, but ${why}")
  endif()
endif()

# chorus_cuda_flags(target): warnings are errors; what ptxas says of each kernel's registers, stack and spills is kept beside
# the object (KeepReport.sh), for the test that reads it.
function(chorus_cuda_flags target)
  set_target_properties(${target} PROPERTIES
    CUDA_STANDARD 17
    CUDA_STANDARD_REQUIRED ON
    CUDA_ARCHITECTURES "${CHORUS_CUDA_ARCHITECTURES}"
    CUDA_VISIBILITY_PRESET hidden
    CUDA_RUNTIME_LIBRARY Static
    POSITION_INDEPENDENT_CODE ON
    CUDA_COMPILER_LAUNCHER "sh;${CMAKE_CURRENT_SOURCE_DIR}/../cmake/KeepReport.sh")
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CUDA>:-Xptxas=-v --compress-mode=size -Werror=all-warnings -Xcompiler=-Wall,-Wextra>
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Werror -fvisibility=hidden>)
endfunction()
