#include "binding/js_rollout.h"

#include "binding/args.h"
#include "core/error.h"

namespace erprm {
namespace {

void require_length(const char* name, size_t length, size_t expected) {
  require(length == expected, ErrorCode::INVALID_ARGUMENT, "Expected request.", name, " to have ", expected,
          " entries (one a prefix), received ", length);
}

void require_tokens(const char* name, const std::vector<int32_t>& tokens, int vocabulary_size) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    require(tokens[i] >= 0 && tokens[i] < vocabulary_size, ErrorCode::INVALID_ARGUMENT, "Expected request.", name, "[",
            i, "] to be a token from 0 to ", vocabulary_size - 1, ", received ", tokens[i]);
  }
}

float read_share(const Fields& fields, const char* key, double low) {
  const double value = fields.finite(key);
  require(value >= low && value <= 1, ErrorCode::INVALID_ARGUMENT, "Expected request.", key, " to be from ", low,
          " to 1, received ", value);
  return static_cast<float>(value);
}

}  // namespace

float checked_temperature(std::string_view name, double number) {
  constexpr double kMost = 1e6;  // beyond, f32 cannot tell the logits apart, and at infinity they are NaN
  require(number >= 0 && number <= kMost, ErrorCode::INVALID_ARGUMENT, "Expected ", name, " to be from 0 to ", kMost,
          ", received ", number);
  return static_cast<float>(number);
}

std::shared_ptr<RolloutRequest> read_rollout_request(Napi::Value value, int vocabulary_size) {
  const Fields fields("request", value);
  auto request = std::make_shared<RolloutRequest>();
  request->trunk = fields.copy<int32_t>("trunk");
  require(!request->trunk.empty(), ErrorCode::INVALID_ARGUMENT, "Expected request.trunk to have tokens, received none");
  require_tokens("trunk", request->trunk, vocabulary_size);
  // Copies: reading the next field may run a getter that gives the array before it away.
  const auto lengths = fields.copy<int32_t>("prefixLengths"), counts = fields.copy<int32_t>("numCompletions");
  const auto solutions = fields.copy<int32_t>("solutionIndices"), steps = fields.copy<int32_t>("stepIndices");
  const auto firsts = fields.copy<int32_t>("firstCompletions");
  require(!lengths.empty(), ErrorCode::INVALID_ARGUMENT,
          "Expected request.prefixLengths to have entries, received none");
  require_length("numCompletions", counts.size(), lengths.size());
  require_length("solutionIndices", solutions.size(), lengths.size());
  require_length("stepIndices", steps.size(), lengths.size());
  require_length("firstCompletions", firsts.size(), lengths.size());
  for (size_t g = 0; g < lengths.size(); ++g) {
    request->groups.push_back({lengths[g], counts[g], static_cast<uint32_t>(solutions[g]),
                               static_cast<uint32_t>(steps[g]), static_cast<uint32_t>(firsts[g])});
  }
  request->seed = fields.uint64("seed");
  request->problem_key = fields.uint64("problemKey");
  request->sampling.temperature = checked_temperature("request.temperature", fields.finite("temperature"));
  request->sampling.top_k = static_cast<int32_t>(fields.integer("topK", 0, INT32_MAX));
  request->sampling.top_p = read_share(fields, "topP", 0);
  request->sampling.min_p = read_share(fields, "minP", 0);
  request->max_tokens = static_cast<int32_t>(fields.integer("maxTokens", 1, INT32_MAX));
  request->stop_tokens = fields.copy<int32_t>("stopTokens");
  const auto bytes = fields.copy<uint8_t>("stopBytes");
  const auto offsets = fields.copy<int32_t>("stopBytesOffsets");
  const int64_t num_stops = check_offsets("request.stopBytesOffsets", offsets, static_cast<int64_t>(bytes.size()));
  for (int64_t s = 0; s < num_stops; ++s) {
    require(offsets[s + 1] > offsets[s], ErrorCode::INVALID_ARGUMENT,
            "Expected every stop string to have bytes, received an empty one at ", s);
    request->stop_strings.emplace_back(bytes.begin() + offsets[s], bytes.begin() + offsets[s + 1]);
  }
  if (!fields.field("numAlternatives").IsUndefined()) {
    request->num_alternatives = static_cast<int32_t>(fields.integer("numAlternatives", 0, vocabulary_size));
  }
  return request;
}

Napi::Value rollout_result(Napi::Env env, const RolloutResult& result) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("values", to_typed_array<Napi::Int32Array>(env, result.tokens.values));
  object.Set("offsets", to_typed_array<Napi::Int32Array>(env, result.tokens.offsets));
  object.Set("logProbabilities", to_typed_array<Napi::Float32Array>(env, result.log_probabilities));
  object.Set("finishReasons", to_typed_array<Napi::Uint8Array>(env, result.finish_reasons));
  return object;
}

Napi::Value fresh_tokens(Napi::Env env, const FreshTokens& fresh) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("rows", to_typed_array<Napi::Int32Array>(env, fresh.rows));
  object.Set("tokens", to_typed_array<Napi::Int32Array>(env, fresh.tokens));
  object.Set("logProbabilities", to_typed_array<Napi::Float32Array>(env, fresh.log_probabilities));
  object.Set("alternatives", to_typed_array<Napi::Int32Array>(env, fresh.alternatives));
  object.Set("alternativeLogProbabilities",
             to_typed_array<Napi::Float32Array>(env, fresh.alternative_log_probabilities));
  object.Set("endings", to_typed_array<Napi::Uint8Array>(env, fresh.endings));
  return object;
}

}  // namespace erprm
