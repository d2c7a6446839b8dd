# The program erprm_kernel_bench (native/bench): how fast the kernels are on a card. Not part of the usual build:
# cmake --build build --target erprm_kernel_bench.
file(GLOB _bench CONFIGURE_DEPENDS "${ERPRM_NATIVE}/bench/*.cc")
add_executable(erprm_kernel_bench EXCLUDE_FROM_ALL ${_bench})
erprm_layer_includes(erprm_kernel_bench bench core kernels ops)
erprm_link_layers(erprm_kernel_bench)
