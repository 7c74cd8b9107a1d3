// SPDX-License-Identifier: Apache-2.0
// Tests what each pointwise operation writes into a map's program: code, operands, numbers, activations with parameters
// and accuracy, and activations that users write.
#include "graph_queries.hpp"

using namespace inlay;
using namespace queries;
using code = scalar_op;

constexpr auto arithmetic = network("arithmetic", input<f32, 3>("x"), input<f32, 3>("y"), [](auto x, auto y) {
  return outputs(x + y, x - y, x * y, x / y, minimum(x, y), maximum(x, y), 1 / x, -x);
});
INLAY_NETWORK(arithmetic);
constexpr bool is_binary(std::uint32_t map, code c) {
  return has_operands(graph_of<arithmetic>, map, {0, 1}) &&
         has_program(graph_of<arithmetic>, map, {load(0), load(1), binary(c, 0, 1)});
}
static_assert(is_binary(2, code::add) && is_binary(3, code::subtract) && is_binary(4, code::multiply));
static_assert(is_binary(5, code::divide) && is_binary(6, code::minimum) && is_binary(7, code::maximum));
static_assert(has_program(graph_of<arithmetic>, 8, {number(1), load(0), binary(code::divide, 0, 1)}));
static_assert(has_program(graph_of<arithmetic>, 9, {number(-0.0f), load(0), binary(code::subtract, 0, 1)}));

constexpr auto comparisons = network("comparisons", input<f32, 3>("x"), input<f32, 3>("y"), [](auto x, auto y) {
  return outputs(x<y, x <= y, x> y, x >= y, x == y, x != y, where(x > 0, y, 2), where(x, 1, y), where(x, 3, 4));
});
INLAY_NETWORK(comparisons);
constexpr bool is_comparison(std::uint32_t map, code c) {
  return has_program(graph_of<comparisons>, map, {load(0), load(1), binary(c, 0, 1)});
}
static_assert(is_comparison(2, code::less) && is_comparison(3, code::less_equal));
static_assert(is_comparison(4, code::greater) && is_comparison(5, code::greater_equal));
static_assert(is_comparison(6, code::equal) && is_comparison(7, code::not_equal));
static_assert(has_program(graph_of<comparisons>, 8,
                          {load(0), number(0), binary(code::greater, 0, 1), load(1), number(2), select(2, 3, 4)}));
static_assert(has_program(graph_of<comparisons>, 9, {load(0), number(1), load(1), select(0, 1, 2)}));
static_assert(has_program(graph_of<comparisons>, 10, {load(0), number(3), number(4), select(0, 1, 2)}));

constexpr auto activations = network("activations", input<f32, 3>("x"), [](auto x) {
  return outputs(relu(x), leaky_relu(x), leaky_relu(x, 0.2f), sigmoid(x), sigmoid(x, fast), tanh(x, exact), softplus(x),
                 softplus(x, 2, 10, fast), step(x), step(x, 1.5f), exp(x, fast), softplus(x, fast), elu(x, fast),
                 tanh(x, approximate), identity(x));
});
INLAY_NETWORK(activations);
constexpr bool is_activation_map(std::uint32_t map, activation function, float p0 = 0, float p1 = 0,
                                 accuracy tier = accuracy::exact) {
  return has_program(graph_of<activations>, map, {load(0), apply(function, 0, p0, p1, tier)});
}
static_assert(is_activation_map(1, activation::relu));
static_assert(is_activation_map(2, activation::leaky_relu, 0.01f) &&
              is_activation_map(3, activation::leaky_relu, 0.2f));
static_assert(is_activation_map(4, activation::sigmoid));
static_assert(is_activation_map(5, activation::sigmoid, 0, 0, accuracy::fast));
static_assert(is_activation_map(6, activation::tanh));
static_assert(is_activation_map(7, activation::softplus, 1, 20));
static_assert(is_activation_map(8, activation::softplus, 2, 10, accuracy::fast));
static_assert(is_activation_map(9, activation::step, 0) && is_activation_map(10, activation::step, 1.5f));
static_assert(is_activation_map(11, activation::exp, 0, 0, accuracy::fast));
static_assert(is_activation_map(12, activation::softplus, 1, 20, accuracy::fast));
static_assert(is_activation_map(13, activation::elu, 1, 0, accuracy::fast));
static_assert(is_activation_map(14, activation::tanh, 0, 0, accuracy::approximate));
static_assert(graph_of<activations>.nodes.size() == 15, "identity adds no node");
static_assert(graph_of<activations>.outputs[14].node == 0);

// User-defined activations are plain generic lambdas. They nest like the library's. Their parameter is a named
// variable, so an expression that is passed becomes a node.
constexpr auto gated = [](auto x) { return x * sigmoid(x); };
constexpr auto bounded = [](auto x, float low, float high) { return minimum(maximum(x, low), high); };
constexpr auto custom =
    network("custom", input<f32, 3>("x"), [](auto x) { return bounded(gated(x), -1, 2) + gated(x); });
INLAY_NETWORK(custom);
static_assert(count(graph_of<custom>, op::map) == 2);
static_assert(has_program(graph_of<custom>, 1, {load(0), apply(activation::sigmoid, 0), binary(code::multiply, 0, 1)}));
static_assert(has_operands(graph_of<custom>, 2, {1, 0}));
static_assert(has_program(graph_of<custom>, 2,
                          {load(0), number(-1), binary(code::maximum, 0, 1), number(2), binary(code::minimum, 2, 3),
                           load(1), apply(activation::sigmoid, 5), binary(code::multiply, 5, 6),
                           binary(code::add, 4, 7)}));

// A one-element operand on either side is broadcast: the map has the larger shape.
constexpr auto broadcast = network("broadcast", input<f32, 1>("s"), input<f32, 2, 3>("x"),
                                   [](auto s, auto x) { return outputs(s * x, x * s, s + 1); });
INLAY_NETWORK(broadcast);
static_assert(graph_of<broadcast>.nodes[2].dims == shape_of<2, 3> && has_operands(graph_of<broadcast>, 2, {0, 1}));
static_assert(graph_of<broadcast>.nodes[3].dims == shape_of<2, 3> && has_operands(graph_of<broadcast>, 3, {1, 0}));
static_assert(graph_of<broadcast>.nodes[4].dims == shape_of<1>);
