#include "binding/js_error.h"

#include <c10/util/Exception.h>

#include <cstdlib>
#include <new>
#include <string>

#include "core/error.h"

namespace erprm {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// ATen's host allocator throws a plain c10::Error; only its text tells that memory ran out.
bool tells_host_out_of_memory(const std::string& text) {
  return text.find("DefaultCPUAllocator: ") != std::string::npos && text.find("memory") != std::string::npos;
}

Error out_of_memory(const std::string& native) {
  std::vector<ErrorDetail> details{{"native", native}};
  constexpr std::string_view kBefore = "tried to allocate ";
  const size_t at = native.find(kBefore);
  if (at != std::string::npos) {
    char* end = nullptr;
    const double bytes = std::strtod(native.c_str() + at + kBefore.size(), &end);
    // The device's allocator says "20.00 GiB", the host's says "21474836480 bytes".
    if (std::string_view(end).starts_with(" bytes")) details.emplace_back("requestedBytes", bytes);
  }
  return Error(ErrorCode::OUT_OF_MEMORY, concat("Out of memory: ", first_line(native)), std::move(details));
}

Error internal_error(const std::string& native) {
  const std::string line = first_line(native);
  return Error(ErrorCode::INTERNAL, line.empty() ? "A native exception without a message" : line, {{"native", native}});
}

Error translate(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return known;
  } catch (const c10::OutOfMemoryError& torch) {
    return out_of_memory(torch.what_without_backtrace());
  } catch (const c10::AcceleratorError& torch) {
    const std::string native = torch.what_without_backtrace();
    return Error(ErrorCode::DEVICE_FAULT, first_line(native), {{"native", native}});
  } catch (const c10::Error& torch) {
    const std::string native = torch.what_without_backtrace();
    return tells_host_out_of_memory(native) ? out_of_memory(native) : internal_error(native);
  } catch (const std::bad_alloc& memory) {
    return Error(ErrorCode::OUT_OF_MEMORY, "Out of memory: an allocation on the host failed",
                 {{"native", memory.what()}});
  } catch (const std::exception& other) {
    return internal_error(other.what());
  } catch (...) {
    return internal_error("");
  }
}

Napi::Value js_detail(Napi::Env env, const DetailValue& value) {
  if (const double* number = std::get_if<double>(&value)) return Napi::Number::New(env, *number);
  if (const int64_t* integer = std::get_if<int64_t>(&value)) {
    return Napi::Number::New(env, static_cast<double>(*integer));
  }
  return Napi::String::New(env, std::get<std::string>(value));
}

}  // namespace

Napi::Value js_error(Napi::Env env, std::exception_ptr error) {
  const Error translated = translate(error);
  Napi::Object details = Napi::Object::New(env);
  for (const ErrorDetail& detail : translated.details()) {
    details.Set(detail.name, js_detail(env, detail.value));
  }
  Napi::Object object = Napi::Error::New(env, translated.message()).Value();
  object.Set("code", Napi::String::New(env, info_of(translated.code()).name));
  object.Set("details", details);
  return object;
}

}  // namespace erprm
