// The accelerator's kernels of training against the CPU's kernels in f32 and against plain expressions in
// bf16; on sizes that can be read in packs and sizes that cannot; and the same bits twice.
#include "ops/accelerated_training.h"

#include <ATen/Context.h>

#include "ops/accelerator_cases.h"
#include "ops/training_cases.h"
#include "ops/training_ops.h"
#include "ops/training_reference.h"

namespace {

using namespace erprm::testing;
namespace reference = erprm::reference;

struct Shape {
  int64_t rows, width;
};
// A row of up to 512 numbers is a warp's, a wider one a block's; 1100 rows of the first kind and 515 of the second are
// more than the blocks of a backward pass. Rows wider than 12032 have a backward pass of plain expressions.
const Shape kShapes[] = {{0, 8},     {1, 1},    {3, 17},    {65, 64},   {9, 512},  {5, 513},
                         {33, 1032}, {1100, 8}, {515, 520}, {2, 12032}, {2, 12040}};

// Half a unit of bf16 at the largest number, with room for a neighbour's.
constexpr double kRounding = 5e-3;

double tolerance(at::ScalarType type, double exact) { return type == at::kFloat ? exact : kRounding; }

at::Tensor random(at::IntArrayRef sizes, at::ScalarType type) { return at::randn(sizes).to(type); }
at::Tensor stale(at::IntArrayRef sizes, at::ScalarType type) { return erprm::testing::stale(sizes).to(type); }

at::Tensor here(const at::Tensor& x) { return x; }

// What body(place) gives on the accelerator, twice with the same bits; `place` brings a tensor there.
template <typename Body>
std::vector<at::Tensor> accelerated_by(const Body& body) {
  const OnAccelerator device;
  const auto place = [&](const at::Tensor& x) { return device.there(x); };
  std::vector<at::Tensor> first = body(place);
  CHECK(same(first, body(place)));
  for (at::Tensor& x : first) x = x.to(at::kCPU);
  return first;
}

void check_near(const std::vector<at::Tensor>& actual, const std::vector<at::Tensor>& expected, double within) {
  CHECK(actual.size() == expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    CHECK_NEAR(distance(actual[i].to(at::kFloat), expected[i].to(at::kFloat)), 0, within);
  }
}

const at::ScalarType kTypes[] = {at::kFloat, at::kBFloat16};

}  // namespace

TEST("on the accelerator RMS norm and its gradients are the CPU's") {
  if (!has_accelerator()) return;
  at::manual_seed(41);
  for (const at::ScalarType type : kTypes) {
    for (const auto& [rows, width] : kShapes) {
      const at::Tensor x = random({rows, width}, type), dy = random({rows, width}, type);
      const at::Tensor weight = at::randn({width}), before = at::randn({width});
      const auto both = [&](const auto& place) {
        const at::Tensor y = place(stale({rows, width}, type)), factor = place(stale({rows}, at::kFloat));
        const at::Tensor dx = place(stale({rows, width}, type)), dweight = place(before.clone());
        erprm::rms_norm_forward(place(x), place(weight), 0.5, y, factor);
        erprm::rms_norm_backward(place(dy), place(x), place(weight), factor, dx, dweight);
        return std::vector<at::Tensor>{y, factor, dx, dweight};
      };
      const std::vector<at::Tensor> actual = accelerated_by(both), expected = both(here);
      check_near({actual[0], actual[2]}, {expected[0], expected[2]}, tolerance(type, 3e-6));
      check_near({actual[1], actual[3]}, {expected[1], expected[3]}, 1e-5);
      const auto without_weight = [&](const auto& place) {
        const at::Tensor dx = place(stale({rows, width}, type));
        erprm::rms_norm_backward(place(dy), place(x), place(weight), place(actual[1]), dx, at::Tensor());
        return std::vector<at::Tensor>{dx};
      };
      CHECK(accelerated_by(without_weight)[0].equal(actual[2]));
    }
  }
}

TEST("on the accelerator SwiGLU and its gradients are the CPU's, at gates where exponentials overflow too") {
  if (!has_accelerator()) return;
  at::manual_seed(42);
  for (const at::ScalarType type : kTypes) {
    for (const auto& [rows, width] : kShapes) {
      const at::Tensor gate = random({rows, width}, type) * 30, up = random({rows, width}, type);
      const at::Tensor dy = random({rows, width}, type);
      if (rows > 1) gate.select(0, 0).fill_(-200), gate.select(0, 1).fill_(200);
      const auto both = [&](const auto& place) {
        const at::Tensor y = place(stale({rows, width}, type)), dgate = place(stale({rows, width}, type));
        const at::Tensor dup = place(stale({rows, width}, type));
        erprm::swiglu_forward(place(gate), place(up), y);
        erprm::swiglu_backward(place(dy), place(gate), place(up), dgate, dup);
        return std::vector<at::Tensor>{y, dgate, dup};
      };
      check_near(accelerated_by(both), both(here), tolerance(type, 2e-6));
    }
  }
}

TEST("on the accelerator heads turn as on the CPU, and back, of any even size") {
  if (!has_accelerator()) return;
  at::manual_seed(43);
  for (const at::ScalarType type : kTypes) {
    for (const int64_t half : {3, 8, 24}) {
      const int64_t rows = 37, heads = 3;
      const at::Tensor x = random({rows, heads * 2 * half}, type), angles = at::randn({rows, half}) * 50;
      const at::Tensor cosines = angles.cos(), sines = angles.sin(), expected = x.clone();
      reference::rotate_heads(expected, cosines, sines, false);
      const std::vector<at::Tensor> turned = accelerated_by([&](const auto& place) {
        const at::Tensor there = place(x).clone();
        erprm::rotate_heads(there, place(cosines), place(sines), false);
        const at::Tensor back = there.clone();
        erprm::rotate_heads(back, place(cosines), place(sines), true);
        return std::vector<at::Tensor>{there, back};
      });
      check_near({turned[0]}, {expected}, tolerance(type, 1e-6));
      check_near({turned[1]}, {x}, 2 * tolerance(type, 1e-6));
    }
  }
}

TEST("on the accelerator an embedding's gradient adds a token's places in their order, as the CPU does") {
  if (!has_accelerator()) return;
  at::manual_seed(44);
  for (const auto& [rows, width] : kShapes) {
    const at::Tensor weight = at::randn({7, width}), dx = at::randn({rows, width});
    const std::vector<int32_t> tokens = random_tokens(rows, 7, 5);
    const auto both = [&](const auto& place) {
      const at::Tensor x = place(stale({rows, width}, at::kFloat)), dweight = place(weight.clone());
      erprm::embedding_forward(tokens, place(weight), x);
      erprm::embedding_backward(place(dx), tokens, dweight);
      return std::vector<at::Tensor>{x, dweight};
    };
    CHECK(same(accelerated_by(both), both(here)));
    const std::vector<at::Tensor> rounded = accelerated_by([&](const auto& place) {
      const at::Tensor x = place(stale({rows, width}, at::kBFloat16)), dweight = place(weight.clone());
      erprm::embedding_forward(tokens, place(weight), x);
      erprm::embedding_backward(place(dx.to(at::kBFloat16)), tokens, dweight);
      return std::vector<at::Tensor>{x, dweight};
    });
    const at::Tensor expected = weight.clone();
    for (int64_t t = 0; t < rows; ++t) {
      CHECK(rounded[0][t].equal(weight[tokens[t]].to(at::kBFloat16)));
      expected[tokens[t]] += dx[t].to(at::kBFloat16).to(at::kFloat);
    }
    CHECK(rounded[1].equal(expected));
  }
}
