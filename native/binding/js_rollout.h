// Rollout requests out of JavaScript values, results into them.
#pragma once

#include <memory>
#include <string_view>

#include "binding/napi_setup.h"
#include "engine/request.h"

namespace erprm {

// JS thread. Everything is copied. Throws INVALID_ARGUMENT naming the field.
std::shared_ptr<RolloutRequest> read_rollout_request(Napi::Value value, int vocabulary_size);

// Throws INVALID_ARGUMENT for a number that is no temperature: from 0 to 1e6, as f32.
float checked_temperature(std::string_view name, double number);

// JS thread.
Napi::Value rollout_result(Napi::Env env, const RolloutResult& result);

// JS thread.
Napi::Value fresh_tokens(Napi::Env env, const FreshTokens& fresh);

// JS thread: the elements, copied into a typed array.
template <typename Array, typename T>
Array to_typed_array(Napi::Env env, const std::vector<T>& values) {
  Array array = Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

}  // namespace erprm
