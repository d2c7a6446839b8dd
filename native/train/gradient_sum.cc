#include "train/gradient_sum.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "core/parallel.h"

namespace erprm {
namespace {

// Numbers of an owner's part that are under way at once: the memory of a sum is this, times the ranks.
constexpr int64_t kChunk = 1 << 20;
constexpr int64_t kGrain = 1 << 14;

void expect_cpu(const std::vector<ParameterPointer>& trained) {
  for (const ParameterPointer& parameter : trained) {
    if (parameter->gradient.is_cpu()) continue;
    throw Error(ErrorCode::DEVICE_UNAVAILABLE,
                "Expected a training of several ranks to be on the CPU: sums over CUDA devices are not there yet",
                {{"wanted", "cuda"}});
  }
}

void add_to(float* sums, const float* numbers, int64_t count) {
  parallel_for(0, count, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) sums[i] += numbers[i];
  });
}

}  // namespace

GradientSum::GradientSum(std::vector<ParameterPointer> trained) : trained_(std::move(trained)) {
  expect_cpu(trained_);
  for (const ParameterPointer& parameter : trained_) total_ += parameter->gradient.numel();
}

GradientSum::Part GradientSum::part_of(int rank, int size) const {
  return {total_ * rank / size, total_ * (rank + 1) / size};
}

// Where the gradients' numbers [begin, end) lie.
template <typename Byte>
std::vector<std::span<Byte>> GradientSum::spans(int64_t begin, int64_t end) const {
  std::vector<std::span<Byte>> found;
  int64_t at = 0;
  for (const ParameterPointer& parameter : trained_) {
    const int64_t count = parameter->gradient.numel();
    const int64_t low = std::max(begin, at) - at, high = std::min(end, at + count) - at;
    if (low < high) {
      found.emplace_back(reinterpret_cast<Byte*>(parameter->gradient.data_ptr<float>() + low),
                         static_cast<size_t>(high - low) * sizeof(float));
    }
    at += count;
  }
  return found;
}

void GradientSum::add_round(RankGroup& group, int count) {
  const int rank = group.rank(), size = group.size();
  require(count >= 1 && count <= size, ErrorCode::INVALID_ARGUMENT, "Expected a round of 1 to ", size,
          " micro-batches, received ", count);
  group.begin("add gradients", static_cast<uint64_t>(count));
  const Part own = part_of(rank, size);
  sums_.resize(static_cast<size_t>(own.end - own.begin), 0.0f);
  std::vector<std::vector<float>> arrived(count);
  const int64_t longest = (total_ + size - 1) / size;
  for (int64_t from = 0; from < longest; from += kChunk) {
    const auto chunk_of = [&](int owner) -> Part {
      const Part part = part_of(owner, size);
      return {std::min(part.begin + from, part.end), std::min(part.begin + from + kChunk, part.end)};
    };
    const Part mine = chunk_of(rank);
    const int64_t length = mine.end - mine.begin;
    std::vector<RankGroup::Traffic> traffic(size);
    for (int other = 0; other < size; ++other) {
      if (other == rank) continue;
      const Part theirs = chunk_of(other);
      if (rank < count) traffic[other].outgoing = spans<const char>(theirs.begin, theirs.end);
      if (other >= count) continue;
      arrived[other].resize(static_cast<size_t>(length));
      traffic[other].incoming = {
          {reinterpret_cast<char*>(arrived[other].data()), static_cast<size_t>(length) * sizeof(float)}};
    }
    group.move(std::move(traffic));
    if (length == 0) continue;
    for (int other = 0; other < count; ++other) {
      float* sums = sums_.data() + from;
      if (other != rank) {
        add_to(sums, arrived[other].data(), length);
        continue;
      }
      for (const std::span<const char> numbers : spans<const char>(mine.begin, mine.end)) {
        const auto some = static_cast<int64_t>(numbers.size() / sizeof(float));
        add_to(sums, reinterpret_cast<const float*>(numbers.data()), some);
        sums += some;
      }
    }
  }
  for (const ParameterPointer& parameter : trained_) parameter->gradient.zero_();
}

void GradientSum::finish(RankGroup& group) {
  const int rank = group.rank(), size = group.size();
  group.begin("share sums", static_cast<uint64_t>(total_));
  const Part own = part_of(rank, size);
  require(static_cast<int64_t>(sums_.size()) == own.end - own.begin, ErrorCode::INVALID_ARGUMENT,
          "Expected a round before the sums are shared");
  const std::span<const char> sums{reinterpret_cast<const char*>(sums_.data()), sums_.size() * sizeof(float)};
  std::vector<RankGroup::Traffic> traffic(size);
  for (int other = 0; other < size; ++other) {
    if (other == rank) continue;
    const Part theirs = part_of(other, size);
    traffic[other] = {{sums}, spans<char>(theirs.begin, theirs.end)};
  }
  group.move(std::move(traffic));
  const char* from = sums.data();
  for (const std::span<char> numbers : spans<char>(own.begin, own.end)) {
    std::memcpy(numbers.data(), from, numbers.size());
    from += numbers.size();
  }
  sums_.clear();
}

void copy_from_first(RankGroup& group, const std::vector<ParameterPointer>& trained) {
  expect_cpu(trained);
  std::vector<std::span<char>> all;
  uint64_t size = 0;
  for (const ParameterPointer& parameter : trained) {
    for (const at::Tensor& tensor : {parameter->value, parameter->first_moment, parameter->second_moment}) {
      all.emplace_back(static_cast<char*>(tensor.data_ptr()), tensor.nbytes());
      size += tensor.nbytes();
    }
  }
  group.begin("copy weights", size);
  std::vector<RankGroup::Traffic> traffic(group.size());
  if (group.rank() != 0) {
    traffic[0].incoming = std::move(all);
  } else {
    for (RankGroup::Traffic& theirs : traffic) theirs.outgoing.assign(all.begin(), all.end());
  }
  group.move(std::move(traffic));
  for (const ParameterPointer& parameter : trained) parameter->renew_factor();
}

}  // namespace erprm
