# A compiler cache, if one is installed: a clean build of what was compiled before takes seconds.
find_program(CHORUS_CCACHE ccache)
if(CHORUS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CHORUS_CCACHE})
  message(STATUS "compiling through ${CHORUS_CCACHE}")
endif()
