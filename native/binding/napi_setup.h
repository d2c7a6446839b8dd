// napi_setup: the only file that includes Node's C++ API. CMake sets the definitions for the whole binding; a file
// compiled without them would behave differently without a word, so their absence is an error here.
#pragma once

#if !defined(NODE_ADDON_API_CPP_EXCEPTIONS_ALL)
#error "NODE_ADDON_API_CPP_EXCEPTIONS_ALL is needed: a std::exception that leaves a callback would abort the process"
#endif
#if !defined(NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS)
#error "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS is needed: worker.terminate() during a call would abort the process"
#endif
#if !defined(NODE_ADDON_API_REQUIRE_BASIC_FINALIZERS)
#error "NODE_ADDON_API_REQUIRE_BASIC_FINALIZERS is needed: finalizers run during garbage collection"
#endif

#include <napi.h>
