// The vocabulary loss against torch's log-softmax and its derivatives, in one chunk and in several.
#include <ATen/Context.h>
#include <ATen/ops/log_softmax.h>

#include "ops/accelerator_cases.h"
#include "ops/training_cases.h"
#include "ops/training_ops.h"
#include "ops/training_reference.h"

namespace {

using namespace erprm::testing;

// The last two take more than one chunk.
const LossShape kShapes[] = {{0, 8, 5}, {1, 16, 1}, {5, 17, 300}, {33, 64, 515}, {1100, 16, 40}, {230, 3, 90001}};

}  // namespace

TEST("the next-token loss and its gradients agree with torch's derivatives, whatever the chunks and the threads") {
  at::manual_seed(21);
  for (const auto& [positions, width, vocabulary] : kShapes) {
    const at::Tensor hidden = at::randn({positions, width}), weight = at::randn({vocabulary, width});
    const at::Tensor before = at::randn({vocabulary, width}) * 0.01;
    const std::vector<int32_t> tokens = random_tokens(positions, vocabulary, 6);
    const std::vector<float> weights = random_weights(positions);
    const auto loss = [&](auto&& function) {
      const at::Tensor losses = stale({positions}), dhidden = stale({positions, width}), dweight = before.clone();
      function(hidden, weight, tokens, weights, losses, dhidden, dweight);
      return std::vector<at::Tensor>{losses, dhidden, dweight};
    };
    const auto [alone, shared] = alone_and_shared([&] { return loss(erprm::next_token_loss); });
    CHECK(same(alone, shared));
    const std::vector<at::Tensor> expected = loss(erprm::reference::next_token_loss);
    for (size_t i = 0; i < expected.size(); ++i) CHECK_NEAR(distance(alone[i], expected[i]), 0, 1e-5);

    const at::Tensor leaf = hidden.clone().requires_grad_(), rows = weight.clone().requires_grad_();
    const at::Tensor logs = at::log_softmax(leaf.mm(rows.t()), -1);
    // As one product: the weight of every position at its token, zero elsewhere.
    const at::Tensor chosen = at::zeros({positions, vocabulary});
    for (int64_t p = 0; p < positions; ++p) chosen.data_ptr<float>()[p * vocabulary + tokens[p]] = weights[p];
    const at::Tensor total = -(logs * chosen).sum();
    if (positions > 0) {
      total.backward();
      CHECK_NEAR(distance(alone[1], leaf.grad()), 0, 1e-5);
      CHECK_NEAR(distance(alone[2], before + rows.grad()), 0, 1e-5);
    }
    // Without gradients, and with that of the hidden states alone.
    const at::Tensor losses = stale({positions}), dhidden = stale({positions, width});
    erprm::next_token_loss(hidden, weight, tokens, {}, losses, at::Tensor(), at::Tensor());
    CHECK(losses.equal(alone[0]));
    erprm::next_token_loss(hidden, weight, tokens, weights, losses, dhidden, at::Tensor());
    CHECK(dhidden.equal(alone[1]));
  }
}

TEST("the next-token loss survives logits in the thousands and says NaN for NaN, also on the accelerator") {
  const auto check = [](const auto& there) {
    const at::Tensor hidden = there(at::full({2, 1}, 1000.0f)), weight = there(at::zeros({3, 1}));
    const at::Tensor losses = there(stale({2}));
    weight[0] = 1, weight[1] = 2;
    const std::vector<int32_t> tokens = {1, 0};
    erprm::next_token_loss(hidden, weight, tokens, {}, losses, at::Tensor(), at::Tensor());
    CHECK_NEAR(losses[0].template item<float>(), 0, 0);
    CHECK_NEAR(losses[1].template item<float>(), 1000, 1e-3);
    hidden[1] = NAN;
    erprm::next_token_loss(hidden, weight, tokens, {}, losses, at::Tensor(), at::Tensor());
    CHECK_NEAR(losses[0].template item<float>(), 0, 0);
    CHECK(std::isnan(losses[1].template item<float>()));
  };
  check([](const at::Tensor& x) { return x; });
  if (!has_accelerator()) return;
  const OnAccelerator device;
  check([&](const at::Tensor& x) { return device.there(x); });
}

TEST("a token outside the vocabulary and a missing weight are refused") {
  const at::Tensor hidden = at::zeros({2, 4}), weight = at::zeros({3, 4}), losses = at::zeros({2});
  const std::vector<int32_t> tokens = {0, 3}, good = {0, 2};
  const auto call = [&](const std::vector<int32_t>& of, const std::vector<float>& weights, const at::Tensor& dhidden) {
    erprm::next_token_loss(hidden, weight, of, weights, losses, dhidden, at::Tensor());
  };
  CHECK_THROWS(call(tokens, {}, at::Tensor()), "tokens[1]");
  CHECK_THROWS(call(good, {1.0f}, at::zeros({2, 4})), "2 positions");
}
