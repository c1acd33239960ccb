# The classes that JavaCPP makes of structs override generic methods of Pointer without their type parameter. They are not ours to
# mend, and javac's -Werror is for what is: the warning is suppressed in the generated file alone. Run as:
#   cmake -DFILE=ChorusNative.java -P QuietBindings.cmake
file(READ ${FILE} text)
if(NOT text MATCHES "@SuppressWarnings")
  string(REPLACE "\npublic class ChorusNative " "\n@SuppressWarnings(\"unchecked\")\npublic class ChorusNative " quiet "${text}")
  if(quiet STREQUAL text)
    message(FATAL_ERROR "${FILE} holds no class ChorusNative")
  endif()
  file(WRITE ${FILE} "${quiet}")
endif()
