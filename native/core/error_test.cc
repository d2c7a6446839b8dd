#include "core/error.h"

#include <cmath>
#include <string>

#include "core/ragged.h"
#include "core/testing.h"

using erprm::check_offsets;
using erprm::concat;
using erprm::Error;
using erprm::ErrorCode;

TEST("a message shows numbers so that they read back as the same number") {
  CHECK(concat(1, ' ', int64_t{-5}, ' ', 0.1, ' ', 0.1f, ' ', 1e-8, ' ', true) == "1 -5 0.1 0.1 1e-08 true");
  CHECK(concat(NAN, ' ', -INFINITY) == "NaN -Infinity");
}

TEST("an error keeps its code, its message and its details") {
  const Error error(ErrorCode::INVALID_CHECKPOINT, "broken", {{"tensor", "a"}, {"rows", 3}, {"scale", 0.5}});
  CHECK(std::string(erprm::info_of(error.code()).name) == "ERPRM_INVALID_CHECKPOINT");
  CHECK(std::string(erprm::info_of(error.code()).category) == "data");
  CHECK(error.what() == std::string("broken"));
  CHECK(std::get<std::string>(error.details()[0].value) == "a");
  CHECK(std::get<int64_t>(error.details()[1].value) == 3);
  CHECK(std::get<double>(error.details()[2].value) == 0.5);
}

TEST("offsets that do not cut the values into rows are refused by name") {
  const auto check = [](std::vector<int32_t> offsets, int64_t values) {
    return check_offsets("offsets", offsets, values);
  };
  CHECK(check({0, 2, 2, 5}, 5) == 3);
  CHECK(check({0}, 0) == 0);
  CHECK_THROWS(check({}, 0), "Expected offsets to have at least one entry");
  CHECK_THROWS(check({1, 2}, 2), "Expected offsets[0] to be 0, received 1");
  CHECK_THROWS(check({0, 3, 2}, 2), "Expected offsets[2] to be at least 3");
  CHECK_THROWS(check({0, 3}, 4), "Expected offsets[1] to be 4");
}
