// The losses on the accelerator's kernels: over the vocabulary against the CPU's, of one logit against plain
// expressions in double.
#include <ATen/Context.h>
#include <ATen/ops/log_sigmoid.h>

#include "ops/accelerated_training.h"
#include "ops/accelerator_cases.h"
#include "ops/training_cases.h"
#include "ops/training_ops.h"
#include "ops/training_reference.h"
#include "ops/upload.h"

namespace {

using namespace erprm::testing;
namespace accelerated = erprm::accelerated;

const LossShape kShapes[] = {{0, 8, 5}, {1, 16, 1}, {5, 17, 300}, {33, 64, 515}, {13, 24, 4096}, {3, 8, 9000}};

}  // namespace

TEST("on the accelerator the next-token loss and its gradients are the CPU's, in one chunk of logits and in several") {
  if (!has_accelerator()) return;
  at::manual_seed(51);
  for (const auto& [positions, width, vocabulary] : kShapes) {
    const at::Tensor hidden = at::randn({positions, width}), weight = at::randn({vocabulary, width});
    const at::Tensor before = at::randn({vocabulary, width}) * 0.01;
    const std::vector<int32_t> tokens = random_tokens(positions, vocabulary, 6);
    const std::vector<float> weights = random_weights(positions);
    const at::Tensor expected = stale({positions}), dhidden = stale({positions, width}), dweight = before.clone();
    erprm::next_token_loss(hidden, weight, tokens, weights, expected, dhidden, dweight);

    const OnAccelerator device;
    const at::Tensor placed = erprm::upload(tokens, device.choice.device);
    const at::Tensor factors = erprm::upload(weights, device.choice.device);
    const at::Tensor states = device.there(hidden), matrix = device.there(weight);
    for (const int64_t chunk : {accelerated::kChunkLogits, int64_t{2} * vocabulary, int64_t{1}}) {
      const at::Tensor losses = device.there(stale({positions})), to_weight = device.there(before.clone());
      const at::Tensor to_hidden = device.there(stale({positions, width}));
      accelerated::next_token_loss(states, matrix, placed, factors, losses, to_hidden, to_weight, chunk);
      CHECK_NEAR(distance(losses.to(at::kCPU), expected), 0, 1e-5);
      CHECK_NEAR(distance(to_hidden.to(at::kCPU), dhidden), 0, 1e-5);
      CHECK_NEAR(distance(to_weight.to(at::kCPU), dweight), 0, 1e-5);
    }
    const at::Tensor losses = device.there(stale({positions}));
    accelerated::next_token_loss(states, matrix, placed, at::Tensor(), losses, at::Tensor(), at::Tensor());
    CHECK_NEAR(distance(losses.to(at::kCPU), expected), 0, 1e-5);
  }
}

TEST("in bf16 the loss is that of the rounded logits, its gradients within the rounding of the logits' gradient") {
  if (!has_accelerator()) return;
  at::manual_seed(52);
  for (const auto& [positions, width, vocabulary] : kShapes) {
    const at::Tensor hidden = at::randn({positions, width}).to(at::kBFloat16);
    const at::Tensor weight = at::randn({vocabulary, width}).to(at::kBFloat16);
    const std::vector<int32_t> tokens = random_tokens(positions, vocabulary, 6);
    const std::vector<float> weights = random_weights(positions);
    const auto loss = [&](const auto& place) {
      const at::Tensor losses = place(stale({positions})), dweight = place(at::zeros({vocabulary, width}));
      const at::Tensor dhidden = place(stale({positions, width}).to(at::kBFloat16));
      erprm::next_token_loss(place(hidden), place(weight), tokens, weights, losses, dhidden, dweight);
      return std::vector<at::Tensor>{losses.to(at::kCPU), dhidden.to(at::kCPU, at::kFloat), dweight.to(at::kCPU)};
    };
    const std::vector<at::Tensor> expected = loss([](const at::Tensor& x) { return x; });
    const OnAccelerator device;
    const std::vector<at::Tensor> actual = loss([&](const at::Tensor& x) { return device.there(x); });
    CHECK_NEAR(distance(actual[0], expected[0]), 0, 1e-5);
    CHECK_NEAR(distance(actual[1], expected[1]), 0, 1e-2);
    CHECK_NEAR(distance(actual[2], expected[2]), 0, 1e-2);
  }
}

TEST("losses of one logit and all their gradients are those of the formulas") {
  if (!has_accelerator()) return;
  at::manual_seed(53);
  for (const auto& [positions, width] : {std::pair{0, 8}, {1, 3}, {9, 64}, {70, 515}, {20, 264}}) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      for (const bool squared : {false, true}) {
        const at::Tensor hidden = at::randn({positions, width}).to(type), bias = at::randn({1});
        const at::Tensor positive = at::randn({width}), negative = squared ? at::Tensor() : at::randn({width});
        const at::Tensor labels = at::randn({positions}).abs().clamp(0, 1), weights = at::randn({positions});
        at::Tensor losses = stale({positions}), scores = stale({positions});
        at::Tensor dhidden = stale({positions, width}).to(type), dpositive = at::randn({width});
        at::Tensor dnegative = squared ? at::Tensor() : at::randn({width}), dbias = at::randn({1});

        const at::Tensor h = hidden.to(at::kDouble).requires_grad_(), v = labels.to(at::kDouble);
        const at::Tensor up = positive.to(at::kDouble).requires_grad_(), b = bias.to(at::kDouble).requires_grad_();
        const at::Tensor down = squared ? at::Tensor() : negative.to(at::kDouble).requires_grad_();
        const at::Tensor d = h.mv(squared ? up : up - down) + b, p = d.sigmoid();
        const at::Tensor each = squared ? (p - v).square() : -(v * at::log_sigmoid(d) + (1 - v) * at::log_sigmoid(-d));
        (each * weights.to(at::kDouble)).sum().backward();
        const at::Tensor expected_positive = dpositive + up.grad(), expected_bias = dbias + b.grad();
        const at::Tensor expected_negative = squared ? at::Tensor() : dnegative + down.grad();

        const OnAccelerator device;
        for (at::Tensor* x : {&losses, &scores, &dhidden, &dpositive, &dnegative, &dbias}) *x = device.there(*x);
        const at::Tensor states = device.there(hidden);
        const at::Tensor slopes =
            accelerated::logit_loss(states, {device.there(positive), device.there(negative), device.there(bias)},
                                    device.there(labels), device.there(weights), squared, losses, scores, dhidden);
        accelerated::logit_gradient(states, slopes, {dpositive, dnegative, dbias});
        for (at::Tensor* x : {&losses, &scores, &dhidden, &dpositive, &dnegative, &dbias}) {
          if (x->defined()) *x = x->to(at::kCPU);
        }
        CHECK_NEAR(distance(losses, each.detach()), 0, 3e-6);
        CHECK_NEAR(distance(scores, p.detach()), 0, 3e-6);
        CHECK_NEAR(distance(dhidden.to(at::kDouble), h.grad()), 0, type == at::kFloat ? 3e-6 : 5e-3);
        CHECK_NEAR(distance(dpositive, expected_positive), 0, 1e-5);
        CHECK_NEAR(distance(dbias, expected_bias), 0, 1e-5);
        if (!squared) CHECK_NEAR(distance(dnegative, expected_negative), 0, 1e-5);
      }
    }
  }
}

TEST("a tensor of another type or size is refused by name") {
  if (!has_accelerator()) return;
  const OnAccelerator device;
  const at::Tensor x = device.there(at::zeros({2, 8})), weight = device.there(at::zeros({8}));
  CHECK_THROWS(accelerated::rms_norm_forward(x, device.there(at::zeros({4})), 1e-5, x.clone(), at::zeros({2})),
               "Expected weight of rms_norm to be Float [8] on the accelerator");
  CHECK_THROWS(accelerated::rms_norm_forward(x, weight.to(at::kBFloat16), 1e-5, x.clone(), at::zeros({2})),
               "received BFloat16 with 8 numbers");
  CHECK_THROWS(accelerated::swiglu_forward(x, x.t(), x.clone()), "with gaps");
}
