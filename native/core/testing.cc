// The program erprm_native_test. Arguments: parts of titles or file names; only tests that match one of them run.
// --titles prints the title of each before it runs: where a test hangs or ends the process, it is the last one.
#include "core/testing.h"

#include <cstdio>
#include <string_view>

namespace erprm::testing {

std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

namespace {

bool is_wanted(const Test& test, const std::vector<std::string_view>& parts) {
  if (parts.empty()) return true;
  for (const std::string_view part : parts) {
    if (test.title.find(part) != std::string::npos || test.file.find(part) != std::string::npos) return true;
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
  bool shows_titles = false;
  std::vector<std::string_view> parts;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--titles") {
      shows_titles = true;
    } else {
      parts.push_back(argv[i]);
    }
  }
  int passed = 0;
  int failed = 0;
  for (const Test& test : tests()) {
    if (!is_wanted(test, parts)) continue;
    if (shows_titles) {
      std::printf("run: %s\n", test.title.c_str());
      std::fflush(stdout);
    }
    const std::string failure = run(test);
    if (failure.empty()) {
      ++passed;
      continue;
    }
    ++failed;
    std::printf("not ok: %s\n  %s\n", test.title.c_str(), failure.c_str());
    std::fflush(stdout);
  }
  std::printf("native: %d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
