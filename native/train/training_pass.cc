#include "train/training_pass.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

namespace erprm {
TrainingPass::TrainingPass(const TrainingNetwork& network, const PlacedBatch& batch, Mode mode)
    : network_(network), batch_(batch), sequences_(network.pack(batch)), mode_(mode) {
  const c10::AutoGradMode graph(mode == Mode::kPlain);
  at::Tensor x = network.embed(batch);
  if (mode == Mode::kPlain) {
    // A leaf that wants a gradient even where the embedding is frozen: adapters behind it are trained.
    x.requires_grad_();
    leaf_ = x;
  }
  for (int l = 0; l < network.num_layers(); ++l) {
    if (mode == Mode::kCheckpointed) inputs_.push_back(x);
    x = network.layer(l, x, sequences_, batch_.positions);
  }
  result_ = x;
  hidden_ = result_.detach();
}

// The gradient of `leaf`, given that of `result`, which was computed from it. Frees the graph between them.
at::Tensor TrainingPass::backward_through(at::Tensor leaf, at::Tensor result, const at::Tensor& gradient) const {
  torch::autograd::backward({result}, {gradient});
  const at::Tensor leaf_gradient = leaf.grad();
  leaf.mutable_grad() = at::Tensor();
  return leaf_gradient;
}

void TrainingPass::backward(const at::Tensor& hidden_gradient) {
  at::Tensor gradient = hidden_gradient;
  if (mode_ == Mode::kPlain) {
    gradient = backward_through(std::exchange(leaf_, at::Tensor()), std::exchange(result_, at::Tensor()), gradient);
  } else {
    const c10::AutoGradMode graph(true);
    for (int l = network_.num_layers() - 1; l >= 0; --l) {
      at::Tensor input = inputs_.back().detach().requires_grad_();
      inputs_.pop_back();
      gradient = backward_through(input, network_.layer(l, input, sequences_, batch_.positions), gradient);
    }
  }
  network_.embed_backward(gradient, batch_);
}

}  // namespace erprm
