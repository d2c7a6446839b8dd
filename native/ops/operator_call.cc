#include "ops/operator_call.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "core/error.h"

namespace erprm {
namespace {

bool names(std::string_view alternatives, std::string_view name) {
  while (true) {
    const size_t end = alternatives.find('|');
    if (alternatives.substr(0, end) == name) return true;
    if (end == std::string_view::npos) return false;
    alternatives.remove_prefix(end + 1);
  }
}

[[noreturn]] void refuse(const c10::FunctionSchema& schema, const std::string& expected) {
  std::ostringstream text;
  text << schema;
  throw Error(ErrorCode::DEVICE_UNAVAILABLE,
              concat("Expected ", schema.name(), " of this libtorch to ", expected, ", received ", text.str()),
              {{"operator", schema.name()}});
}

c10::OperatorHandle find(const char* name, const char* overload) {
  const auto found = c10::Dispatcher::singleton().findSchema({name, overload});
  if (!found) {
    throw Error(ErrorCode::DEVICE_UNAVAILABLE,
                concat("Expected this libtorch to have the operator ", name, ", received one without"),
                {{"operator", name}});
  }
  return *found;
}

}  // namespace

std::vector<c10::IValue> order_arguments(const c10::FunctionSchema& schema, const NamedArguments& arguments) {
  std::vector<c10::IValue> ordered;
  size_t used = 0;
  for (const c10::Argument& argument : schema.arguments()) {
    const auto given = std::find_if(arguments.begin(), arguments.end(),
                                    [&](const auto& entry) { return names(entry.first, argument.name()); });
    if (given != arguments.end()) {
      ordered.push_back(given->second);
      ++used;
    } else if (argument.default_value()) {
      ordered.push_back(*argument.default_value());
    } else {
      refuse(schema, concat("need no argument ", argument.name()));
    }
  }
  for (const auto& [name, value] : arguments) {
    const bool known = std::any_of(schema.arguments().begin(), schema.arguments().end(),
                                   [&](const c10::Argument& argument) { return names(name, argument.name()); });
    if (!known) refuse(schema, concat("take an argument ", name));
  }
  if (used != arguments.size()) refuse(schema, "take each argument once");
  return ordered;
}

OperatorCall::OperatorCall(const char* name, const char* overload) : handle_(find(name, overload)) {}

std::vector<c10::IValue> OperatorCall::operator()(const NamedArguments& arguments) const {
  std::vector<c10::IValue> stack = order_arguments(schema(), arguments);
  handle_.callBoxed(stack);
  return stack;
}

}  // namespace erprm
