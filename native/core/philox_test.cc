#include "core/philox.h"

#include "core/testing.h"

using erprm::philox4x32;
using erprm::uniform;

// Known answers of the Random123 distribution for philox4x32-10.
TEST("philox gives the published answers") {
  using Words = std::array<uint32_t, 4>;
  CHECK((philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  CHECK((philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
         Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  CHECK((philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
         Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST("every coordinate of a draw changes the draw") {
  const erprm::DrawCoordinates base{1, 2, 3, 4, 5, 6};
  for (int field = 0; field < 6; ++field) {
    erprm::DrawCoordinates other = base;
    (field == 0 ? other.seed : other.problem_key) += field < 2 ? 1 : 0;
    if (field == 2) ++other.solution;
    if (field == 3) ++other.step;
    if (field == 4) ++other.completion;
    if (field == 5) ++other.position;
    CHECK(uniform(base) != uniform(other));
  }
}

TEST("draws are uniform: mean, variance and ten equal bins") {
  const int draws = 100000;
  double sum = 0, squares = 0;
  std::array<int, 10> bins{};
  for (int i = 0; i < draws; ++i) {
    const double u = uniform({7, 8, 0, 0, static_cast<uint32_t>(i / 100), static_cast<uint32_t>(i % 100)});
    CHECK(u >= 0 && u < 1);
    sum += u;
    squares += u * u;
    ++bins[static_cast<int>(u * 10)];
  }
  CHECK_NEAR(sum / draws, 0.5, 5 * std::sqrt(1.0 / 12 / draws));
  CHECK_NEAR(squares / draws, 1.0 / 3, 5 * 0.3 / std::sqrt(draws));
  double chi_square = 0;
  for (int count : bins) chi_square += (count - draws / 10.0) * (count - draws / 10.0) / (draws / 10.0);
  CHECK(chi_square < 33.7);  // 9 degrees of freedom, p = 1e-4
}
