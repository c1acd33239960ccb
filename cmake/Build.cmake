# Builds the tree in DIRECTORY with as many jobs as there are processors: `cmake --build --parallel` without a number sets
# make no limit, and dozens of compilers at once fill the memory. Run as: cmake -DDIRECTORY=... -P Build.cmake
include(ProcessorCount)
ProcessorCount(jobs)
if(jobs EQUAL 0)
  set(jobs 1)
endif()
execute_process(COMMAND ${CMAKE_COMMAND} --build ${DIRECTORY} --parallel ${jobs} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "the native build in ${DIRECTORY} failed; what the compiler said is above")
endif()
