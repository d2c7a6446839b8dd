// Sums of gradients over ranks, against the sum that one thread makes in the order of the micro-batches.
#include "train/gradient_sum.h"

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "core/testing.h"
#include "distributed/test_groups.h"

namespace erprm {
namespace {

constexpr std::chrono::milliseconds kPatience{20'000};
// Odd sizes, one larger than what is under way at once.
const std::vector<std::vector<int64_t>> kShapes = {{17, 3}, {1}, {1'300'003}, {5, 81}};

std::vector<ParameterPointer> parameters() {
  std::vector<ParameterPointer> all;
  for (const auto& shape : kShapes) {
    all.push_back(c10::make_intrusive<Parameter>("p", at::zeros(shape)));
    all.back()->train();
  }
  return all;
}

// The gradients of micro-batch `index`: of very different sizes, so that the order of a sum shows.
std::vector<at::Tensor> gradients_of(int index) {
  std::vector<at::Tensor> all;
  for (const auto& shape : kShapes) {
    at::Tensor gradient = at::zeros(shape);
    float* numbers = gradient.data_ptr<float>();
    for (int64_t i = 0; i < gradient.numel(); ++i) {
      const auto draw = static_cast<uint32_t>(i * 2654435761u + static_cast<uint32_t>(index) * 40503u);
      numbers[i] = (static_cast<float>(draw % 2000) - 1000) * (index % 3 == 0 ? 1e-3f : 37.7f);
    }
    all.push_back(gradient);
  }
  return all;
}

TEST("the sum over ranks has the bits of the sum in the order of the micro-batches, for every number of ranks") {
  constexpr int kBatches = 5;
  std::vector<at::Tensor> expected;
  for (const auto& shape : kShapes) expected.push_back(at::zeros(shape));
  for (int b = 0; b < kBatches; ++b) {
    const std::vector<at::Tensor> gradients = gradients_of(b);
    for (size_t i = 0; i < gradients.size(); ++i) expected[i].add_(gradients[i]);
  }
  for (const int size : {2, 3, 7}) {
    const auto groups = connected_groups(size, kPatience);
    std::vector<std::vector<ParameterPointer>> all;
    for (int rank = 0; rank < size; ++rank) all.push_back(parameters());
    const auto messages = on_ranks(size, [&](int rank) {
      GradientSum sum(all[rank]);
      for (int update = 0; update < 2; ++update) {
        for (int first = 0; first < kBatches; first += size) {
          const int count = std::min(size, kBatches - first);
          if (rank < count) {
            const std::vector<at::Tensor> gradients = gradients_of(first + rank);
            for (size_t i = 0; i < gradients.size(); ++i) all[rank][i]->gradient.add_(gradients[i]);
          }
          sum.add_round(*groups[rank], count);
        }
        sum.finish(*groups[rank]);
        for (size_t i = 0; i < expected.size(); ++i) {
          CHECK(all[rank][i]->gradient.equal(expected[i]));
          all[rank][i]->gradient.zero_();
        }
      }
    });
    for (const std::string& message : messages) CHECK(message == "");
  }
}

TEST("weights and moments of all ranks become those of the first") {
  const auto groups = connected_groups(3, kPatience);
  std::vector<std::vector<ParameterPointer>> all;
  for (int rank = 0; rank < 3; ++rank) {
    all.push_back(parameters());
    for (const ParameterPointer& parameter : all.back()) {
      parameter->value.fill_(1.0f + static_cast<float>(rank));
      parameter->first_moment.fill_(2.0f - static_cast<float>(rank));
      parameter->second_moment.fill_(3.0f * static_cast<float>(rank));
    }
  }
  const auto messages = on_ranks(3, [&](int rank) { copy_from_first(*groups[rank], all[rank]); });
  for (const std::string& message : messages) CHECK(message == "");
  for (const auto& parameters : all) {
    for (const ParameterPointer& parameter : parameters) {
      CHECK(parameter->value.equal(at::zeros_like(parameter->value).fill_(1.0f)));
      CHECK(parameter->first_moment.equal(at::zeros_like(parameter->value).fill_(2.0f)));
      CHECK(parameter->second_moment.equal(at::zeros_like(parameter->value)));
    }
  }
}

TEST("a rank that is lost in the middle of a sum is named by the others") {
  const auto groups = connected_groups(2, kPatience);
  const auto messages = on_ranks(2, [&](int rank) {
    const std::vector<ParameterPointer> trained = parameters();
    GradientSum sum(trained);
    if (rank == 1) {
      // Takes part in the beginning of the round, then its process ends.
      groups[1]->begin("add gradients", 2);
      return groups[1]->close();
    }
    sum.add_round(*groups[0], 2);
  });
  CHECK(messages[0].find("ERPRM_IO Expected rank 1 (here) to stay") == 0);
}

}  // namespace
}  // namespace erprm
