# Warnings are errors in our own code. Nothing here changes code generation: no -march=native (binaries travel; per-ISA
# files are chosen at run time) and no -ffast-math (it breaks NaN checks and the special functions).
function(chorus_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror -fvisibility=hidden)
endfunction()
