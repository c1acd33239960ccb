# Tests of what nvcc has made of the kernels: no GPU is needed. Compiling has left a report and the PTX beside each object
# (KeepReport.sh).
chorus_op_files(cuda_op_sources _cuda.cu)
set(cuda_objects ${cuda_op_sources})
list(TRANSFORM cuda_objects PREPEND ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/chorus_cuda_objects.dir/)
list(TRANSFORM cuda_objects APPEND .o)

list(TRANSFORM cuda_objects APPEND .report OUTPUT_VARIABLE reports)
add_test(NAME cuda_kernels_keep_to_registers
  COMMAND ${CMAKE_COMMAND} "-DREPORTS=${reports}" -P ${CMAKE_CURRENT_SOURCE_DIR}/../cmake/CheckCudaResources.cmake)

# Kernels over rows of a vocabulary move 16 bytes at a time. These ops have rows of classes, labels or pairs, which are short.
set(short_rows dirichlet_posterior evidential preference)
set(row_objects ${cuda_objects})
foreach(op IN LISTS short_rows)
  list(FILTER row_objects EXCLUDE REGEX "/${op}_cuda\\.cu\\.o$")
endforeach()
find_program(CUOBJDUMP cuobjdump HINTS ${CMAKE_CUDA_COMPILER_TOOLKIT_ROOT}/bin)
add_test(NAME cuda_rows_move_in_16_bytes
  COMMAND ${CMAKE_COMMAND} "-DCUOBJDUMP=$<$<BOOL:${CUOBJDUMP}>:${CUOBJDUMP}>" "-DARCHITECTURES=${cuda_architectures}"
    "-DOBJECTS=${row_objects}" -P ${CMAKE_CURRENT_SOURCE_DIR}/../cmake/CheckCudaLoads.cmake)
