// js_error: the only place where a native exception becomes a JavaScript one.
//
// The result is a plain Error with `code` ("ERPRM_...") and `details`; src/native/ makes an ErprmError of it.
//   erprm::Error            its own code and details
//   torch out of memory     ERPRM_OUT_OF_MEMORY, details.requestedBytes where the message tells it
//   c10::AcceleratorError   ERPRM_DEVICE_FAULT
//   c10::Error              ERPRM_INTERNAL; the first line is the message, details.native holds all of it
//   std::bad_alloc          ERPRM_OUT_OF_MEMORY
//   anything else           ERPRM_INTERNAL
#pragma once

#include <exception>

#include "binding/napi_setup.h"

namespace erprm {

// JS thread. `error` must not be null.
Napi::Value js_error(Napi::Env env, std::exception_ptr error);

// Runs the body of a synchronous callback: what it throws is thrown to JavaScript with its code and details.
template <typename Body>
auto guard(Napi::Env env, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw Napi::Error(env, js_error(env, std::current_exception()));
  }
}

// Runs the body of a callback that returns a promise: what it throws is the promise's rejection.
template <typename Body>
Napi::Value guard_promise(Napi::Env env, Body body) {
  Napi::Value reason;
  try {
    return body();
  } catch (const Napi::Error& error) {
    reason = error.Value();
  } catch (...) {
    reason = js_error(env, std::current_exception());
  }
  const Napi::Promise::Deferred deferred = Napi::Promise::Deferred::New(env);
  deferred.Reject(reason);
  return deferred.Promise();
}

}  // namespace erprm
