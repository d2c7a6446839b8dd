# erprm_torch: headers, libraries and OpenMP of the libtorch in TORCH_ROOT, as plain IMPORTED targets.
# Not find_package(Torch): it bakes foreign run paths, and a CUDA build of it demands a whole CUDA toolkit.

if(NOT TORCH_ROOT OR NOT EXISTS "${TORCH_ROOT}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "TORCH_ROOT ('${TORCH_ROOT}') holds no lib/libtorch_cpu.so. Run `npm run build`, which finds libtorch.")
endif()
get_filename_component(TORCH_ROOT "${TORCH_ROOT}" REALPATH)

# The version, from the header every supported release has.
foreach(header headeronly/version.h csrc/api/include/torch/version.h)
  if(EXISTS "${TORCH_ROOT}/include/torch/${header}" AND NOT ERPRM_LIBTORCH_MAJOR)
    file(READ "${TORCH_ROOT}/include/torch/${header}" _text)
    if(_text MATCHES "define TORCH_VERSION_MAJOR ([0-9]+)")
      set(ERPRM_LIBTORCH_MAJOR ${CMAKE_MATCH_1})
    endif()
    if(_text MATCHES "define TORCH_VERSION_MINOR ([0-9]+)")
      set(ERPRM_LIBTORCH_MINOR ${CMAKE_MATCH_1})
    endif()
    if(_text MATCHES "define TORCH_VERSION_PATCH ([0-9]+)")
      set(ERPRM_LIBTORCH_PATCH ${CMAKE_MATCH_1})
    endif()
  endif()
endforeach()
set(ERPRM_LIBTORCH_VERSION "${ERPRM_LIBTORCH_MAJOR}.${ERPRM_LIBTORCH_MINOR}.${ERPRM_LIBTORCH_PATCH}")
if(ERPRM_LIBTORCH_VERSION VERSION_LESS 2.11 OR NOT ERPRM_LIBTORCH_VERSION VERSION_LESS 2.15)
  message(FATAL_ERROR "libtorch ${ERPRM_LIBTORCH_VERSION} in ${TORCH_ROOT} is not supported: expected 2.11 to 2.14")
endif()

add_library(erprm_openmp INTERFACE)
target_compile_options(erprm_openmp INTERFACE -fopenmp)
# Link the libgomp that lies beside libtorch, under whatever name it has there: a second one in the process would
# double the threads. Without -fopenmp on torch's users, at::parallel_for silently runs on one thread.
file(GLOB _gomp "${TORCH_ROOT}/lib/libgomp*.so*")
if(_gomp)
  list(GET _gomp 0 _gomp)
  target_link_libraries(erprm_openmp INTERFACE "${_gomp}")
else()
  target_link_options(erprm_openmp INTERFACE -fopenmp)
endif()

add_library(erprm_torch INTERFACE)
target_include_directories(erprm_torch SYSTEM INTERFACE
  "${TORCH_ROOT}/include" "${TORCH_ROOT}/include/torch/csrc/api/include")
set(ERPRM_CUDA 0)
set(_libraries torch torch_cpu c10)
if(EXISTS "${TORCH_ROOT}/lib/libtorch_cuda.so")
  set(ERPRM_CUDA 1)
  list(APPEND _libraries torch_cuda c10_cuda)
endif()
foreach(name ${_libraries})
  add_library(${name} SHARED IMPORTED)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION "${TORCH_ROOT}/lib/lib${name}.so")
  target_link_libraries(erprm_torch INTERFACE ${name})
endforeach()
target_link_libraries(erprm_torch INTERFACE erprm_openmp)
target_compile_definitions(erprm_torch INTERFACE AT_PER_OPERATOR_HEADERS
  ERPRM_LIBTORCH_VERSION="${ERPRM_LIBTORCH_VERSION}" ERPRM_CUDA=${ERPRM_CUDA})
# Registration happens in libtorch_cuda's static initialisers, so it must stay linked although nothing names it; and
# NVIDIA's libraries, which it needs, may be absent on the machine that builds.
target_link_options(erprm_torch INTERFACE -Wl,--no-as-needed -Wl,--allow-shlib-undefined)

# The addon finds libtorch by absolute path, or beside itself when both are moved together.
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
set(CMAKE_INSTALL_RPATH "${TORCH_ROOT}/lib;$ORIGIN")
message(STATUS "libtorch ${ERPRM_LIBTORCH_VERSION} in ${TORCH_ROOT} (CUDA: ${ERPRM_CUDA})")
