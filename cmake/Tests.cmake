# The C++ tests. One source tests an op on the processor, on a simulated device and on a GPU: it is compiled once in each
# variant (Sanitizers.cmake) and linked with the backend of each. Labels: sanitized, cuda.

# chorus_test_objects(target variant file...): at -O1, for which the compiler takes half the time of the release's level. The
# kernels of the processor are those that libchorus ships.
function(chorus_test_objects target variant)
  chorus_objects(${target} ${variant} ${ARGN})
  target_compile_options(${target} PRIVATE -O1)
endfunction()

# The simulated device (testing/simt/) compiles the kernels for CUDA as C++: a file of each name includes the .cu.
set(simulated_sources)
foreach(source IN LISTS cuda_sources)
  get_filename_component(name ${source} NAME_WE)
  set(file ${CMAKE_CURRENT_BINARY_DIR}/simulated/${name}.cc)
  file(CONFIGURE OUTPUT ${file} CONTENT "#include \"${CMAKE_CURRENT_SOURCE_DIR}/${source}\"\n")
  list(APPEND simulated_sources ${file})
endforeach()

chorus_op_files(reference_sources _ref.cc)
chorus_op_files(on_device_sources _on_device.cc)
foreach(variant IN LISTS CHORUS_VARIANTS)
  chorus_test_objects(chorus_testing_objects_${variant} ${variant} testing/test.cc ${reference_sources})
  add_library(chorus_testing_${variant} STATIC $<TARGET_OBJECTS:chorus_testing_objects_${variant}>)

  chorus_test_objects(chorus_simulated_${variant} ${variant} ${simulated_sources} testing/simt/simt.cc src/common/status.cc)
  target_compile_definitions(chorus_simulated_${variant} PRIVATE CHORUS_CUDA_LIBRARY)

  # The functions of chorus.h by way of a device.
  chorus_test_objects(chorus_on_device_objects_${variant} ${variant} ${on_device_sources})
  add_library(chorus_on_device_${variant} STATIC $<TARGET_OBJECTS:chorus_on_device_objects_${variant}>)

  # The backends: what a test runs on.
  chorus_test_objects(chorus_host_backend_${variant} ${variant} testing/host_backend.cc)
  chorus_test_objects(chorus_simulated_backend_${variant} ${variant} testing/device/device_backend.cc)
endforeach()

# For the Java tests: it stands where libchorus_cuda.so would, and takes tensors of the host's memory.
add_library(chorus_simulated_cuda SHARED EXCLUDE_FROM_ALL $<TARGET_OBJECTS:chorus_simulated_plain>)
set_target_properties(chorus_simulated_cuda PROPERTIES
  LINKER_LANGUAGE CXX OUTPUT_NAME chorus_cuda LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/simulated)

# chorus_program(name variant test seconds LABELS label... OBJECTS object... LIBRARIES library...): a program of the objects of
# `test` and of a backend, and a test that runs it.
function(chorus_program name variant test seconds)
  cmake_parse_arguments(ARG "" "" "LABELS;OBJECTS;LIBRARIES" ${ARGN})
  add_executable(${name} $<TARGET_OBJECTS:${test}_objects_${variant}> ${ARG_OBJECTS})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES})
  chorus_variant(${name} ${variant})
  if(variant STREQUAL "sanitized")
    add_dependencies(sanitized_tests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  # The library never allocates, and the leak checker needs ptrace, which containers often refuse.
  set_tests_properties(${name} PROPERTIES TIMEOUT ${seconds} LABELS "${ARG_LABELS}" ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0")
endfunction()

if(CHORUS_HAS_CUDA)
  find_package(CUDAToolkit REQUIRED)
  # CUDA's own runtime, for the tests' memory.
  chorus_test_objects(chorus_gpu_backend plain testing/device/device_backend.cc)
  target_compile_definitions(chorus_gpu_backend PRIVATE CHORUS_TEST_GPU)
  target_link_libraries(chorus_gpu_backend PRIVATE CUDA::cudart_static)
endif()

# Those with sanitizers alone, as the preset asan builds them.
if("sanitized" IN_LIST CHORUS_VARIANTS)
  add_custom_target(sanitized_tests)
endif()

# chorus_test(name source HOST SIMULATED GPU): the test on the processor, on the simulated device, on a GPU.
function(chorus_test name source)
  cmake_parse_arguments(ARG "HOST;SIMULATED;GPU" "" "" ${ARGN})
  foreach(variant IN LISTS CHORUS_VARIANTS)
    chorus_test_objects(${name}_test_objects_${variant} ${variant} ${source})
    set(suffix)
    set(labels)
    if(variant STREQUAL "sanitized")
      set(suffix _sanitized)
      set(labels sanitized)
    endif()
    if(ARG_HOST)
      chorus_program(${name}_test${suffix} ${variant} ${name}_test 300 LABELS ${labels}
        OBJECTS $<TARGET_OBJECTS:chorus_host_backend_${variant}> ${host_objects_${variant}} LIBRARIES chorus_testing_${variant})
      chorus_openmp(${name}_test${suffix})
    endif()
    if(ARG_SIMULATED)
      chorus_program(${name}_simulated_test${suffix} ${variant} ${name}_test 600 LABELS ${labels}
        OBJECTS $<TARGET_OBJECTS:chorus_simulated_backend_${variant}> $<TARGET_OBJECTS:chorus_simulated_${variant}>
        LIBRARIES chorus_on_device_${variant} chorus_testing_${variant})
    endif()
  endforeach()
  # Skipped where there is none.
  if(ARG_GPU AND CHORUS_HAS_CUDA)
    chorus_program(${name}_cuda_test plain ${name}_test 300 LABELS cuda OBJECTS $<TARGET_OBJECTS:chorus_gpu_backend>
      LIBRARIES chorus_on_device_plain chorus_testing_plain chorus_cuda CUDA::cudart_static)
    set_tests_properties(${name}_cuda_test PROPERTIES SKIP_RETURN_CODE 77)
  endif()
endfunction()

chorus_test(common src/common/common_test.cc HOST)
chorus_test(shared src/cuda/shared_test.cc SIMULATED)
chorus_test(f16 src/cuda/f16_test.cc SIMULATED GPU)
foreach(op IN LISTS CHORUS_OPS)
  set(where HOST)
  if(op IN_LIST CHORUS_CUDA_OPS)
    list(APPEND where SIMULATED GPU)
  endif()
  chorus_test(${op} src/ops/${op}/${op}_test.cc ${where})
endforeach()

# What can be said of the kernels for CUDA without a GPU, and times on one; benchmarks/cuda.sh runs these. cuBLAS is looked for
# when it runs.
if(CHORUS_HAS_CUDA)
  add_executable(cuda_benchmark bench/cuda_benchmark.cu)
  target_include_directories(cuda_benchmark PRIVATE include src .)
  target_link_libraries(cuda_benchmark PRIVATE chorus_testing_plain chorus_cuda CUDA::cudart_static ${CMAKE_DL_LIBS})
  chorus_cuda_flags(cuda_benchmark)
  if(CHORUS_COMMIT)
    target_compile_definitions(cuda_benchmark PRIVATE CHORUS_COMMIT=${CHORUS_COMMIT})
  endif()
  include(CudaChecks)
endif()

# A function that a vector file shares with others by name would be merged with them, and AVX-512 could end up where there
# is none (simd/vec.h).
if(CHORUS_X86_SIMD AND CMAKE_NM)
  add_test(NAME simd_files_share_no_symbol
    COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} "-DOBJECTS=$<TARGET_OBJECTS:chorus_avx2_plain>;$<TARGET_OBJECTS:chorus_avx512_plain>"
      -P ${CMAKE_CURRENT_SOURCE_DIR}/../cmake/CheckSimdSymbols.cmake)
endif()
