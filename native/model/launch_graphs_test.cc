// Graphs of launches: captured and replayed on a card; under emulation the launches simply run.
#include "model/launch_graphs.h"

#include <ATen/ops/zeros.h>

#include <cstdlib>

#include "core/testing.h"
#include "model/accelerator_stream.h"
#include "ops/accelerator_cases.h"

namespace {

using namespace erprm;

// A number on the device, and launches that add to it.
struct Counter {
  const AcceleratorStream stream{testing::accelerator_choice()};
  const AcceleratorStream::Use use{stream};
  const at::Tensor number = at::zeros({1}, at::TensorOptions(stream.device()).dtype(at::kFloat));

  std::function<void()> adds(float amount) const {
    return [this, amount] { number.add_(amount); };
  }
  float read() const { return number.cpu().item<float>(); }
};

}  // namespace

TEST("graphs that were forgotten are captured again, and every run counts as often as it was asked for") {
  if (!testing::has_accelerator()) return;
  const Counter counter;
  LaunchGraphs graphs;
  const int64_t captured = ERPRM_CUDA == 1 ? 2 : 0;
  for (int round = 1; round <= 3; ++round) {
    graphs.run(1, 1, counter.adds(1));
    CHECK(graphs.num_graphs() == 0);
    graphs.run(1, 3, counter.adds(1));
    graphs.run(2, 2, counter.adds(100));
    graphs.run(1, 2, counter.adds(1));
    graphs.run(2, 0, counter.adds(100));
    CHECK(graphs.num_graphs() == captured);
    CHECK(counter.read() == static_cast<float>(206 * round));
    graphs.clear();
    CHECK(graphs.num_graphs() == 0);
  }
}

TEST("with ERPRM_NO_GRAPHS=1 launches run as they are") {
  if (!testing::has_accelerator()) return;
  const Counter counter;
  setenv("ERPRM_NO_GRAPHS", "1", 1);
  LaunchGraphs graphs;
  unsetenv("ERPRM_NO_GRAPHS");
  for (int i = 0; i < 3; ++i) graphs.run(1, 2, counter.adds(1));
  CHECK(graphs.num_graphs() == 0 && counter.read() == 6);
}

TEST("launches that throw are the first ones again") {
  if (!testing::has_accelerator()) return;
  const Counter counter;
  LaunchGraphs graphs;
  CHECK_THROWS(graphs.run(1, 2, [] { throw Error(ErrorCode::INTERNAL, "refused"); }), "refused");
  graphs.run(1, 1, counter.adds(1));
  CHECK(graphs.num_graphs() == 0 && counter.read() == 1);
  graphs.run(1, 2, counter.adds(1));
  CHECK(counter.read() == 3);
}
