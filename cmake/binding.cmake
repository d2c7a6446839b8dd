# The addon itself: the only target that sees Node's headers.

file(GLOB _binding CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/native/binding/*.cc")
add_library(erprm SHARED "${CMAKE_BINARY_DIR}/empty.cc" ${_binding})
set_target_properties(erprm PROPERTIES PREFIX "" SUFFIX ".node")
erprm_layer_includes(erprm binding core kernels ops model engine distributed train)
target_include_directories(erprm SYSTEM PRIVATE ${CMAKE_JS_INC})
target_compile_definitions(erprm PRIVATE
  NAPI_VERSION=8
  # Any C++ exception that leaves a callback becomes a JavaScript error; without _ALL a std::exception aborts Node.
  NODE_ADDON_API_CPP_EXCEPTIONS
  NODE_ADDON_API_CPP_EXCEPTIONS_ALL
  # worker.terminate() during a call makes throwing impossible; without this Node aborts.
  NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
  # Finalizers run during garbage collection and may not call JavaScript; let the compiler check it.
  NODE_ADDON_API_REQUIRE_BASIC_FINALIZERS
  NODE_ADDON_API_DISABLE_DEPRECATED)
erprm_link_layers(erprm)
