# native/kernels/NAME_simd.cc is compiled once for every instruction set, with ERPRM_ISA naming it: the file puts its
# functions into `namespace ERPRM_ISA`, and NAME.cc picks one at run time. Only these files get the wider instructions,
# so nothing else in the addon can fault on an older processor. native/kernels/NAME_amx.cc is compiled for processors with
# matrix tiles alone.

file(GLOB _simd CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/native/kernels/*_simd.cc")

# One object library of the files SOURCES, compiled for one instruction set.
function(erprm_kernel_variant isa sources)
  add_library(erprm_kernels_${isa} OBJECT ${sources})
  target_include_directories(erprm_kernels_${isa} PRIVATE "${CMAKE_BINARY_DIR}/layers/kernels")
  target_compile_definitions(erprm_kernels_${isa} PRIVATE ERPRM_ISA=${isa})
  # Vectors are passed to inlined functions only, so how they would be passed does not matter.
  target_compile_options(erprm_kernels_${isa} PRIVATE -Wno-psabi ${ARGN})
  target_link_libraries(erprm_kernels_${isa} PRIVATE erprm_openmp)
  set_property(GLOBAL APPEND PROPERTY ERPRM_KERNEL_VARIANTS erprm_kernels_${isa})
endfunction()

erprm_kernel_variant(generic "${_simd}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  erprm_kernel_variant(avx2 "${_simd}" -mavx2 -mfma -mf16c -ffp-contract=fast)
  erprm_kernel_variant(avx512 "${_simd}" -mavx512f -mavx512bw -mavx512vl -mavx512vnni -mavx2 -mfma -mf16c -ffp-contract=fast
    -Wno-maybe-uninitialized)  # GCC 12 warns of its own intrinsics here
  file(GLOB _amx CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/native/kernels/*_amx.cc")
  erprm_kernel_variant(amx "${_amx}" -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512bf16 -mavx512vnni -mavx2 -mfma -mamx-tile -mamx-int8 -mamx-bf16
    -ffp-contract=fast -fno-exceptions -Wno-maybe-uninitialized)
endif()
