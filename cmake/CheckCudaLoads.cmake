# Fails if the kernels over rows have no 16-byte loads and stores, or any access to local memory, on any architecture. It reads
# the machine code by cuobjdump where that is installed, and else the PTX that nvcc has left in <object>.ptx. Run as:
#   cmake -DCUOBJDUMP=... -DARCHITECTURES=80-real;90-real -DOBJECTS=a.cu.o;b.cu.o -P CheckCudaLoads.cmake

# check(name what code load store local): each a pattern
function(check name what code load store local)
  if(NOT code MATCHES "${load}")
    message(FATAL_ERROR "${name}: no 16-byte load in the ${what}")
  endif()
  if(NOT code MATCHES "${store}")
    message(FATAL_ERROR "${name}: no 16-byte store in the ${what}")
  endif()
  if(code MATCHES "${local}")
    message(FATAL_ERROR "${name}: local memory in the ${what}: ${CMAKE_MATCH_0}")
  endif()
  message("${name}: 16-byte loads and stores, no local memory, in the ${what}")
endfunction()

list(FILTER ARCHITECTURES EXCLUDE REGEX "-virtual$")
list(TRANSFORM ARCHITECTURES REPLACE "-real$" "")
foreach(object IN LISTS OBJECTS)
  get_filename_component(name ${object} NAME_WE)
  if(CUOBJDUMP AND ARCHITECTURES)
    foreach(architecture IN LISTS ARCHITECTURES)
      execute_process(COMMAND ${CUOBJDUMP} -sass -arch sm_${architecture} ${object} OUTPUT_VARIABLE code RESULT_VARIABLE status)
      if(NOT status EQUAL 0)
        message(FATAL_ERROR "${name}: its machine code of sm_${architecture} could not be had")
      endif()
      check(${name} "machine code of sm_${architecture}" "${code}"
        "LDG[.A-Z0-9]*\\.128" "STG[.A-Z0-9]*\\.128" "[ \t](LDL|STL)[. ]")
    endforeach()
  else()
    file(GLOB files ${object}.ptx/*.ptx)
    if(NOT files)
      message(FATAL_ERROR "${object}.ptx holds no PTX: the objects were not compiled by this build")
    endif()
    foreach(file IN LISTS files)
      file(READ ${file} code)
      string(REGEX MATCH "\\.target sm_[0-9]+" target "${code}")
      check(${name} "PTX for ${target}" "${code}"
        "ld\\.global[.a-z:0-9]*\\.v4\\.[a-z]32" "st\\.global[.a-z:0-9]*\\.v4\\.[a-z]32" "(ld|st)\\.local")
    endforeach()
  endif()
endforeach()
