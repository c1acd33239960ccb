# Runs the tests of a tree that is built, as many at once as there are processors, the longest of the last run first. Run as:
#   cmake -DDIRECTORY=tree -P RunTests.cmake
cmake_minimum_required(VERSION 3.20)
include(ProcessorCount)
ProcessorCount(jobs)
if(jobs EQUAL 0)
  set(jobs 1)
endif()
execute_process(COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${DIRECTORY} --output-on-failure --no-tests=error --parallel ${jobs}
  RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "C++ tests failed; what they said is above. One of them again: ${DIRECTORY}/<name>")
endif()
