// error: the one exception type of native code.
//
// An Error carries a code (error_codes.def), a message for people ("Expected NAME to be WHAT, received VALUE") and
// details for programs. Every layer throws it; only binding/js_error.cc catches it.
//
//   require(rows > 0, ErrorCode::INVALID_DATA, "Expected ", name, " to have rows, received ", rows);
//   throw Error(ErrorCode::INVALID_CHECKPOINT, concat("tensor ", name, " is missing"), {{"tensor", name}});
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace erprm {

enum class ErrorCode {
#define ERPRM_ERROR_CODE(name, category, fatal) name,
#include "core/error_codes.def"
#undef ERPRM_ERROR_CODE
};

// One row of error_codes.def. `name` has the public prefix: "ERPRM_INVALID_ARGUMENT".
struct ErrorCodeInfo {
  const char* name;
  const char* category;
  bool fatal;
};

// All rows, indexed by ErrorCode.
inline constexpr ErrorCodeInfo kErrorCodes[] = {
#define ERPRM_ERROR_CODE(name, category, fatal) {"ERPRM_" #name, #category, fatal},
#include "core/error_codes.def"
#undef ERPRM_ERROR_CODE
};

inline constexpr const ErrorCodeInfo& info_of(ErrorCode code) { return kErrorCodes[static_cast<int>(code)]; }

using DetailValue = std::variant<double, int64_t, std::string>;

// A fact a program can act on: {"tensor", "model.norm.weight"}, {"requestedBytes", int64_t{4096}}.
struct ErrorDetail {
  std::string name;
  DetailValue value;

  template <typename T>
  ErrorDetail(std::string detail_name, const T& detail_value) : name(std::move(detail_name)) {
    if constexpr (std::is_floating_point_v<T>) {
      value = static_cast<double>(detail_value);
    } else if constexpr (std::is_integral_v<T>) {
      value = static_cast<int64_t>(detail_value);
    } else {
      value = std::string(detail_value);
    }
  }
};

class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message, std::vector<ErrorDetail> details = {})
      : code_(code), message_(std::move(message)), details_(std::move(details)) {}

  ErrorCode code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const std::vector<ErrorDetail>& details() const noexcept { return details_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  ErrorCode code_;
  std::string message_;
  std::vector<ErrorDetail> details_;
};

namespace internal {

template <typename T>
void append(std::string& text, const T& part) {
  if constexpr (std::is_same_v<T, bool>) {
    text += part ? "true" : "false";
  } else if constexpr (std::is_same_v<T, char>) {
    text += part;
  } else if constexpr (std::is_arithmetic_v<T>) {
    if constexpr (std::is_floating_point_v<T>) {
      // As JavaScript writes them; to_chars would say "nan" and "-nan".
      if (std::isnan(part)) {
        text += "NaN";
        return;
      }
      if (std::isinf(part)) {
        text += part > 0 ? "Infinity" : "-Infinity";
        return;
      }
    }
    // to_chars gives the shortest text that reads back as the same number; ostringstream would round to 6 digits.
    char digits[32];
    const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, part);
    text.append(digits, end.ptr);
  } else {
    text += std::string_view(part);
  }
}

}  // namespace internal

// The parts (strings, numbers, bool) written one after another.
template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::string text;
  (internal::append(text, parts), ...);
  return text;
}

// Throws Error(code, concat(parts...)) unless the condition holds. The message is only built when it is needed.
template <typename... Parts>
void require(bool condition, ErrorCode code, const Parts&... parts) {
  if (!condition) [[unlikely]] {
    throw Error(code, concat(parts...));
  }
}

}  // namespace erprm
