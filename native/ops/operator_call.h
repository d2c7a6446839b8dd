// OperatorCall: an operator of torch that has no stable C++ function, found by name in torch's dispatcher and called by
// the names of its arguments. A release of torch that adds an argument with a default is served as well; one that
// removes or renames what we rely on is refused in words that show its schema.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace erprm {

// A name may hold several, separated by |, of which the schema has one: releases renamed it.
using NamedArguments = std::initializer_list<std::pair<std::string_view, c10::IValue>>;

// The arguments in the order of the schema, with defaults where none is given.
// Throws DEVICE_UNAVAILABLE, showing the schema, for a name that it does not have and for an argument that has neither
// a value nor a default.
std::vector<c10::IValue> order_arguments(const c10::FunctionSchema& schema, const NamedArguments& arguments);

class OperatorCall {
 public:
  // Throws DEVICE_UNAVAILABLE when this torch has no such operator.
  explicit OperatorCall(const char* name, const char* overload = "");

  // What the operator returns. Throws as order_arguments does, and what the operator throws.
  std::vector<c10::IValue> operator()(const NamedArguments& arguments) const;

  const c10::FunctionSchema& schema() const { return handle_.schema(); }

 private:
  const c10::OperatorHandle handle_;
};

}  // namespace erprm
