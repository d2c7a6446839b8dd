// The device's sampler against the CPU's on the same logits and draws, and what it does to the rows of a burst.
#include "kernels/cuda_sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/testing.h"
#include "kernels/element_values.h"
#include "kernels/kernel_table.h"

namespace {

using erprm::kernel_table;
using erprm::SampledToken;
using erprm::SamplingOptions;
using namespace erprm::cuda;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The rows of a burst on the device, as the host fills them.
struct Burst {
  explicit Burst(std::vector<DecodeRow> fixed, int capacity = 4, std::vector<int32_t> lengths = {},
                 std::vector<int32_t> row_ends = {})
      : size(fixed.size()),
        rows(fixed),
        tokens(std::vector<int32_t>(size, 5)),
        positions(std::vector<int32_t>(size, 50)),
        own_lengths(lengths.empty() ? std::vector<int32_t>(size, 1) : lengths),
        tokens_left(std::vector<int32_t>(size, 2)),
        ends(row_ends.empty() ? std::vector<int32_t>(size, kRowRuns) : row_ends),
        num_drawn(std::vector<int32_t>(size, 0)),
        drawn_tokens(std::vector<int32_t>(size * capacity, -7)),
        log_probabilities(std::vector<float>(size * capacity, 7.0f)),
        kv_rows(std::vector<void*>(size, nullptr)),
        blocks(std::vector<const void*>{block_at(0), block_at(1), block_at(2)}),
        stop_tokens(std::vector<int32_t>{3, 1, 4}) {
    view = {static_cast<int32_t>(size),
            rows.data(),
            blocks.data(),
            stop_tokens.data(),
            tokens.data(),
            positions.data(),
            own_lengths.data(),
            tokens_left.data(),
            ends.data(),
            kv_rows.data(),
            num_drawn.data(),
            drawn_tokens.data(),
            log_probabilities.data(),
            capacity,
            32};
  }
  // Addresses that nobody follows.
  static const void* block_at(int i) { return reinterpret_cast<const void*>(uintptr_t{0x100000} * (i + 1)); }

  size_t size;
  DeviceArray<DecodeRow> rows;
  DeviceArray<int32_t> tokens, positions, own_lengths, tokens_left, ends, num_drawn, drawn_tokens;
  DeviceArray<float> log_probabilities;
  DeviceArray<void*> kv_rows;
  DeviceArray<const void*> blocks;
  DeviceArray<int32_t> stop_tokens;
  DecodeRows view;
};

DecodeRow row_with(const SamplingOptions& sampling, uint32_t completion = 0) {
  DecodeRow row{};
  row.draw = {11, 22, 3, 4, completion, 0};
  row.sampling = sampling;
  row.trunk_limit = 50;
  return row;
}

SampledToken on_cpu(const std::vector<float>& logits, const SamplingOptions& sampling, uint32_t completion,
                    uint32_t position) {
  std::vector<float> scratch(logits.size() + 16);
  return kernel_table().sample_token(logits.data(), static_cast<int>(logits.size()), sampling,
                                     erprm::uniform({11, 22, 3, 4, completion, position}), scratch.data());
}

// One draw a row from the same logits, each of another completion, against the CPU's.
void check_like_cpu(const std::vector<float>& logits, const SamplingOptions& sampling, int draws) {
  std::vector<DecodeRow> rows;
  for (int r = 0; r < draws; ++r) rows.push_back(row_with(sampling, static_cast<uint32_t>(r)));
  const Burst burst(rows, 1);
  const DeviceArray<float> device_logits(logits);
  const DeviceArray<int32_t> logit_rows(std::vector<int32_t>(draws, 0));
  CHECK_LAUNCHED(sample_rows(device_logits.data(), static_cast<int64_t>(logits.size()), logit_rows.data(),
                             static_cast<int>(logits.size()), burst.view, nullptr));
  const auto tokens = burst.drawn_tokens.read();
  const auto log_probabilities = burst.log_probabilities.read();
  for (int r = 0; r < draws; ++r) {
    const SampledToken expected = on_cpu(logits, sampling, static_cast<uint32_t>(r), 1);
    CHECK(tokens[r] == expected.token);
    CHECK_NEAR(log_probabilities[r], expected.log_probability, 2e-6);
  }
}

const SamplingOptions kPlain{1, 0, 1, 0}, kGreedy{0, 0, 1, 0};

}  // namespace

TEST("the same logits and coordinates give the CPU's tokens, under every truncation") {
  if (!has_device()) return;
  const SamplingOptions cases[] = {kPlain,
                                   kGreedy,
                                   {0.3f, 0, 1, 0},
                                   {1, 1, 1, 0},
                                   {1, 5, 1, 0},
                                   {1, 100000, 1, 0},
                                   {1, 0, 0.9f, 0},
                                   {1, 0, 1e-6f, 0},
                                   {1, 0, 0, 0},
                                   {1, 0, 0.999999f, 0},
                                   {1, 0, 1, 0.05f},
                                   {1, 0, 1, 1},
                                   {1.3f, 50, 0.8f, 0},
                                   {0.7f, 0, 0.95f, 0.01f},
                                   {2, 20, 0.99f, 0.2f}};
  for (const SamplingOptions& sampling : cases) {
    for (const int vocabulary : {1, 2, 7, 511, 512, 513, 1003, 3001}) {
      check_like_cpu(random_values(vocabulary, static_cast<uint32_t>(vocabulary), Element::kF32, 2.5f), sampling, 6);
    }
  }
}

TEST("equal weights are ranked by token, the lower first, as on the CPU") {
  if (!has_device()) return;
  std::vector<float> stairs(1100);
  for (size_t i = 0; i < stairs.size(); ++i) stairs[i] = static_cast<float>(i * 7 % 4) * 0.5f;
  const std::vector<float> flat(1100, -2.0f);
  for (const auto& logits : {stairs, flat}) {
    for (const SamplingOptions& sampling :
         {SamplingOptions{1, 7, 1, 0}, SamplingOptions{1, 600, 1, 0}, SamplingOptions{1, 0, 0.5f, 0},
          SamplingOptions{1, 700, 0.9f, 0}, SamplingOptions{1, 300, 0.999f, 0.5f}, SamplingOptions{1, 0, 1, 1},
          kGreedy}) {
      check_like_cpu(logits, sampling, 12);
    }
  }
}

TEST("top-p next to 1 finds its share of a mass whose small weights all round up") {
  if (!has_device()) return;
  // 2^-24 of the mass may be cut, in units of 2^-44 (sampling_truncation.cuh) 2^20: 3993 weights of 262.51 are less
  // than that, of 263 more.
  std::vector<float> logits(3994, static_cast<float>(std::log(262.51 * 0x1p-44)));
  logits[5] = 0;
  const float below_1 = std::nextafter(1.0f, 0.0f);
  check_like_cpu(logits, {1, 0, below_1, 0}, 2);
  // And where every weight is so small that it is a unit only by rounding.
  logits.assign(1'200'000, static_cast<float>(std::log(0.51 * 0x1p-44)));
  logits[5] = 0;
  check_like_cpu(logits, {1, 0, below_1, 0}, 1);
}

TEST("a vocabulary is drawn from in proportion to its probabilities") {
  if (!has_device()) return;
  const std::vector<float> logits{0, std::log(2.0f), std::log(3.0f), std::log(4.0f)};
  const int draws = 2000;
  std::vector<DecodeRow> rows;
  for (int r = 0; r < draws; ++r) rows.push_back(row_with(kPlain, static_cast<uint32_t>(r)));
  const Burst burst(rows, 1);
  const DeviceArray<float> device_logits(logits);
  const DeviceArray<int32_t> logit_rows(std::vector<int32_t>(draws, 0));
  CHECK_LAUNCHED(sample_rows(device_logits.data(), 4, logit_rows.data(), 4, burst.view, nullptr));
  std::vector<int> counts(4);
  for (const int32_t token : burst.drawn_tokens.read()) ++counts.at(static_cast<size_t>(token));
  for (int token = 0; token < 4; ++token) {
    const double p = (token + 1) / 10.0;
    CHECK_NEAR(counts[token], p * draws, 4 * std::sqrt(p * (1 - p) * draws));
  }
}

TEST("logits that are not finite end the row with token -1") {
  if (!has_device()) return;
  const int vocabulary = 700;
  for (const float bad : {std::nanf(""), kInfinity, -kInfinity}) {
    for (const int at : {0, 512, vocabulary - 1}) {
      auto logits = random_values(2 * vocabulary, 1, Element::kF32);
      logits[vocabulary + at] = bad;
      for (const SamplingOptions& sampling : {kPlain, kGreedy}) {
        const Burst burst({row_with(sampling), row_with(sampling)});
        const DeviceArray<float> device_logits(logits);
        CHECK_LAUNCHED(sample_rows(device_logits.data(), vocabulary, nullptr, vocabulary, burst.view, nullptr));
        CHECK(burst.drawn_tokens.read()[0] >= 0);
        CHECK(burst.drawn_tokens.read()[4] == -1 && burst.log_probabilities.read()[4] == 0.0f);
        CHECK((burst.ends.read() == std::vector<int32_t>{kRowRuns, kRowNotFinite}));
        CHECK((burst.num_drawn.read() == std::vector<int32_t>{1, 1}));
        CHECK(burst.tokens.read()[1] == 5 && burst.own_lengths.read()[1] == 1);
        CHECK(burst.kv_rows.read()[1] == nullptr);
      }
    }
  }
}

TEST("a temperature next to zero draws the largest logit with a finite log-probability") {
  if (!has_device()) return;
  auto logits = random_values(600, 4, Element::kF32);
  logits[321] = 20.0f;
  for (const float temperature : {1e-6f, 1e-30f, 1e-40f, 1e-45f}) check_like_cpu(logits, {temperature, 0, 1, 0}, 2);
}

TEST("a drawn token moves its row on: the next token, position, slot and what is left") {
  if (!has_device()) return;
  // Logits that leave no choice: row r draws token r + 6.
  const int vocabulary = 20;
  std::vector<DecodeRow> rows;
  const std::vector<int32_t> lengths{0, 1, 63, 64, 127};
  std::vector<float> logits(lengths.size() * vocabulary, 0.0f);
  for (size_t r = 0; r < lengths.size(); ++r) {
    logits[r * vocabulary + r + 6] = 100.0f;
    rows.push_back(row_with(kPlain));
    rows.back().own_list = 1;  // blocks 1 and 2
  }
  const Burst burst(rows, 3, lengths);
  const DeviceArray<float> device_logits(logits);
  CHECK_LAUNCHED(sample_rows(device_logits.data(), vocabulary, nullptr, vocabulary, burst.view, nullptr));
  CHECK((burst.tokens.read() == std::vector<int32_t>{6, 7, 8, 9, 10}));
  CHECK((burst.own_lengths.read() == std::vector<int32_t>{1, 2, 64, 65, 128}));
  CHECK((burst.positions.read() == std::vector<int32_t>{50, 51, 113, 114, 177}));
  CHECK((burst.tokens_left.read() == std::vector<int32_t>(5, 1)));
  CHECK((burst.ends.read() == std::vector<int32_t>(5, kRowRuns)));
  const auto kv_rows = burst.kv_rows.read();
  const int places[][2] = {{1, 0}, {1, 1}, {1, 63}, {2, 0}, {2, 63}};
  for (size_t r = 0; r < lengths.size(); ++r) {
    CHECK(kv_rows[r] == static_cast<const char*>(Burst::block_at(places[r][0])) + places[r][1] * 32);
  }
}

TEST("rows end with a stop token or without tokens left, and wait when the burst is full") {
  if (!has_device()) return;
  const int vocabulary = 10;
  std::vector<float> logits(4 * vocabulary, 0.0f);
  const int wanted[] = {4, 7, 3, 8};
  std::vector<DecodeRow> rows;
  for (int r = 0; r < 4; ++r) {
    logits[r * vocabulary + wanted[r]] = 100.0f;
    rows.push_back(row_with(kPlain));
    rows.back().stop_list = 1;  // tokens 1 and 4, not 3
    rows.back().num_stops = 2;
  }
  const Burst burst(rows, 3, {1, 1, 1, 1}, {kRowRuns, kRowRuns, kRowRuns, kRowPadding});
  const DeviceArray<float> device_logits(logits);
  const auto draw = [&] {
    CHECK_LAUNCHED(sample_rows(device_logits.data(), vocabulary, nullptr, vocabulary, burst.view, nullptr));
  };
  draw();
  CHECK((burst.ends.read() == std::vector<int32_t>{kRowStop, kRowRuns, kRowRuns, kRowPadding}));
  CHECK(burst.kv_rows.read()[0] == nullptr && burst.kv_rows.read()[1] != nullptr);
  draw();
  CHECK((burst.ends.read() == std::vector<int32_t>{kRowStop, kRowLength, kRowLength, kRowPadding}));
  draw();
  CHECK((burst.num_drawn.read() == std::vector<int32_t>{1, 2, 2, 0}));
  CHECK((burst.drawn_tokens.read() == std::vector<int32_t>{4, -7, -7, 7, 7, -7, 3, 3, -7, -7, -7, -7}));
  CHECK(burst.tokens.read()[3] == 5 && burst.own_lengths.read()[3] == 1 && burst.positions.read()[3] == 50);

  const Burst full({rows[1]}, 1);
  CHECK_LAUNCHED(sample_rows(device_logits.data() + vocabulary, vocabulary, nullptr, vocabulary, full.view, nullptr));
  CHECK_LAUNCHED(sample_rows(device_logits.data() + vocabulary, vocabulary, nullptr, vocabulary, full.view, nullptr));
  CHECK(full.num_drawn.read()[0] == 1 && full.own_lengths.read()[0] == 2 && full.ends.read()[0] == kRowRuns);
  CHECK(full.kv_rows.read()[0] == nullptr);
}

TEST("a vocabulary of no tokens, or logits narrower than it, are refused") {
  const DecodeRows none{};
  CHECK(sample_rows(nullptr, 10, nullptr, 0, none, nullptr) != 0);
  CHECK(sample_rows(nullptr, 10, nullptr, 11, none, nullptr) != 0);
}
