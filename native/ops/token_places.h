// token_places: where in a batch each of its different tokens stands, so that an embedding's gradient is added up token
// by token (kernels/cuda_training.h, training_embed_backward).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace erprm {

struct TokenPlaces {
  at::Tensor places;  // i32 [T]: indices of the tokens, those of one token side by side and ascending
  at::Tensor starts;  // i32 [different + 1]: where in `places` those of each different token begin
};

// The same on the host: `places` and `starts`.
struct HostTokenPlaces {
  std::vector<int32_t> places, starts;
};

HostTokenPlaces find_token_places(std::span<const int32_t> tokens);
TokenPlaces place_tokens(std::span<const int32_t> tokens, at::Device device);

}  // namespace erprm
