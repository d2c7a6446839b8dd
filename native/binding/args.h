// args: checked readers of JavaScript values. Node-API converts without a word (-1 becomes 4294967295, 2^32 + 5
// becomes 5), so no other file calls its conversions. A wrong value is ERPRM_INVALID_ARGUMENT
// "Expected NAME to be WHAT, received VALUE (type)" with details {name, expected, received}.
//
// JS thread only. No reader calls back into JavaScript except `field`, which may run a getter.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "binding/napi_setup.h"

namespace erprm {

[[noreturn]] void fail_argument(std::string_view name, std::string_view expected, Napi::Value received);

// An integer in [low, high]; bounds within +-2^53.
int64_t read_integer(std::string_view name, Napi::Value value, int64_t low, int64_t high);
double read_finite(std::string_view name, Napi::Value value);
bool read_bool(std::string_view name, Napi::Value value);
std::string read_string(std::string_view name, Napi::Value value);
// A bigint in [0, 2^64).
uint64_t read_uint64(std::string_view name, Napi::Value value);
Napi::Object read_object(std::string_view name, Napi::Value value);
Napi::Array read_list(std::string_view name, Napi::Value value);

// The elements of a typed array of exactly this element type (int8_t .. float, double), where JavaScript keeps them:
// valid until control returns to JavaScript. Work on the device thread needs `copy_array`.
template <typename T>
std::span<const T> read_array(std::string_view name, Napi::Value value);

template <typename T>
std::vector<T> copy_array(std::string_view name, Napi::Value value) {
  const std::span<const T> elements = read_array<T>(name, value);
  return std::vector<T>(elements.begin(), elements.end());
}

// An object whose fields are read by name; a wrong field is named "object.field".
class Fields {
 public:
  Fields(std::string_view name, Napi::Value value) : name_(name), object_(read_object(name, value)) {}

  int64_t integer(const char* key, int64_t low, int64_t high) const {
    return read_integer(path(key), field(key), low, high);
  }
  double finite(const char* key) const { return read_finite(path(key), field(key)); }
  bool boolean(const char* key) const { return read_bool(path(key), field(key)); }
  std::string string(const char* key) const { return read_string(path(key), field(key)); }
  uint64_t uint64(const char* key) const { return read_uint64(path(key), field(key)); }
  Napi::Array list(const char* key) const { return read_list(path(key), field(key)); }
  Fields object(const char* key) const { return Fields(path(key), field(key)); }
  template <typename T>
  std::vector<T> copy(const char* key) const {
    return copy_array<T>(path(key), field(key));
  }

  Napi::Value field(const char* key) const { return object_.Get(key); }
  std::string path(std::string_view key) const;

 private:
  std::string name_;
  Napi::Object object_;
};

}  // namespace erprm
