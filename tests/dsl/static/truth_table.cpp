// SPDX-License-Identifier: Apache-2.0
// The textbook XOR network, proven row by row while it is compiled.
#include "inlay/dsl.hpp"

using namespace inlay;

// Two threshold neurons: the hidden one fires if both inputs are 1; the output neuron sees it and both inputs.
constexpr auto xor_net = network("xor_net", input<f32, 2>("x"), [](auto x) {
  auto hidden = step(dense("hidden", x, constant<f32, 1, 2>({1, 1})), 1.5f);
  auto all = concat(x, hidden);
  return step(dense("out", all, constant<f32, 1, 3>({1, 1, -2})), 0.5f);
});
INLAY_NETWORK(xor_net);

static_assert(evaluate(xor_net, {0, 0})[0] == 0);
static_assert(evaluate(xor_net, {0, 1})[0] == 1);
static_assert(evaluate(xor_net, {1, 0})[0] == 1);
static_assert(evaluate(xor_net, {1, 1})[0] == 0);

// The same with a threshold as a bias, and the gates as pointwise arithmetic on two scalar inputs.
constexpr auto gates = network("gates", input<f32, 1>("a"), input<f32, 1>("b"), [](auto a, auto b) {
  auto both = dense("both", concat(a, b), constant<f32, 1, 2>({1, 1}), constant<f32, 1>({-1.5f})) > 0;
  auto either = a + b > 0.5f;
  return outputs(output("and", both), output("or", either), output("xor", either - both));
});
INLAY_NETWORK(gates);

constexpr bool gates_are(float a, float b, float both, float either, float differ) {
  const auto results = evaluate(gates, {a}, {b});
  return hana::at_c<0>(results)[0] == both && hana::at_c<1>(results)[0] == either &&
         hana::at_c<2>(results)[0] == differ;
}
static_assert(gates_are(0, 0, 0, 0, 0));
static_assert(gates_are(0, 1, 0, 1, 1));
static_assert(gates_are(1, 0, 0, 1, 1));
static_assert(gates_are(1, 1, 1, 1, 0));
