// The small kernels of the forward pass against the equations in doubles, in both element types, at odd sizes.
#include "kernels/cuda_transformer.h"

#include <algorithm>
#include <cmath>

#include "core/testing.h"
#include "kernels/element_values.h"
#include "kernels/kernel_table.h"

namespace {

using erprm::kKvTokens;
using namespace erprm::cuda;

constexpr Element kElements[] = {Element::kF32, Element::kBF16};

void check_all_near(const std::vector<float>& actual, const std::vector<double>& expected, double relative,
                    double absolute) {
  CHECK(actual.size() == expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    CHECK_NEAR(actual[i], expected[i], relative * std::abs(expected[i]) + absolute);
  }
}

double rms_factor(const float* x, int width, double epsilon) {
  double squares = 0;
  for (int i = 0; i < width; ++i) squares += double(x[i]) * x[i];
  return 1.0 / std::sqrt(squares / width + epsilon);
}

}  // namespace

TEST("an embedded row is the table's row, with the angles of its position") {
  if (!has_device()) return;
  for (const Element element : kElements) {
    for (const int width : {1, 24, 40, 1000}) {
      const int vocabulary = 7, rows = 5, head_size = 48, half = head_size / 2;
      const auto table = random_values(static_cast<size_t>(vocabulary) * width, 1, element);
      std::vector<float> frequencies(half);
      for (int i = 0; i < half; ++i) frequencies[i] = std::pow(10000.0f, -float(i) / half);
      const std::vector<int32_t> tokens{6, 0, 3, 3, 1}, positions{0, 1, 77, 4095, 131071};
      const auto device_table = device_elements(table, element);
      const DeviceArray<int32_t> device_tokens(tokens), device_positions(positions);
      const DeviceArray<float> device_frequencies(frequencies), residual(static_cast<size_t>(rows) * width);
      const DeviceArray<float> cosines(static_cast<size_t>(rows) * half), sines(static_cast<size_t>(rows) * half);
      CHECK_LAUNCHED(
          embed_rows({device_tokens.data(), device_positions.data(), device_table.data(), device_frequencies.data(),
                      0.5f, residual.data(), cosines.data(), sines.data(), rows, width, head_size},
                     element, nullptr));
      const auto x = residual.read(), c = cosines.read(), s = sines.read();
      for (int r = 0; r < rows; ++r) {
        for (int i = 0; i < width; ++i) CHECK(x[r * width + i] == table[tokens[r] * width + i]);
        for (int i = 0; i < half; ++i) {
          const double angle = static_cast<float>(positions[r]) * frequencies[i];
          CHECK_NEAR(c[r * half + i], 0.5 * std::cos(angle), 1e-7);
          CHECK_NEAR(s[r * half + i], 0.5 * std::sin(angle), 1e-7);
        }
      }
    }
  }
}

TEST("the residual gains the delta and the norm is that of the sum, at every width") {
  if (!has_device()) return;
  for (const Element element : kElements) {
    for (const int width : {1, 17, 64, 96, 576, 1001, 2056, 20000}) {
      for (const bool adds : {true, false}) {
        const int rows = 3;
        const size_t size = static_cast<size_t>(rows) * width;
        const auto before = random_values(size, 2, Element::kF32), delta = random_values(size, 3, element);
        const auto weight = random_values(width, 4, Element::kF32);
        const DeviceArray<float> residual(before), device_weight(weight);
        const auto device_delta = device_elements(delta, element);
        DeviceArray<unsigned char> out(size * element_bytes(element));
        CHECK_LAUNCHED(add_rms_norm({residual.data(), adds ? device_delta.data() : nullptr, device_weight.data(), 1e-5f,
                                     out.data(), rows, width},
                                    element, nullptr));
        const auto sum = residual.read();
        std::vector<double> expected(size);
        for (int r = 0; r < rows; ++r) {
          const double factor = rms_factor(&sum[r * width], width, 1e-5);
          for (int i = 0; i < width; ++i) {
            CHECK(sum[r * width + i] == before[r * width + i] + (adds ? delta[r * width + i] : 0.0f));
            expected[r * width + i] = sum[r * width + i] * factor * weight[i];
          }
        }
        check_all_near(element_values(out, element), expected, 1e-6 + rounding_of(element), 1e-30);
      }
    }
  }
}

TEST("the norm may be left out, and may be written over the delta") {
  if (!has_device()) return;
  const std::vector<float> before{1, 2, 3, 4, 5}, delta{5, 4, 3, 2, 1}, ones(5, 1.0f);
  const DeviceArray<float> residual(before), weight(ones), device_delta(delta);
  CHECK_LAUNCHED(
      add_rms_norm({residual.data(), device_delta.data(), nullptr, 0, nullptr, 1, 5}, Element::kF32, nullptr));
  CHECK((residual.read() == std::vector<float>(5, 6.0f)));
  CHECK_LAUNCHED(add_rms_norm({residual.data(), device_delta.data(), weight.data(), 0, device_delta.data(), 1, 5},
                              Element::kF32, nullptr));
  const double norm = std::sqrt((121.0 + 100 + 81 + 64 + 49) / 5);
  check_all_near(device_delta.read(), {11 / norm, 10 / norm, 9 / norm, 8 / norm, 7 / norm}, 1e-6, 0);
}

TEST("heads are normed, rotated and scaled, and keys and values stored where the rows say, in their layer") {
  if (!has_device()) return;
  for (const Element element : kElements) {
    for (const bool norms : {true, false}) {
      for (const int head_size : {16, 64, 80, 128, 256}) {
        const int rows = 4, num_heads = 6, num_kv_heads = 2, half = head_size / 2, num_blocks = 3, num_layers = 2;
        const int ld = (num_heads + 2 * num_kv_heads) * head_size + 8;
        const auto x = random_values(static_cast<size_t>(rows) * ld, 5, element);
        const auto query_norm = random_values(head_size, 6, Element::kF32);
        const auto key_norm = random_values(head_size, 7, Element::kF32);
        const auto cosines = random_values(static_cast<size_t>(rows) * half, 8, Element::kF32);
        const auto sines = random_values(static_cast<size_t>(rows) * half, 9, Element::kF32);
        const auto qkv = device_elements(x, element);
        const DeviceArray<float> device_query_norm(query_norm), device_key_norm(key_norm);
        const DeviceArray<float> device_cosines(cosines), device_sines(sines);
        const int64_t block_size = int64_t{2} * num_kv_heads * kKvTokens * head_size;
        const auto pool = device_elements(std::vector<float>(num_layers * num_blocks * block_size, 7.0f), element);
        const int64_t bytes = static_cast<int64_t>(element_bytes(element));
        // Rows 0 and 2 are stored, in blocks 2 and 0, in slots 63 and 5.
        std::vector<void*> kv_rows{pool.data() + (2 * block_size + 63 * head_size) * bytes, nullptr,
                                   pool.data() + 5 * head_size * bytes, nullptr};
        const DeviceArray<void*> device_kv_rows(kv_rows);
        CHECK_LAUNCHED(prepare_heads(
            {qkv.data(), ld, norms ? device_query_norm.data() : nullptr, norms ? device_key_norm.data() : nullptr,
             1e-6f, device_cosines.data(), device_sines.data(), 0.25f, device_kv_rows.data(),
             num_blocks * block_size * bytes, rows, num_heads, num_kv_heads, head_size},
            element, nullptr));
        const auto y = element_values(qkv, element);
        std::vector<float> stored(num_layers * num_blocks * block_size, 7.0f);
        for (int r = 0; r < rows; ++r) {
          for (int h = 0; h < num_heads + num_kv_heads; ++h) {
            const bool is_key = h >= num_heads;
            const float* head = &x[r * ld + h * head_size];
            const double factor = norms ? rms_factor(head, head_size, 1e-6) : 1.0, scale = is_key ? 1.0 : 0.25;
            for (int i = 0; i < half; ++i) {
              const auto normed = [&](int d) {
                const float weight = (is_key ? key_norm : query_norm)[d];
                return head[d] * factor * (norms ? weight : 1.0);
              };
              const double c = cosines[r * half + i], s = sines[r * half + i], a = normed(i), b = normed(half + i);
              const double size = (std::abs(a) + std::abs(b)) * (std::abs(c) + std::abs(s)) * scale;
              const double tolerance = size * (1e-6 + rounding_of(element));
              CHECK_NEAR(y[r * ld + h * head_size + i], (a * c - b * s) * scale, tolerance);
              CHECK_NEAR(y[r * ld + h * head_size + half + i], (b * c + a * s) * scale, tolerance);
            }
          }
          for (int d = (num_heads + num_kv_heads) * head_size; d < ld; ++d) CHECK(y[r * ld + d] == x[r * ld + d]);
          if (kv_rows[r] == nullptr) continue;
          const int64_t start = num_blocks * block_size + (r == 0 ? 2 * block_size + 63 * head_size : 5 * head_size);
          for (int g = 0; g < num_kv_heads; ++g) {
            for (int d = 0; d < head_size; ++d) {
              const int64_t key = start + g * kKvTokens * head_size + d;
              stored[key] = y[r * ld + (num_heads + g) * head_size + d];
              stored[key + num_kv_heads * kKvTokens * head_size] =
                  y[r * ld + (num_heads + num_kv_heads + g) * head_size + d];
            }
          }
        }
        CHECK(element_values(pool, element) == stored);
      }
    }
  }
}

TEST("heads of sizes that the kernels do not take are refused") {
  if (!has_device()) return;
  PrepareHeads args{};
  args.num_rows = args.num_heads = args.num_kv_heads = 1;
  for (const int head_size : {0, 8, 24, 272}) {
    args.head_size = head_size;
    args.ld = 3 * head_size;
    CHECK(prepare_heads(args, Element::kF32, nullptr) != 0);
  }
}

TEST("swiglu is gate times sigmoid times up, for gates of any size") {
  if (!has_device()) return;
  for (const Element element : kElements) {
    for (const int width : {1, 24, 37, 512}) {
      const int rows = 3;
      auto gate_up = random_values(static_cast<size_t>(rows) * 2 * width, 10, element, 3.0f);
      gate_up[0] = -200.0f;
      gate_up[2 * width] = 200.0f;
      const auto device_gate_up = device_elements(gate_up, element);
      DeviceArray<unsigned char> out(static_cast<size_t>(rows) * width * element_bytes(element));
      CHECK_LAUNCHED(swiglu({device_gate_up.data(), out.data(), rows, width}, element, nullptr));
      std::vector<double> expected;
      for (int r = 0; r < rows; ++r) {
        for (int i = 0; i < width; ++i) {
          const double gate = gate_up[r * 2 * width + i];
          expected.push_back(gate / (1 + std::exp(-gate)) * gate_up[r * 2 * width + width + i]);
        }
      }
      check_all_near(element_values(out, element), expected, 1e-6 + rounding_of(element), 1e-30);
    }
  }
}
