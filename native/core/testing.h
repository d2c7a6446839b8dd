// Native tests. A file native/<layer>/<name>_test.cc holds
//   TEST("a claim about the code") { CHECK(1 + 1 == 2); CHECK_NEAR(x, 0.5, 1e-6); CHECK_THROWS(f(), "part of the
//   message"); }
// and needs no registration elsewhere. A failed check ends its test; the others still run.
#pragma once

#include <cmath>
#include <exception>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace erprm::testing {

struct Test {
  std::string title;
  std::string file;
  std::function<void()> body;
};

// In the order of registration; a function, so that it exists before the first static registration needs it.
std::vector<Test>& tests();

struct Registration {
  Registration(const char* title, const char* file, std::function<void()> body) {
    tests().push_back({title, file, std::move(body)});
  }
};

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void fail(const char* file, int line, const std::string& what) {
  std::ostringstream message;
  message << file << ':' << line << ": " << what;
  throw Failure(message.str());
}

template <typename A, typename B>
void expect_near(const char* file, int line, const char* text, A actual, B expected, double tolerance) {
  // Negated, so that NaN fails.
  if (!(std::abs(double(actual) - double(expected)) <= tolerance)) {
    std::ostringstream message;
    message.precision(9);
    message << text << " is " << double(actual) << ", expected " << double(expected) << " within " << tolerance;
    fail(file, line, message.str());
  }
}

template <typename Body>
void expect_throws(const char* file, int line, const char* text, Body body, const std::string& part) {
  try {
    body();
  } catch (const std::exception& error) {
    if (std::string(error.what()).find(part) == std::string::npos) {
      fail(file, line, std::string(text) + " threw \"" + error.what() + "\", expected a message with \"" + part + "\"");
    }
    return;
  }
  fail(file, line, std::string(text) + " did not throw");
}

}  // namespace erprm::testing

#define ERPRM_JOIN_(a, b) a##b
#define ERPRM_JOIN(a, b) ERPRM_JOIN_(a, b)

#define TEST(title) ERPRM_TEST_(title, ERPRM_JOIN(erprm_test_, __COUNTER__))
#define ERPRM_TEST_(title, name)                                                          \
  static void name();                                                                     \
  static const ::erprm::testing::Registration ERPRM_JOIN(name, _)(title, __FILE__, name); \
  static void name()

#undef CHECK  // torch's log has one of this name
#define CHECK(condition)                                                                  \
  do {                                                                                    \
    if (!(condition)) ::erprm::testing::fail(__FILE__, __LINE__, #condition " is false"); \
  } while (false)

#define CHECK_NEAR(actual, expected, tolerance) \
  ::erprm::testing::expect_near(__FILE__, __LINE__, #actual, (actual), (expected), (tolerance))

#define CHECK_THROWS(expression, part) \
  ::erprm::testing::expect_throws(     \
      __FILE__, __LINE__, #expression, [&] { static_cast<void>(expression); }, (part))
