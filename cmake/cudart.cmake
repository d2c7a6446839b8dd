# CUDA's runtime for our kernels is the one that torch loads: the shared library of the same major version, from beside
# torch, or from the toolkit. Its headers come from the toolkit of nvcc.

file(STRINGS "${TORCH_ROOT}/lib/libc10_cuda.so" _needed REGEX "libcudart\\.so\\.[0-9]+")
string(REGEX MATCH "libcudart\\.so\\.([0-9]+)" _needed "${_needed}")
set(_major ${CMAKE_MATCH_1})
if(NOT _major STREQUAL ERPRM_NVCC_MAJOR)
  message(FATAL_ERROR "${TORCH_ROOT} is built for CUDA ${_major} and ${ERPRM_NVCC} is of CUDA ${ERPRM_NVCC_MAJOR}: they "
    "must agree. Let CUDA_HOME name a toolkit of CUDA ${_major}, or take another build of libtorch.")
endif()
# nvcc may be a script or a link somewhere else: it knows where it stands.
file(WRITE "${CMAKE_BINARY_DIR}/empty.cu" "")
execute_process(COMMAND "${ERPRM_NVCC}" --dryrun -E "${CMAKE_BINARY_DIR}/empty.cu" OUTPUT_VARIABLE _text ERROR_VARIABLE _text)
string(REGEX MATCH "TOP=([^\n]+)" _text "${_text}")
get_filename_component(_toolkit "${CMAKE_MATCH_1}" REALPATH)
file(GLOB _cudart
  "${TORCH_ROOT}/lib/libcudart*.so*"
  "${TORCH_ROOT}/../nvidia/cu${_major}/lib/libcudart.so.${_major}*"
  "${TORCH_ROOT}/../nvidia/cuda_runtime/lib/libcudart.so.${_major}*"
  "${_toolkit}/lib64/libcudart.so.${_major}"
  "${_toolkit}/targets/*/lib/libcudart.so.${_major}")
if(NOT _cudart)
  message(FATAL_ERROR "libcudart.so.${_major} is neither beside ${TORCH_ROOT} nor in ${_toolkit}")
endif()
list(GET _cudart 0 _cudart)
add_library(erprm_cudart SHARED IMPORTED)
set_target_properties(erprm_cudart PROPERTIES IMPORTED_LOCATION "${_cudart}")
target_link_libraries(erprm_torch INTERFACE erprm_cudart)
get_filename_component(_folder "${_cudart}" DIRECTORY)
get_filename_component(_folder "${_folder}" REALPATH)
list(APPEND CMAKE_INSTALL_RPATH "${_folder}")
# c10/cuda and ATen/cuda include CUDA's headers. Those that a small toolkit lacks (cuBLAS's) lie in NVIDIA's wheels,
# which in turn lack some of the toolkit's.
foreach(folder "${_toolkit}/include" "${TORCH_ROOT}/../nvidia/cu${_major}/include")
  if(EXISTS "${folder}")
    target_include_directories(erprm_torch SYSTEM INTERFACE "${folder}")
  endif()
endforeach()
message(STATUS "CUDA ${_major}: ${ERPRM_NVCC}, ${_cudart}, cards ${_cards}")
