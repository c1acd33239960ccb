# Fails if one of OBJECTS defines a weak symbol (NM's letters V, W, u): an inline function or template with a name that
# other files may define too. Run as a test: cmake -DNM=... -DOBJECTS=... -P CheckSimdSymbols.cmake
set(found "")
foreach(object ${OBJECTS})
  execute_process(COMMAND ${NM} --defined-only -C ${object} OUTPUT_VARIABLE symbols RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${NM} could not read ${object}")
  endif()
  string(REGEX MATCHALL "[^\n]* [VWu] [^\n]*" weak "${symbols}")
  # The JIT-like thunks that GCC makes for position-independent code are the same everywhere.
  list(FILTER weak EXCLUDE REGEX "__x86.get_pc_thunk|DW.ref.__gxx_personality")
  foreach(symbol ${weak})
    string(APPEND found "\n  ${object}: ${symbol}")
  endforeach()
endforeach()
if(found)
  message(FATAL_ERROR "vector files define symbols that the linker may merge with others':${found}")
endif()
