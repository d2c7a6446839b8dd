#include "train/placed_batch.h"

#include <algorithm>
#include <bit>
#include <span>

#include "ops/upload.h"

namespace erprm {
namespace {

// Arrays laid end to end, copied at once, and cut apart where they arrive.
class Parcel {
 public:
  void add(std::span<const int32_t> numbers) {
    begins_.push_back(static_cast<int64_t>(words_.size()));
    sizes_.push_back(static_cast<int64_t>(numbers.size()));
    words_.insert(words_.end(), numbers.begin(), numbers.end());
    // Every array begins where 16 bytes can be read at once.
    words_.resize((words_.size() + 3) / 4 * 4);
  }
  void add(const std::vector<float>& numbers) {
    std::vector<int32_t> words(numbers.size());
    std::transform(numbers.begin(), numbers.end(), words.begin(), [](float x) { return std::bit_cast<int32_t>(x); });
    add(words);
  }

  void send(at::Device device) { arrived_ = upload(words_, device); }
  // In the order in which they were added.
  at::Tensor next() {
    const size_t i = taken_++;
    return arrived_.narrow(0, begins_[i], sizes_[i]);
  }

 private:
  std::vector<int32_t> words_;
  std::vector<int64_t> begins_, sizes_;
  at::Tensor arrived_;
  size_t taken_ = 0;
};

}  // namespace

PlacedBatch::PlacedBatch(const TrainingBatch& batch, at::Device device, bool on_accelerator)
    : host(batch), accelerated(on_accelerator) {
  std::vector<int32_t> places(batch.values.size());
  offsets.host = batch.offsets;
  offsets.longest = 0;
  for (size_t s = 0; s + 1 < batch.offsets.size(); ++s) {
    const int32_t begin = batch.offsets[s], end = batch.offsets[s + 1];
    for (int32_t t = begin; t < end; ++t) places[t] = t - begin;
    offsets.longest = std::max(offsets.longest, end - begin);
  }
  Parcel parcel;
  parcel.add(batch.offsets);
  parcel.add(batch.positions);
  parcel.add(places);
  if (accelerated) {
    const HostTokenPlaces found = find_token_places(batch.values);
    parcel.add(batch.values);
    parcel.add(found.places);
    parcel.add(found.starts);
    parcel.add(batch.tokens);
    parcel.add(batch.labels);
    parcel.add(batch.weights);
  }
  parcel.send(device);
  offsets.device = parcel.next();
  positions = parcel.next();
  own_positions = parcel.next();
  if (!accelerated) return;
  values = parcel.next();
  value_places.places = parcel.next();
  value_places.starts = parcel.next();
  tokens = parcel.next();
  labels = parcel.next().view(at::kFloat);
  weights = parcel.next().view(at::kFloat);
}

}  // namespace erprm
