#include "train/placed_batch.h"

#include "core/testing.h"

namespace erprm {
namespace {

template <typename T>
bool holds(const at::Tensor& x, const std::vector<T>& numbers) {
  return x.dim() == 1 && x.is_contiguous() && x.numel() == static_cast<int64_t>(numbers.size()) &&
         std::equal(numbers.begin(), numbers.end(), x.data_ptr<T>());
}

using Integers = std::vector<int32_t>;
using Numbers = std::vector<float>;

TEST("a batch arrives as it was, cut into the arrays it came from, with the places of its tokens") {
  const TrainingBatch batch{{7, 3, 7, 9, 3, 7}, {0, 4, 4, 6}, {1, 5}, {3, 9}, {}, {0.5f, -2.0f}};
  const PlacedBatch placed(batch, at::kCPU, true);
  CHECK(holds(placed.offsets.device, batch.offsets) && placed.offsets.host == batch.offsets);
  CHECK(placed.offsets.longest == 4);
  CHECK(holds(placed.positions, batch.positions));
  CHECK(holds(placed.own_positions, Integers{0, 1, 2, 3, 0, 1}));
  CHECK(holds(placed.values, batch.values));
  CHECK(holds(placed.value_places.places, Integers{1, 4, 0, 2, 5, 3}));
  CHECK(holds(placed.value_places.starts, Integers{0, 2, 5, 6}));
  CHECK(holds(placed.tokens, batch.tokens));
  CHECK(holds(placed.labels, Numbers{}));
  CHECK(holds(placed.weights, batch.weights));
  const PlacedBatch plain(batch, at::kCPU, false);
  CHECK(holds(plain.own_positions, Integers{0, 1, 2, 3, 0, 1}) && !plain.values.defined());
}

}  // namespace
}  // namespace erprm
