// SPDX-License-Identifier: Apache-2.0
// Tests weights in the source and by name as values: which share a node, and what may be made of weights alone.
#include "graph_queries.hpp"

using namespace inlay;
using namespace queries;
using code = scalar_op;

// The same bits in the same shape are one node wherever they are written, and one operand of a program.
constexpr auto shared = network("shared", input<f32, 4>("x"), [](auto x) {
  auto scale = constant<f32, 4>({1, 2, 3, 4});
  auto y = x * scale + scale;
  return outputs(y, x - constant<f32, 4>({1, 2, 3, 4}), reshape<2, 2>(x) * constant<f32, 2, 2>({1, 2, 3, 4}),
                 x + constant<f32, 4>({1, 2, 3, 0}), x + constant<f32, 4>({1, 2, 3, -0.0f}));
});
INLAY_NETWORK(shared);
static_assert(count(graph_of<shared>, op::constant) == 4, "another shape and another sign of 0 are other constants");
static_assert(graph_of<shared>.data.size() == 16);
static_assert(has_program(graph_of<shared>, nth(graph_of<shared>, op::map, 0),
                          {load(0), load(1), binary(code::multiply, 0, 1), binary(code::add, 2, 1)}));

// A named expression of weights alone belongs to no network yet, so it cannot be a node; it nests where it is used.
constexpr auto learned_scale = network("learned_scale", input<f32, 2>("x"), [](auto x) {
  auto scale = exp(param<f32, 2>("log_scale"));
  return x * scale + dense("mix", x, tanh(constant<f32, 2, 2>({1, 2, 3, 4})));
});
INLAY_NETWORK(learned_scale);
static_assert(count(graph_of<learned_scale>, op::map) == 2, "the weight of the layer, and the sum");
static_assert(has_program(graph_of<learned_scale>, nth(graph_of<learned_scale>, op::map, 1),
                          {load(0), load(1), apply(activation::exp, 1), binary(code::multiply, 0, 2), load(2),
                           binary(code::add, 3, 4)}));

// PyTorch's BatchNorm1d, with its parameter names.
constexpr auto normed = network("normed", input<f32, 2>("x"), [](auto x) { return relu(batch_norm("bn", x)); });
INLAY_NETWORK(normed);
static_assert(count(graph_of<normed>, op::parameter) == 4);
static_assert(named(graph_of<normed>, op::parameter, "bn.running_mean") != no_node);
static_assert(named(graph_of<normed>, op::parameter, "bn.running_var") != no_node);
static_assert(named(graph_of<normed>, op::parameter, "bn.weight") != no_node);
static_assert(named(graph_of<normed>, op::parameter, "bn.bias") != no_node);

// With affine=False it has only the statistics.
constexpr auto plain =
    network("plain", input<f32, 2>("x"), [](auto x) { return batch_norm("bn", x, no_affine, 0.5f); });
INLAY_NETWORK(plain);
static_assert(count(graph_of<plain>, op::parameter) == 2);
static_assert(named(graph_of<plain>, op::parameter, "bn.running_mean") != no_node);
static_assert(named(graph_of<plain>, op::parameter, "bn.running_var") != no_node);

// Weights may be the first argument of an operator and of concat.
constexpr auto weights_first = network("weights_first", input<f32, 2>("x"), [](auto x) {
  return concat(constant<f32, 1>({7}), x, constant<f32, 2>({5, 6}) - x);
});
INLAY_NETWORK(weights_first);
static_assert(evaluate(weights_first, {1, 2}) == std::array<float, 5>{7, 1, 2, 4, 4});

// Constants from a named table.
constexpr std::array<float, 3> table{1, 2, 4};
constexpr auto weighted = network("weighted", input<f32, 3>("x"), [](auto x) {
  return dense("sum", x * constant<f32, 3>(table), constant<f32, 1, 3>({1, 1, 1}));
});
INLAY_NETWORK(weighted);
static_assert(evaluate(weighted, {1, 10, 100})[0] == 421);

// evaluation_of evaluates the graph that was traced once.
static_assert(evaluation_of<weighted>({1, 10, 100})[0] == 421 && evaluation_of<weighted>({3, 0, 0})[0] == 3);

// Enough constants to make the builder's index grow. All are found again.
constexpr auto many = network("many", input<f32, 1>("x"), [](auto x) {
  tensor<f32, 1> y = x;
  for (int turn = 0; turn < 2; ++turn)
    for (int i = 0; i < 80; ++i) y = y + constant<f32, 1>(std::array<float, 1>{static_cast<float>(i)});
  return y;
});
INLAY_NETWORK(many);
static_assert(count(graph_of<many>, op::constant) == 80 && evaluation_of<many>({0.5f})[0] == 6320.5f);

// Weights as outputs, unchanged and computed: a policy whose deviation does not depend on the observation.
constexpr auto policy = network("policy", input<f32, 4>("observation"), [](auto observation) {
  auto log_std = param<f32, 3>("log_std");
  return outputs(output("mean", dense<3>("mean", observation)), output("std", exp(log_std)), output("raw", log_std),
                 output("scale", constant<f32, 2>({1, 2})));
});
INLAY_NETWORK(policy);
static_assert(graph_of<policy>.outputs.size() == 4);
static_assert(graph_of<policy>.nodes[graph_of<policy>.outputs[1].node].kind == op::map);
static_assert(graph_of<policy>.nodes[graph_of<policy>.outputs[2].node].kind == op::parameter);
static_assert(graph_of<policy>.nodes[graph_of<policy>.outputs[3].node].kind == op::constant);
static_assert(count(graph_of<policy>, op::parameter) == 3);

constexpr auto fixed_outputs = network("fixed_outputs", input<f32, 2>("x"), [](auto x) {
  return outputs(x, constant<f32, 2>({1, 2}), square(constant<f32, 2>({3, 4})) + 1);
});
INLAY_NETWORK(fixed_outputs);
static_assert(hana::at_c<1>(evaluation_of<fixed_outputs>({5, 6})) == std::array<float, 2>{1, 2});
static_assert(hana::at_c<2>(evaluation_of<fixed_outputs>({5, 6})) == std::array<float, 2>{10, 17});
