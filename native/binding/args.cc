#include "binding/args.h"

#include <cmath>

#include "core/error.h"

namespace erprm {
namespace {

const char* type_name(Napi::Value value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return "boolean";
    case napi_number:
      return "number";
    case napi_string:
      return "string";
    case napi_symbol:
      return "symbol";
    case napi_function:
      return "function";
    case napi_bigint:
      return "bigint";
    default:
      return "object";
  }
}

const char* typed_array_name(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
      return "Int8Array";
    case napi_uint8_array:
      return "Uint8Array";
    case napi_uint8_clamped_array:
      return "Uint8ClampedArray";
    case napi_int16_array:
      return "Int16Array";
    case napi_uint16_array:
      return "Uint16Array";
    case napi_int32_array:
      return "Int32Array";
    case napi_uint32_array:
      return "Uint32Array";
    case napi_float32_array:
      return "Float32Array";
    case napi_float64_array:
      return "Float64Array";
    case napi_bigint64_array:
      return "BigInt64Array";
    case napi_biguint64_array:
      return "BigUint64Array";
    default:
      return "another typed array";
  }
}

// The value as a person would write it. Objects are only named by kind: turning one into text may run its code.
std::string show(Napi::Value value) {
  constexpr size_t kMostShown = 60;
  switch (value.Type()) {
    case napi_boolean:
      return value.As<Napi::Boolean>().Value() ? "true" : "false";
    case napi_number: {
      const double number = value.As<Napi::Number>().DoubleValue();
      if (std::isnan(number)) return "NaN";
      if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
      return concat(number);
    }
    case napi_string: {
      const std::string text = value.As<Napi::String>().Utf8Value();
      return text.size() <= kMostShown ? concat('"', text, '"') : concat("a string of ", text.size(), " bytes");
    }
    case napi_bigint:
      return value.ToString().Utf8Value();
    case napi_object:
      if (value.IsTypedArray()) {
        const Napi::TypedArray array = value.As<Napi::TypedArray>();
        return concat(typed_array_name(array.TypedArrayType()), " of ", array.ElementLength());
      }
      return value.IsArray() ? "an array" : "an object";
    default:
      return type_name(value);
  }
}

template <typename T>
struct ElementOf;
#define ERPRM_ELEMENT(type, napi_type)                            \
  template <>                                                     \
  struct ElementOf<type> {                                        \
    static constexpr napi_typedarray_type kArrayType = napi_type; \
  };
ERPRM_ELEMENT(int8_t, napi_int8_array)
ERPRM_ELEMENT(uint8_t, napi_uint8_array)
ERPRM_ELEMENT(int16_t, napi_int16_array)
ERPRM_ELEMENT(int32_t, napi_int32_array)
ERPRM_ELEMENT(float, napi_float32_array)
ERPRM_ELEMENT(double, napi_float64_array)
#undef ERPRM_ELEMENT

}  // namespace

void fail_argument(std::string_view name, std::string_view expected, Napi::Value received) {
  const std::string shown = show(received);
  throw Error(ErrorCode::INVALID_ARGUMENT,
              concat("Expected ", name, " to be ", expected, ", received ", shown, " (", type_name(received), ")"),
              {{"name", name}, {"expected", expected}, {"received", shown}});
}

int64_t read_integer(std::string_view name, Napi::Value value, int64_t low, int64_t high) {
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number == std::trunc(number) && number >= static_cast<double>(low) && number <= static_cast<double>(high)) {
      return static_cast<int64_t>(number);
    }
  }
  fail_argument(name, concat("an integer from ", low, " to ", high), value);
}

double read_finite(std::string_view name, Napi::Value value) {
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (std::isfinite(number)) return number;
  }
  fail_argument(name, "a finite number", value);
}

bool read_bool(std::string_view name, Napi::Value value) {
  if (!value.IsBoolean()) fail_argument(name, "a boolean", value);
  return value.As<Napi::Boolean>().Value();
}

std::string read_string(std::string_view name, Napi::Value value) {
  if (!value.IsString()) fail_argument(name, "a string", value);
  return value.As<Napi::String>().Utf8Value();
}

uint64_t read_uint64(std::string_view name, Napi::Value value) {
  if (value.IsBigInt()) {
    bool lossless = false;
    const uint64_t integer = value.As<Napi::BigInt>().Uint64Value(&lossless);
    if (lossless) return integer;
  }
  fail_argument(name, "a bigint from 0 to 2^64 - 1", value);
}

Napi::Object read_object(std::string_view name, Napi::Value value) {
  if (value.Type() != napi_object || value.IsArray() || value.IsTypedArray()) fail_argument(name, "an object", value);
  return value.As<Napi::Object>();
}

Napi::Array read_list(std::string_view name, Napi::Value value) {
  if (!value.IsArray()) fail_argument(name, "an array", value);
  return value.As<Napi::Array>();
}

template <typename T>
std::span<const T> read_array(std::string_view name, Napi::Value value) {
  constexpr napi_typedarray_type kArrayType = ElementOf<T>::kArrayType;
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != kArrayType) {
    const std::string_view wanted = typed_array_name(kArrayType);
    fail_argument(name, concat(wanted.starts_with("I") ? "an " : "a ", wanted), value);
  }
  // Data() honours the array's byte offset; the data of its ArrayBuffer would not. A detached array has length 0.
  const Napi::TypedArrayOf<T> array = value.As<Napi::TypedArrayOf<T>>();
  return std::span<const T>(array.Data(), array.ElementLength());
}

template std::span<const int8_t> read_array<int8_t>(std::string_view, Napi::Value);
template std::span<const uint8_t> read_array<uint8_t>(std::string_view, Napi::Value);
template std::span<const int16_t> read_array<int16_t>(std::string_view, Napi::Value);
template std::span<const int32_t> read_array<int32_t>(std::string_view, Napi::Value);
template std::span<const float> read_array<float>(std::string_view, Napi::Value);
template std::span<const double> read_array<double>(std::string_view, Napi::Value);

std::string Fields::path(std::string_view key) const { return concat(name_, ".", key); }

}  // namespace erprm
