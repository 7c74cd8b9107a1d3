// SPDX-License-Identifier: Apache-2.0
// Tests a graph's hash: it does not depend on where the network is written, and differs for every change of what is
// computed or how it is called.
#include "graph_queries.hpp"

using namespace inlay;

template <class Net>
constexpr std::uint64_t hash(const Net& net) {
  graph_builder b(net.name);
  detail::trace(net, b);
  return graph_hash(b.view());
}

constexpr auto original = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = relu(dense<4>("fc", x) + x);
  return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})));
});
INLAY_NETWORK(original);

// Other lines and columns, other C++ names.
constexpr auto moved = network("model",

                               input<f32, 4>("x"), [](auto pixels) {
                                 auto activations = relu(dense<4>("fc", pixels) + pixels);
                                 return softmax(concat(activations, pixels * constant<f32, 4>({1, 2, 3, 4})));
                               });
INLAY_NETWORK(moved);
static_assert(graph_of<original>.nodes[3].line != graph_of<moved>.nodes[3].line);
static_assert(hash(original) == hash(moved));
static_assert(graph_of<original>.hash == graph_of<moved>.hash);
static_assert(graph_of<original>.hash == hash(original) && hash(original) != 0);

// The same graph made by the builder, without source positions.
constexpr std::uint64_t hash_elsewhere() {
  graph_builder b("model");
  b.input("x", shape_of<4>);
  const std::uint32_t y = b.softmax(0);
  b.output(y, "output");
  return graph_hash(b.view());
}
constexpr auto plain_softmax = network("model", input<f32, 4>("x"), [](auto x) { return softmax(x); });
static_assert(hash(plain_softmax) == hash_elsewhere());

// The original, and variants that each change one thing.
constexpr std::uint64_t variants[] = {
    hash(original),
    hash(network("renamed", input<f32, 4>("x"),
                 [](auto x) {
                   auto h = relu(dense<4>("fc", x) + x);
                   return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
    hash(network("model", input<f32, 4>("renamed_input"),
                 [](auto x) {
                   auto h = relu(dense<4>("fc", x) + x);
                   return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {
                   auto h = relu(dense<4>("renamed_layer", x) + x);
                   return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {
                   auto h = relu(dense<4>("fc", x) + x);
                   return output("renamed_output", softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4}))));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // without bias
                   auto h = relu(dense<4>("fc", x, no_bias) + x);
                   return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // another activation
                   auto h = tanh(dense<4>("fc", x) + x);
                   return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // another accuracy
                   auto h = relu(dense<4>("fc", x) + x, fast);
                   return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // another treatment of zeros
                   auto h = relu(dense<4>("fc", x, skip_zeros) + x);
                   return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // and another
                   auto h = relu(dense<4>("fc", x, multiply_zeros) + x);
                   return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // another operator
                   auto h = relu(dense<4>("fc", x) - x);
                   return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // operands swapped
                   auto h = relu(x + dense<4>("fc", x));
                   return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // another weight, in its sign bit only
                   auto h = relu(dense<4>("fc", x) + x);
                   return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, -4})));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // pieces swapped
                   auto h = relu(dense<4>("fc", x) + x);
                   return softmax(concat(x * constant<f32, 4>({1, 2, 3, 4}), h));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // no softmax
                   auto h = relu(dense<4>("fc", x) + x);
                   return concat(h, x * constant<f32, 4>({1, 2, 3, 4}));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // one more output
                   auto h = relu(dense<4>("fc", x) + x);
                   return outputs(output("output", softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})))),
                                  output("h", h));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // the output in another shape
                   auto h = relu(dense<4>("fc", x) + x);
                   return reshape<2, 4>(softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4}))));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // the same elements, in yet another shape
                   auto h = relu(dense<4>("fc", x) + x);
                   return reshape<4, 2>(softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4}))));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // a number of a program
                   auto h = relu(dense<4>("fc", x) + x);
                   return softmax(concat(h + 1, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // another number
                   auto h = relu(dense<4>("fc", x) + x);
                   return softmax(concat(h + 2, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // a parameter of an activation
                   auto h = leaky_relu(dense<4>("fc", x) + x);
                   return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
    hash(network("model", input<f32, 4>("x"),
                 [](auto x) {  // another value of that parameter
                   auto h = leaky_relu(dense<4>("fc", x) + x, 0.5f);
                   return softmax(concat(h, x * constant<f32, 4>({1, 2, 3, 4})));
                 })),
};

constexpr bool all_differ() {
  for (const std::uint64_t& a : variants)
    for (const std::uint64_t& b : variants)
      if (&a != &b && a == b) return false;
  return true;
}
static_assert(all_differ());

// The hash covers the axis of a concat even where no shape depends on it.
template <std::uint32_t Axis>
constexpr auto joined = network("model", input<f32, 2, 2>("x"), [](auto x) { return reshape<8>(concat<Axis>(x, x)); });
static_assert(hash(joined<0>) != hash(joined<1>));
