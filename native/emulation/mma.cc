#include "emulation/mma.h"

#include <bit>

namespace erprm::emulation {
namespace {

struct Part {
  float* d;
  const uint32_t* a;
  const uint32_t* b;
};

float low(uint32_t pair) { return std::bit_cast<float>(pair << 16); }
float high(uint32_t pair) { return std::bit_cast<float>(pair & 0xFFFF0000u); }

// A lane is 4 * group + member. It holds, of a: rows `group` (registers 0 and 2) and group + 8 (1 and 3), columns
// 2 member and 2 member + 1 (0 and 1), and those plus 8 (2 and 3); of b: column `group`, rows 2 member, 2 member + 1
// (0), and those plus 8 (1); of d: rows `group` (0 and 1) and group + 8 (2 and 3), columns 2 member and 2 member + 1.
void multiply(void* const parts[kLanes]) {
  float a[16][16], b[16][8];
  for (int lane = 0; lane < kLanes; ++lane) {
    const Part& part = *static_cast<const Part*>(parts[lane]);
    const int group = lane / 4, member = lane % 4;
    for (int i = 0; i < 4; ++i) {
      const int row = group + i % 2 * 8, column = 2 * member + i / 2 * 8;
      a[row][column] = low(part.a[i]);
      a[row][column + 1] = high(part.a[i]);
    }
    for (int i = 0; i < 2; ++i) {
      b[2 * member + i * 8][group] = low(part.b[i]);
      b[2 * member + i * 8 + 1][group] = high(part.b[i]);
    }
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    const Part& part = *static_cast<const Part*>(parts[lane]);
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
      float sum = 0;
      for (int k = 0; k < 16; ++k) sum += a[row][k] * b[k][column];
      part.d[i] += sum;
    }
  }
}

}  // namespace

void multiply_fragments(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], const Place& place) {
  Part mine{d, a, b};
  warp_operation(0xFFFFFFFFu, &mine, multiply, place);
}

}  // namespace erprm::emulation
