// Decode attention against a plain softmax in doubles, and the row rule.
#include "kernels/cuda_attention.h"

#include <cmath>

#include "core/testing.h"
#include "kernels/decode_case.h"

namespace {

using namespace erprm::cuda;

constexpr Element kElements[] = {Element::kF32, Element::kBF16};

void check(const DecodeCase& burst, int iteration = 0) {
  const auto output = burst.run(iteration);
  const int num_heads = burst.shape().num_heads, head_size = burst.shape().head_size;
  // bfloat16 rounds the weights and the result.
  const double tolerance = burst.shape().element == Element::kF32 ? 2e-6 : 3 * rounding_of(Element::kBF16);
  for (size_t r = 0; r < burst.rows().size(); ++r) {
    for (int h = 0; h < num_heads; ++h) {
      // A few columns of each head, other ones in other heads and rows.
      for (int d = static_cast<int>(r + h) % 5; d < head_size; d += 13) {
        const float actual = output[r * burst.query_width() + h * head_size + d];
        if (burst.rows()[r].end != kRowRuns) {
          CHECK(actual == 0.0f);
          continue;
        }
        const auto expected = burst.expected(static_cast<int>(r), h, d, iteration);
        CHECK_NEAR(actual, expected.value, tolerance * expected.size + 1e-7);
      }
    }
  }
}

}  // namespace

TEST("each row attends to its prefix of a trunk and to its own tokens, at every head size") {
  if (!has_device()) return;
  for (const Element element : kElements) {
    for (const int head_size : {16, 32, 48, 64, 80, 96, 128, 208}) {
      check(DecodeCase({element, 4, 2, head_size}, {70, 5}, {{0, 70, 3}, {1, 5, 1}, {0, 66, 65}}));
    }
  }
}

TEST("rows end at and around the borders of blocks and ranges") {
  if (!has_device()) return;
  for (const Element element : kElements) {
    std::vector<CaseRow> rows;
    for (const int length : {1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 300}) {
      rows.push_back({0, length, 1});
      rows.push_back({1, 2, length});
    }
    check(DecodeCase({element, 2, 2, 16}, {300, 2}, rows));
  }
}

TEST("query heads share key and value heads by any number, also more than a tile holds") {
  if (!has_device()) return;
  for (const Element element : kElements) {
    for (const int share : {1, 3, 4, 8, 20}) {
      std::vector<CaseRow> rows;
      for (int r = 0; r < 7; ++r) rows.push_back({r % 2, 9 + 3 * r, 1 + r});
      check(DecodeCase({element, 2 * share, 2, 32}, {40, 40}, rows));
    }
  }
}

TEST("tiles that one block of threads takes after another do not touch each other's keys and results") {
  if (!has_device()) return;
  for (const Element element : kElements) {
    for (const int head_size : {64, 208}) {
      for (const int window : {0, 60}) {
        std::vector<CaseRow> rows;
        for (int r = 0; r < 23; ++r) rows.push_back({0, 1 + r, 1 + r * 41 % 170});
        check(DecodeCase({element, 2, 2, head_size, window}, {23}, rows));
      }
    }
  }
}

TEST("a window hides what lies before it, in the trunk and in the own part") {
  if (!has_device()) return;
  for (const Element element : kElements) {
    for (const int window : {1, 2, 64, 100, 300}) {
      check(DecodeCase({element, 3, 1, 16, window}, {330},
                       {{0, 330, 1}, {0, 330, 70}, {0, 257, 64}, {0, 3, 2}, {0, 100, 290}, {0, 40, 5}}));
    }
  }
}

TEST("rows that have ended get zeros and the others what they would have got") {
  if (!has_device()) return;
  for (const Element element : kElements) {
    check(DecodeCase({element, 4, 2, 64}, {100},
                     {{0, 100, 5, kRowStop}, {0, 90, 2}, {0, 80, 1, kRowPadding}, {0, 100, 70, kRowLength}}));
  }
}

TEST("one plan serves all iterations of its burst") {
  if (!has_device()) return;
  for (const Element element : kElements) {
    const DecodeCase burst({element, 2, 1, 16, 0, 8}, {30}, {{0, 30, 1}, {0, 20, 60}, {0, 10, 254}});
    for (const int iteration : {0, 2, 3, 4, 5, 7}) check(burst, iteration);
  }
}

TEST("the bits of a row are the same alone and in any company") {
  if (!has_device()) return;
  for (const Element element : kElements) {
    const CaseShape shape{element, 6, 2, 48};
    const std::vector<int> trunks{280, 75};
    std::vector<CaseRow> rows;
    for (int r = 0; r < 30; ++r) rows.push_back({r % 5 == 4 ? 1 : 0, r % 5 == 4 ? 75 : 280 - 9 * r, 1 + 7 * r});
    const auto together = DecodeCase(shape, trunks, rows).run();
    const size_t width = 6 * 48;
    for (const int r : {0, 4, 13, 29}) {
      const auto alone = DecodeCase(shape, trunks, {rows[r]}, {r}).run();
      const auto reversed = DecodeCase(shape, trunks, {rows[7], rows[r]}, {7, r}).run();
      for (size_t i = 0; i < width; ++i) {
        CHECK(alone[i] == together[r * width + i]);
        CHECK(reversed[width + i] == together[r * width + i]);
      }
    }
  }
}

TEST("shapes that the kernels do not take are refused") {
  if (!has_device()) return;
  DecodeRows rows{};
  DecodeAttention args{};
  args.num_heads = args.num_kv_heads = 1;
  args.ld = 64;
  for (const int head_size : {0, 24, 272}) {
    args.head_size = head_size;
    CHECK(decode_attention(args, rows, {}, Element::kBF16, nullptr) != 0);
  }
  args.head_size = 64;
  CHECK(decode_attention(args, rows, {}, Element::kBF16, nullptr) == 0);  // no rows
  args.num_kv_heads = 2;
  args.num_heads = 3;
  CHECK(decode_attention(args, rows, {}, Element::kBF16, nullptr) != 0);
}
