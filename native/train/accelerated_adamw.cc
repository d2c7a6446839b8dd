#include "train/accelerated_adamw.h"

#include <ATen/ops/empty.h>

#include <cmath>
#include <cstring>
#include <span>

#include "core/error.h"
#include "kernels/cuda_adamw.h"
#include "ops/accelerator.h"
#include "ops/upload.h"

namespace erprm {
namespace {

constexpr size_t kTensorWords = sizeof(cuda::AdamWTensor) / sizeof(int32_t);
static_assert(sizeof(cuda::AdamWTensor) % sizeof(int32_t) == 0 && sizeof(cuda::AdamWPiece) == 2 * sizeof(int32_t));

float* pointer(const at::Tensor& x) { return x.data_ptr<float>(); }

cuda::AdamWTensor entry_of(const Parameter& parameter) {
  const at::Tensor& factor = parameter.factor();
  void* copy = factor.scalar_type() == at::kBFloat16 ? factor.mutable_data_ptr() : nullptr;
  const cuda::AdamWTensor entry{pointer(parameter.value),
                                pointer(parameter.gradient),
                                pointer(parameter.first_moment),
                                pointer(parameter.second_moment),
                                copy,
                                parameter.value.numel(),
                                parameter.decays() ? 1.0f : 0.0f};
  for (const void* at : {static_cast<void*>(entry.value), static_cast<void*>(entry.gradient),
                         static_cast<void*>(entry.first_moment), static_cast<void*>(entry.second_moment), copy}) {
    require(reinterpret_cast<uintptr_t>(at) % 16 == 0, ErrorCode::INTERNAL, "Expected the tensors of ", parameter.name,
            " to be aligned to 16 bytes");
  }
  return entry;
}

const cuda::AdamWTensor* tensors_at(const at::Tensor& words) {
  return reinterpret_cast<const cuda::AdamWTensor*>(words.data_ptr<int32_t>());
}

const cuda::AdamWPiece* pieces_at(const at::Tensor& words) {
  return reinterpret_cast<const cuda::AdamWPiece*>(words.data_ptr<int32_t>());
}

}  // namespace

AcceleratedAdamW::AcceleratedAdamW(const std::vector<ParameterPointer>& trained) : trained_(trained) {
  if (trained_.empty()) return;
  std::vector<int32_t> tensors(trained_.size() * kTensorWords), pieces;
  for (size_t i = 0; i < trained_.size(); ++i) {
    const cuda::AdamWTensor entry = entry_of(*trained_[i]);
    std::memcpy(tensors.data() + i * kTensorWords, &entry, sizeof(entry));
    const int64_t count = (entry.count + cuda::kAdamWPiece - 1) / cuda::kAdamWPiece;
    for (int64_t piece = 0; piece < count; ++piece) {
      pieces.push_back(static_cast<int32_t>(i));
      pieces.push_back(static_cast<int32_t>(piece));
    }
  }
  const at::Device device = trained_[0]->value.device();
  num_pieces_ = static_cast<int64_t>(pieces.size() / 2);
  tensors_ = upload(tensors, device);
  pieces_ = upload(pieces, device);
  partials_ = at::empty({num_pieces_}, at::TensorOptions(at::kDouble).device(device));
  norm_ = at::empty({1}, partials_.options());
}

double AcceleratedAdamW::norm() {
  if (trained_.empty()) return 0;
  check_launch(cuda::gradient_norm(tensors_at(tensors_), pieces_at(pieces_), num_pieces_, partials_.data_ptr<double>(),
                                   norm_.data_ptr<double>(), current_stream()),
               "gradient_norm", {&partials_});
  return norm_.item<double>();
}

void AcceleratedAdamW::apply(const UpdateOptions& options, double scale) {
  if (trained_.empty()) return;
  const auto index = static_cast<double>(options.update_index);
  cuda::AdamWNumbers numbers{};
  numbers.scale = static_cast<float>(scale);
  numbers.beta1 = static_cast<float>(options.beta1);
  numbers.beta2 = static_cast<float>(options.beta2);
  numbers.first_share = static_cast<float>(1 - options.beta1);
  numbers.second_share = static_cast<float>(1 - options.beta2);
  numbers.epsilon = static_cast<float>(options.epsilon);
  numbers.corrected_rate = static_cast<float>(options.learning_rate / (1 - std::pow(options.beta1, index)));
  numbers.second_root = static_cast<float>(std::sqrt(1 - std::pow(options.beta2, index)));
  numbers.learning_rate_decay = static_cast<float>(options.learning_rate * options.weight_decay);
  check_launch(cuda::adamw(tensors_at(tensors_), pieces_at(pieces_), num_pieces_, numbers, current_stream()), "adamw",
               {&partials_});
}

}  // namespace erprm
