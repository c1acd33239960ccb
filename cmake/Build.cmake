# Configures and builds a tree of native/, with as many jobs as there are processors: `cmake --build --parallel` without a number
# sets make no limit, and dozens of compilers at once fill the memory. A tree that was copied or moved from elsewhere is begun
# anew: its cache names files of the other place. Run as:
#   cmake -DSOURCE=native -DDIRECTORY=tree "-DOPTIONS=A=1;B=2" [-DKEEP=ON] [-DTARGETS=x;y] -P Build.cmake
# KEEP leaves a tree as it has been configured, whatever the options; without TARGETS everything is built.
cmake_minimum_required(VERSION 3.20)
get_filename_component(SOURCE "${SOURCE}" REALPATH)
get_filename_component(DIRECTORY "${DIRECTORY}" ABSOLUTE)

# What CMakeCache.txt says of its place, against where it is.
if(EXISTS ${DIRECTORY}/CMakeCache.txt)
  file(STRINGS ${DIRECTORY}/CMakeCache.txt home REGEX "^CMAKE_HOME_DIRECTORY:")
  file(STRINGS ${DIRECTORY}/CMakeCache.txt place REGEX "^CMAKE_CACHEFILE_DIR:")
  string(REGEX REPLACE "^[^=]*=" "" home "${home}")
  string(REGEX REPLACE "^[^=]*=" "" place "${place}")
  get_filename_component(here ${DIRECTORY} REALPATH)
  get_filename_component(place "${place}" REALPATH)
  get_filename_component(home "${home}" REALPATH)
  if(NOT "${home}" STREQUAL "${SOURCE}" OR NOT "${place}" STREQUAL "${here}")
    message(STATUS "${DIRECTORY} was configured for another place (${place}); it is begun anew")
    file(REMOVE_RECURSE ${DIRECTORY})
  endif()
endif()

# Configured again only if the options are others: the build itself sees to files of CMake that have changed.
set(known)
if(EXISTS ${DIRECTORY}/CMakeCache.txt AND EXISTS ${DIRECTORY}/options)
  file(READ ${DIRECTORY}/options known)
endif()
if(NOT known OR NOT (KEEP OR "${known}" STREQUAL "${OPTIONS}"))
  file(REMOVE ${DIRECTORY}/options)
  set(arguments ${OPTIONS})
  list(TRANSFORM arguments PREPEND -D)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${DIRECTORY} ${arguments} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "the native build in ${DIRECTORY} could not be configured; the reason is above")
  endif()
  file(WRITE ${DIRECTORY}/options "${OPTIONS}")
endif()

include(ProcessorCount)
ProcessorCount(jobs)
if(jobs EQUAL 0)
  set(jobs 1)
endif()
set(targets)
if(TARGETS)
  set(targets --target ${TARGETS})
endif()
execute_process(COMMAND ${CMAKE_COMMAND} --build ${DIRECTORY} --parallel ${jobs} ${targets} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "the native build in ${DIRECTORY} failed; what the compiler said is above")
endif()
