# native/kernels/*.cu: with a CUDA libtorch nvcc compiles them for the cards in ERPRM_CUDA_ARCHITECTURES; with a CPU
# libtorch the host's compiler compiles them against native/emulation. Either way everything above finds its launchers.
#
# Where nvcc is found, the target `cuda_check` compiles them with it also when libtorch is a CPU build, and nothing is
# linked. What ptxas says of registers and spills is kept in build/cuda/NAME.txt (scripts/check-cuda.mjs reads it).
# nvcc is called by plain commands: CMake's own CUDA support needs a newer CMake for newer toolkits.

set(ERPRM_CUDA_ARCHITECTURES "" CACHE STRING
  "Compute capabilities, without the dot, that kernels are built for; empty: all that are supported")
set(_architectures ${ERPRM_CUDA_ARCHITECTURES})
if(NOT _architectures)
  set(_architectures 80 90 100)
endif()
set(ERPRM_WANTED_CARDS "${_architectures}" CACHE INTERNAL "What scripts/check-cuda.mjs expects to have been compiled")
find_program(ERPRM_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
file(GLOB _cuda_sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/native/kernels/*.cu")

if(ERPRM_NVCC)
  execute_process(COMMAND "${ERPRM_NVCC}" --version OUTPUT_VARIABLE _text)
  string(REGEX MATCH "release ([0-9]+)\\.([0-9]+)" _text "${_text}")
  set(ERPRM_NVCC_MAJOR ${CMAKE_MATCH_1})
  execute_process(COMMAND "${ERPRM_NVCC}" --list-gpu-arch OUTPUT_VARIABLE _known)
  set(_codes "")
  set(_cards "")
  foreach(architecture ${_architectures})
    if(_known MATCHES "compute_${architecture}\n")
      list(APPEND _codes "-gencode=arch=compute_${architecture},code=sm_${architecture}")
      list(APPEND _cards ${architecture})
      set(_newest ${architecture})
    elseif(ERPRM_CUDA AND ERPRM_CUDA_ARCHITECTURES)
      message(FATAL_ERROR "${ERPRM_NVCC} knows no compute_${architecture}, which --cuda-architectures asks for. It "
        "knows:\n${_known}")
    else()
      message(STATUS "${ERPRM_NVCC} knows no compute_${architecture}: left out")
    endif()
  endforeach()
  if(NOT _cards AND ERPRM_CUDA)
    message(FATAL_ERROR "${ERPRM_NVCC} knows none of compute_${_architectures}: kernels need CUDA 11.8 or newer")
  endif()
endif()

if(ERPRM_NVCC AND _cards)
  # Also as text, which the driver translates for cards newer than the newest.
  list(APPEND _codes "-gencode=arch=compute_${_newest},code=compute_${_newest}")

  set(_objects "")
  foreach(source ${_cuda_sources})
    get_filename_component(name "${source}" NAME_WE)
    set(object "${CMAKE_BINARY_DIR}/cuda/${name}.o")
    add_custom_command(
      OUTPUT "${object}" DEPENDS "${source}" DEPFILE "${object}.d" VERBATIM
      COMMENT "Building CUDA object cuda/${name}.o"
      COMMAND "${CMAKE_COMMAND}" "-DREPORT=${CMAKE_BINARY_DIR}/cuda/${name}.txt" -P "${CMAKE_SOURCE_DIR}/cmake/nvcc.cmake"
        -- "${ERPRM_NVCC}" -c "${source}" -o "${object}" -MD -MF "${object}.d" ${_codes}
        -std=c++20 -O3 -lineinfo --expt-relaxed-constexpr -Xptxas=-v
        "-Xcompiler=-fPIC,-fvisibility=hidden,-Wall,-Wno-unused-parameter" "-I${CMAKE_BINARY_DIR}/layers/kernels")
    list(APPEND _objects "${object}")
  endforeach()
  add_custom_target(cuda_check DEPENDS ${_objects})
endif()

if(ERPRM_CUDA)
  if(NOT ERPRM_NVCC)
    message(FATAL_ERROR "${TORCH_ROOT} is a CUDA build, and there is no nvcc to compile kernels with. Install CUDA's "
      "toolkit and let CUDA_HOME name it, or use a CPU build of libtorch (npm run build -- --cpu).")
  endif()
  include(cmake/cudart.cmake)
  set_property(GLOBAL APPEND PROPERTY ERPRM_KERNEL_OBJECTS ${_objects})
  return()
endif()

add_library(erprm_cuda_emulated OBJECT ${_cuda_sources})
set_source_files_properties(${_cuda_sources} PROPERTIES LANGUAGE CXX)
target_include_directories(erprm_cuda_emulated PRIVATE "${CMAKE_BINARY_DIR}/layers/kernels")
# An index outside a static array and a misaligned vector stop the program at the place, as they would stop a card.
target_compile_options(erprm_cuda_emulated PRIVATE -x c++ -O2 -Wno-unknown-pragmas
  -fsanitize=bounds,alignment -fsanitize-undefined-trap-on-error)
set_property(GLOBAL APPEND PROPERTY ERPRM_KERNEL_VARIANTS erprm_cuda_emulated)
