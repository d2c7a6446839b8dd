// The program erprm_native_test. Arguments: parts of titles or file names; only tests that match one of them run.
#include "core/testing.h"

#include <cstdio>

namespace erprm::testing {

std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

namespace {

bool is_wanted(const Test& test, int argc, char** argv) {
  if (argc < 2) return true;
  for (int i = 1; i < argc; ++i) {
    if (test.title.find(argv[i]) != std::string::npos || test.file.find(argv[i]) != std::string::npos) return true;
  }
  return false;
}

// Empty when the test passed.
std::string run(const Test& test) {
  try {
    test.body();
    return "";
  } catch (const std::exception& error) {
    return *error.what() ? error.what() : "an exception without a message";
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

}  // namespace
}  // namespace erprm::testing

int main(int argc, char** argv) {
  using namespace erprm::testing;
  int passed = 0;
  int failed = 0;
  for (const Test& test : tests()) {
    if (!is_wanted(test, argc, argv)) continue;
    const std::string failure = run(test);
    if (failure.empty()) {
      ++passed;
      continue;
    }
    ++failed;
    std::printf("not ok: %s\n  %s\n", test.title.c_str(), failure.c_str());
  }
  std::printf("native: %d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
