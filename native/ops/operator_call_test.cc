// Operators called by the names of their arguments; and that those of flash attention are the ones we know.
#include "ops/operator_call.h"

#include <ATen/ops/full.h>
#include <torch/csrc/jit/frontend/function_schema_parser.h>

#include "core/testing.h"
#include "ops/flash_attention.h"

using namespace erprm;

TEST("an operator is called by the names of its arguments, whatever their order, with its defaults") {
  const OperatorCall add("aten::add", "Tensor");
  const at::Tensor a = at::full({2}, 3.0f), b = at::full({2}, 4.0f);
  CHECK(add({{"other", b}, {"self", a}})[0].toTensor().equal(at::full({2}, 7.0f)));
  CHECK(add({{"input|self", a}, {"alpha", 2}, {"other", b}})[0].toTensor().equal(at::full({2}, 11.0f)));
}

TEST("a schema that lacks an argument of ours, or wants one more, is refused and shown") {
  const auto schema = torch::jit::parseSchema("aten::f(Tensor query, int max_q, *, float? scale=None) -> Tensor");
  const at::Tensor query = at::full({1}, 0.0f);
  const std::vector<c10::IValue> ordered = order_arguments(schema, {{"max_q|longest", 2}, {"query", query}});
  CHECK(ordered.size() == 3 && ordered[1].toInt() == 2 && ordered[2].isNone());
  CHECK_THROWS(order_arguments(schema, {{"query", query}}), "to need no argument max_q");
  CHECK_THROWS(order_arguments(schema, {{"query", query}, {"max_q", 2}, {"window", 3}}), "to take an argument window");
  CHECK_THROWS(order_arguments(schema, {{"query", query}, {"max_q", 2}, {"window", 3}}), "Tensor query, int max_q");
  CHECK_THROWS(OperatorCall("aten::no_such_operator"), "to have the operator aten::no_such_operator");
}

TEST("this libtorch's flash attention has the arguments that ours are given to") { check_flash_attention(); }
