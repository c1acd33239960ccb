# Says which parts of the bindings are to be made anew, by the content of what they are made from: JavaCPP would make all of them
# in every build, and with them compile all classes and tests again. Writes STATUS/wanted, which the build copies to STATUS/made
# once it has made them, and STATUS/todo.properties with what Maven is to skip. Run as:
#   cmake -DPROJECT=java/core -DDIRECTORY=tree -DSTATUS=folder -DCUDA=OFF|AUTO -DSKIP_TESTS=true|false -P Bindings.cmake
cmake_minimum_required(VERSION 3.20)
set(sources ${PROJECT}/pom.xml ${PROJECT}/../../pom.xml ${PROJECT}/../../native/include/chorus.h
  ${PROJECT}/../../native/include/chorus_cuda.h ${PROJECT}/src/main/java/dev/chorus/bindings/ChorusPreset.java
  ${PROJECT}/src/main/java/dev/chorus/bindings/ChorusCudaPreset.java)
file(GLOB libraries ${DIRECTORY}/libchorus.*)
set(cuda_library)
if(CUDA)
  file(GLOB cuda_library ${DIRECTORY}/libchorus_cuda.*)
  list(APPEND libraries ${cuda_library})
endif()
get_filename_component(home ${PROJECT} REALPATH)

set(parsed "${home}")
foreach(file IN LISTS sources)
  file(SHA256 ${file} hash)
  string(APPEND parsed "\n${hash}")
endforeach()
string(SHA256 parsed "${parsed}")
set(compiled ${parsed})
foreach(file IN LISTS libraries)
  file(SHA256 ${file} hash)
  string(APPEND compiled "\n${hash}")
endforeach()
string(SHA256 compiled "${compiled}")

set(made)
if(EXISTS ${STATUS}/made)
  file(STRINGS ${STATUS}/made made)
endif()
set(classes ${PROJECT}/target/classes/dev/chorus/bindings)
file(GLOB jni ${classes}/*/*jniChorusNative.*)
file(GLOB cuda_jni ${classes}/*/*jniChorusCudaNative.*)
file(GLOB simulated_jni ${STATUS}/cuda/*jniChorusCudaNative.*)

set(parse_skip false)
set(compile_skip false)
if("parse ${parsed}" IN_LIST made AND EXISTS ${PROJECT}/target/generated-sources/javacpp/dev/chorus/bindings/ChorusNative.java)
  set(parse_skip true)
  if("compile ${compiled}" IN_LIST made AND jni)
    set(compile_skip true)
  endif()
else()
  file(REMOVE_RECURSE ${STATUS}/cuda)
  set(simulated_jni)
endif()

# The part for CUDA: in the jar only where it was asked for.
set(cuda_skip true)
if(CUDA AND cuda_library)
  set(cuda_skip ${compile_skip})
  if(NOT cuda_jni)
    set(cuda_skip false)
  endif()
else()
  file(GLOB left ${classes}/*/*chorus_cuda.*)
  list(APPEND left ${cuda_jni})
  if(left)
    file(REMOVE ${left})
  endif()
endif()

# And for the tests, which it does not matter to what it will be linked with.
set(simulated_skip false)
if(SKIP_TESTS OR simulated_jni)
  set(simulated_skip true)
endif()

file(WRITE ${STATUS}/wanted "parse ${parsed}\ncompile ${compiled}\n")
file(WRITE ${STATUS}/todo.properties "bindings.parse.skip=${parse_skip}\nbindings.compile.skip=${compile_skip}\n\
bindings.cuda.skip=${cuda_skip}\nbindings.simulated.skip=${simulated_skip}\n")
