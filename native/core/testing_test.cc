#include "core/testing.h"

#include <limits>

namespace {

using erprm::testing::Failure;

template <typename Body>
bool fails(Body body) {
  try {
    body();
  } catch (const Failure&) {
    return true;
  }
  return false;
}

}  // namespace

TEST("a false condition fails its test") {
  if (!fails([] { CHECK(1 + 1 == 3); })) throw std::runtime_error("CHECK(false) passed");
  CHECK(!fails([] { CHECK(1 + 1 == 2); }));
}

TEST("NaN is near nothing") {
  CHECK(fails([] { CHECK_NEAR(std::numeric_limits<double>::quiet_NaN(), 0.0, 1e9); }));
  CHECK(!fails([] { CHECK_NEAR(0.5, 0.25, 0.25); }));
}

TEST("CHECK_THROWS wants both an exception and the message") {
  CHECK(fails([] { CHECK_THROWS(1 + 1, ""); }));
  CHECK(fails([] { CHECK_THROWS(throw std::runtime_error("one"), "two"); }));
}
