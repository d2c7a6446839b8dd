# erprm_layer(NAME [BELOW layers...] [USES targets...] [TENSORS]): the object library erprm_NAME from native/NAME/*.cc;
# TENSORS where most files include torch's tensors.
#
# Includes read "core/error.h". A layer's include path is build/layers/NAME, a folder of links to the layer itself and
# to the layers BELOW it: an include from a layer above, or of torch or Node where they do not belong, does not compile.

set(ERPRM_NATIVE "${CMAKE_SOURCE_DIR}/native")
set_property(GLOBAL PROPERTY ERPRM_LAYERS "")
file(WRITE "${CMAKE_BINARY_DIR}/empty.cc" "")

# The folder of links for a target of layer NAME.
function(erprm_layer_includes target name)
  set(folder "${CMAKE_BINARY_DIR}/layers/${name}")
  file(REMOVE_RECURSE "${folder}")
  file(MAKE_DIRECTORY "${folder}")
  foreach(visible ${name} ${ARGN})
    file(CREATE_LINK "${ERPRM_NATIVE}/${visible}" "${folder}/${visible}" SYMBOLIC)
  endforeach()
  target_include_directories(${target} PRIVATE "${folder}")
endfunction()

# Torch's tensors are parsed once for all of a target's files: 3 of the 5 seconds that such a file takes. The precompiled
# header is that of `owner`, whose files are compiled with the same options.
function(erprm_precompile target owner)
  if(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE <ATen/core/Tensor.h> <ATen/ops/empty.h> <ATen/Context.h>)
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

function(erprm_layer name)
  cmake_parse_arguments(ARG "TENSORS" "" "BELOW;USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${ERPRM_NATIVE}/${name}/*.cc")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_simd|_amx|core/testing)\\.cc$")

  add_library(erprm_${name} OBJECT "${CMAKE_BINARY_DIR}/empty.cc" ${sources})
  erprm_layer_includes(erprm_${name} ${name} ${ARG_BELOW})
  target_link_libraries(erprm_${name} PRIVATE ${ARG_USES})
  set_property(GLOBAL APPEND PROPERTY ERPRM_LAYERS ${name})
  if(ARG_TENSORS)
    erprm_precompile(erprm_${name} erprm_ops)
  endif()

  if(tests)
    add_library(erprm_${name}_test OBJECT ${tests})
    target_include_directories(erprm_${name}_test PRIVATE "${CMAKE_BINARY_DIR}/layers/${name}")
    target_link_libraries(erprm_${name}_test PRIVATE ${ARG_USES} erprm_openmp)
    target_compile_options(erprm_${name}_test PRIVATE -O1) # they take longer to compile than to run
    set_property(GLOBAL APPEND PROPERTY ERPRM_TESTS erprm_${name}_test)
    if(ARG_TENSORS)
      erprm_precompile(erprm_${name}_test erprm_ops_test)
    endif()
  endif()
endfunction()

# Everything below the binding, linked into `target`.
function(erprm_link_layers target)
  get_property(layers GLOBAL PROPERTY ERPRM_LAYERS)
  foreach(layer ${layers})
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:erprm_${layer}>)
  endforeach()
  get_property(objects GLOBAL PROPERTY ERPRM_KERNEL_VARIANTS)
  foreach(variant ${objects})
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${variant}>)
  endforeach()
  get_property(objects GLOBAL PROPERTY ERPRM_KERNEL_OBJECTS)
  target_sources(${target} PRIVATE ${objects})
  target_link_libraries(${target} PRIVATE erprm_torch)
endfunction()

# One program with the tests of all layers: native/*/*_test.cc register themselves (native/core/testing.h).
function(erprm_native_tests)
  get_property(tests GLOBAL PROPERTY ERPRM_TESTS)
  add_executable(erprm_native_test "${ERPRM_NATIVE}/core/testing.cc")
  target_include_directories(erprm_native_test PRIVATE "${CMAKE_BINARY_DIR}/layers/core")
  foreach(test ${tests})
    target_sources(erprm_native_test PRIVATE $<TARGET_OBJECTS:${test}>)
  endforeach()
  erprm_link_layers(erprm_native_test)
endfunction()
