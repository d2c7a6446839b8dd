// The element type of a model on the accelerator: of its weights, activations, keys and values. Sums, norms, softmax,
// logits and the residual stream are f32 in both.
#pragma once

#include <cstddef>

namespace erprm::cuda {

enum class Element : int {
  kF32 = 0,   // exact: what tests compare with the CPU
  kBF16 = 1,  // products on tensor cores
};

inline constexpr std::size_t element_bytes(Element element) { return element == Element::kF32 ? 4 : 2; }

}  // namespace erprm::cuda
