# native/kernels/NAME_simd.cc is compiled once for every instruction set, with ERPRM_ISA naming it: the file puts its
# functions into `namespace ERPRM_ISA`, and NAME.cc picks one at run time. Only these files get the wider instructions,
# so nothing else in the addon can fault on an older processor.

file(GLOB _simd CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/native/kernels/*_simd.cc")

function(erprm_kernel_variant isa)
  if(NOT _simd)
    return()
  endif()
  add_library(erprm_kernels_${isa} OBJECT ${_simd})
  target_include_directories(erprm_kernels_${isa} PRIVATE "${CMAKE_BINARY_DIR}/layers/kernels")
  target_compile_definitions(erprm_kernels_${isa} PRIVATE ERPRM_ISA=${isa})
  # Vectors are passed to inlined functions only, so how they would be passed does not matter.
  target_compile_options(erprm_kernels_${isa} PRIVATE -Wno-psabi ${ARGN})
  target_link_libraries(erprm_kernels_${isa} PRIVATE erprm_openmp)
  set_property(GLOBAL APPEND PROPERTY ERPRM_KERNEL_VARIANTS erprm_kernels_${isa})
endfunction()

erprm_kernel_variant(generic)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  erprm_kernel_variant(avx2 -mavx2 -mfma -mf16c -ffp-contract=fast)
  erprm_kernel_variant(avx512 -mavx512f -mavx512bw -mavx512vl -mavx512vnni -mavx2 -mfma -mf16c -ffp-contract=fast
    -Wno-maybe-uninitialized)  # GCC 12 warns of its own intrinsics here
endif()
