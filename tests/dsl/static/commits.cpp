// SPDX-License-Identifier: Apache-2.0
// Tests when a pointwise expression becomes a node: temporaries nest into one map, a named expression is one node
// however often it is used, and a program loads each operand once.
#include "graph_queries.hpp"

using namespace inlay;
using namespace queries;
using code = scalar_op;

constexpr auto nested = network("nested", input<f32, 4>("x"), input<f32, 4>("y"),
                                [](auto x, auto y) { return relu(x * sigmoid(x) + y) - minimum(x, 2.0f) * y; });
INLAY_NETWORK(nested);
static_assert(count(graph_of<nested>, op::map) == 1);
static_assert(graph_of<nested>.nodes.size() == 3);
static_assert(has_operands(graph_of<nested>, 2, {0, 1}));
static_assert(has_program(graph_of<nested>, 2,
                          {load(0), apply(activation::sigmoid, 0), binary(code::multiply, 0, 1), load(1),
                           binary(code::add, 2, 3), apply(activation::relu, 4), number(2), binary(code::minimum, 0, 6),
                           binary(code::multiply, 7, 3), binary(code::subtract, 5, 8)}));

constexpr auto named_once = network("named_once", input<f32, 4>("x"), [](auto x) {
  auto h = tanh(x + 1);
  auto twice = h * h;
  return outputs(h, twice + h, dense<2>("fc", twice));
});
INLAY_NETWORK(named_once);
static_assert(count(graph_of<named_once>, op::map) == 3);
static_assert(has_operands(graph_of<named_once>, 1, {0}));
static_assert(has_operands(graph_of<named_once>, 2, {1}), "h * h loads h once");
static_assert(has_program(graph_of<named_once>, 2, {load(0), binary(code::multiply, 0, 0)}));
static_assert(has_operands(graph_of<named_once>, nth(graph_of<named_once>, op::map, 2), {2, 1}));
static_assert(
    graph_of<named_once>.operands(graph_of<named_once>.nodes[named(graph_of<named_once>, op::dense, "fc")])[0] == 2);
static_assert(graph_of<named_once>.outputs[0].node == 1);

// A layer on a temporary expression commits it. The dense layer itself is a node at once.
constexpr auto layers =
    network("layers", input<f32, 4>("x"), [](auto x) { return dense<2>("fc2", relu(dense<3>("fc1", x * 2 + x))); });
INLAY_NETWORK(layers);
static_assert(count(graph_of<layers>, op::map) == 2);
static_assert(count(graph_of<layers>, op::dense) == 2);
static_assert(count(graph_of<layers>, op::parameter) == 4);

// An unused expression never becomes a node.
constexpr auto unused_expression = network("unused_expression", input<f32, 4>("x"), [](auto x) {
  [[maybe_unused]] auto nothing = exp(x) / 3;
  return relu(x);
});
INLAY_NETWORK(unused_expression);
static_assert(graph_of<unused_expression>.nodes.size() == 2);

// Equal numbers share a literal; 0 and -0 do not.
constexpr auto literals =
    network("literals", input<f32, 1>("x"), [](auto x) { return (x + 3) * 3.0f + 3.0 + (-x) * 0; });
INLAY_NETWORK(literals);
static_assert(has_program(graph_of<literals>, 1,
                          {load(0), number(3), binary(code::add, 0, 1), binary(code::multiply, 2, 1),
                           binary(code::add, 3, 1), number(-0.0f), binary(code::subtract, 5, 0), number(0.0f),
                           binary(code::multiply, 6, 7), binary(code::add, 4, 8)}));

// A const variable cannot remember its node, but still has the same value.
constexpr auto const_name = network("const_name", input<f32, 2>("x"), [](auto x) {
  const auto h = relu(x) + 1;
  return h * 2;
});
INLAY_NETWORK(const_name);
static_assert(evaluate(const_name, {-1, 3})[0] == 2 && evaluate(const_name, {-1, 3})[1] == 8);

// The same parameter in two expressions is one node, and one operand in one program.
constexpr auto shared_scale = network("shared_scale", input<f32, 2>("x"), [](auto x) {
  auto scale = param<f32, 2>("scale");
  auto y = x * scale + scale;
  return y - scale;
});
INLAY_NETWORK(shared_scale);
static_assert(count(graph_of<shared_scale>, op::parameter) == 1);
static_assert(count(graph_of<shared_scale>, op::map) == 2);
static_assert(graph_of<shared_scale>.program(graph_of<shared_scale>.nodes[2]).size() == 4);

// A loop assigns to a variable. Each iteration commits.
constexpr auto loop = network("loop", input<f32, 4>("x"), [](auto x) {
  tensor<f32, 4> h = x;
  for (int i = 0; i < 5; ++i) h = sigmoid(h) + x;
  return h;
});
INLAY_NETWORK(loop);
static_assert(count(graph_of<loop>, op::map) == 5);
static_assert(has_operands(graph_of<loop>, 1, {0}) && has_operands(graph_of<loop>, 2, {1, 0}) &&
              has_operands(graph_of<loop>, 5, {4, 0}));
static_assert(graph_of<loop>.outputs[0].node == 5);

// The same constant in two expressions is one node, too: the same bits in the same shape.
constexpr auto shared_constant = network("shared_constant", input<f32, 2>("x"), [](auto x) {
  auto scale = constant<f32, 2>({0, 3});
  auto y = x * scale + scale;
  return outputs(y - scale, y * constant<f32, 2>({0, 3}), y * constant<f32, 2>({-0.0f, 3}),
                 concat(y, reshape<2>(constant<f32, 1, 2>({0, 3}) * reshape<1, 2>(y))));
});
INLAY_NETWORK(shared_constant);
static_assert(count(graph_of<shared_constant>, op::constant) == 3);
static_assert(graph_of<shared_constant>.data.size() == 6);

// The same for a variable with a pointwise expression: each iteration commits the value assigned to it.
constexpr auto pointwise_loop = network("pointwise_loop", input<f32, 2>("x"), [](auto x) {
  auto h = relu(x);
  for (int i = 0; i < 3; ++i) h = h + 2 * h;
  return h;
});
INLAY_NETWORK(pointwise_loop);
static_assert(count(graph_of<pointwise_loop>, op::map) == 4 && graph_of<pointwise_loop>.outputs[0].node == 4);
static_assert(has_operands(graph_of<pointwise_loop>, 2, {1}) && has_operands(graph_of<pointwise_loop>, 4, {3}));
static_assert(evaluation_of<pointwise_loop>({2, -5}) == std::array<float, 2>{54, 0});

// Such a variable may be assigned a layer, another expression, weights, or a change of itself.
constexpr auto reassigned = network("reassigned", input<f32, 2>("x"), [](auto x) {
  auto h = x * 2;
  h += x;
  h = dense("swap", h, constant<f32, 2, 2>({0, 1, 1, 0}));
  h -= constant<f32, 2>({1, 2});
  h = relu(h);
  auto kept = h;
  h = constant<f32, 2>({100, 200});
  tensor<f32, 2> t = x;
  t *= h;
  t /= 10.0f;
  return outputs(kept, h + x, t);
});
INLAY_NETWORK(reassigned);
static_assert(hana::at_c<0>(evaluation_of<reassigned>({1, 4})) == std::array<float, 2>{11, 1});
static_assert(hana::at_c<1>(evaluation_of<reassigned>({1, 4})) == std::array<float, 2>{101, 204});
static_assert(hana::at_c<2>(evaluation_of<reassigned>({1, 4})) == std::array<float, 2>{10, 80});
