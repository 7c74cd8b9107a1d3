// SPDX-License-Identifier: Apache-2.0
// Tests the shapes of layers' results: dense with and without bias, softmax, reshape, flatten, concat along each axis.
#include "graph_queries.hpp"

using namespace inlay;
using namespace queries;

template <class Net>
constexpr auto traced_sizes(const Net& net) {
  graph_builder b(net.name);
  detail::trace(net, b);
  return b.sizes();
}

constexpr auto reshapes = network("reshapes", input<f32, 2, 3, 4>("x"), [](auto x) {
  return outputs(reshape<6, 4>(x), reshape<24>(x), flatten(x), reshape<1, 2, 2, 3, 2, 1>(x), flatten(relu(x)));
});
INLAY_NETWORK(reshapes);
static_assert(graph_of<reshapes>.nodes[1].dims == shape_of<6, 4> && has_operands(graph_of<reshapes>, 1, {0}));
static_assert(graph_of<reshapes>.nodes[2].dims == shape_of<24>);
static_assert(graph_of<reshapes>.nodes[3].dims == shape_of<24> && graph_of<reshapes>.nodes[3].kind == op::reshape);
static_assert(graph_of<reshapes>.nodes[4].dims == shape_of<1, 2, 2, 3, 2, 1>);
static_assert(graph_of<reshapes>.nodes[5].kind == op::map && graph_of<reshapes>.nodes[5].dims == shape_of<2, 3, 4>);
static_assert(graph_of<reshapes>.nodes[6].dims == shape_of<24> && has_operands(graph_of<reshapes>, 6, {5}));

constexpr auto joins =
    network("joins", input<f32, 2, 3>("a"), input<f32, 2, 3>("b"), input<f32, 2, 1>("c"), [](auto a, auto b, auto c) {
      return outputs(concat(a, b), concat<1>(a, c, b), concat(c), concat<1>(relu(a), -c));
    });
INLAY_NETWORK(joins);
static_assert(graph_of<joins>.nodes[3].dims == shape_of<4, 3> &&
              graph_of<joins>.attributes(graph_of<joins>.nodes[3])[0] == 0);
static_assert(graph_of<joins>.nodes[4].dims == shape_of<2, 7> &&
              graph_of<joins>.attributes(graph_of<joins>.nodes[4])[0] == 1);
static_assert(has_operands(graph_of<joins>, 4, {0, 2, 1}));
static_assert(graph_of<joins>.nodes[5].dims == shape_of<2, 1> && has_operands(graph_of<joins>, 5, {2}));
static_assert(graph_of<joins>.nodes[8].dims == shape_of<2, 4> && graph_of<joins>.nodes[8].kind == op::concat);

// The C++ type has the same shape as the node, so that later layers are checked against the right width.
constexpr auto joined_width = network("joined_width", input<f32, 5>("a"), input<f32, 7>("b"), [](auto a, auto b) {
  auto both = concat(a, b);
  static_assert(shape_type_of<decltype(both)>::dims == shape_of<12>);
  static_assert(shape_type_of<decltype(reshape<3, 4>(both))>::dims == shape_of<3, 4>);
  static_assert(shape_type_of<decltype(relu(both) * 2)>::dims == shape_of<12>);
  return dense<3>("fc", both);
});
INLAY_NETWORK(joined_width);
static_assert(graph_of<joined_width>.nodes[named(graph_of<joined_width>, op::parameter, "fc.weight")].dims ==
              shape_of<3, 12>);
static_assert(graph_of<joined_width>.nodes[named(graph_of<joined_width>, op::parameter, "fc.bias")].dims ==
              shape_of<3>);
static_assert(graph_of<joined_width>.nodes[named(graph_of<joined_width>, op::dense, "fc")].dims == shape_of<3>);

constexpr auto unbiased = network("unbiased", input<f32, 5>("x"), [](auto x) { return dense<2>("fc", x, no_bias); });
INLAY_NETWORK(unbiased);
static_assert(graph_of<unbiased>.nodes.size() == 3);
static_assert(has_operands(graph_of<unbiased>, 2, {0, 1, no_node}));

constexpr auto rows = network("rows", input<f32, 3, 4>("x"), [](auto x) { return softmax(x * 2); });
INLAY_NETWORK(rows);
static_assert(graph_of<rows>.nodes[2].kind == op::softmax && graph_of<rows>.nodes[2].dims == shape_of<3, 4>);

// The image holds weights in the source, in the order of the text.
constexpr auto weights = network("weights", input<f32, 2>("x"), [](auto x) {
  return dense("fc", x, constant<f32, 3, 2>({1, 2, 3, 4, 5, 6}), constant<f32, 3>({7, 8, 9})) *
         constant<f32, 3>({10, 11, 12});
});
INLAY_NETWORK(weights);
static_assert(count(graph_of<weights>, op::constant) == 3 && graph_of<weights>.data.size() == 12);
static_assert(graph_of<weights>.elements(graph_of<weights>.nodes[1])[5] == 6);
static_assert(graph_of<weights>.elements(graph_of<weights>.nodes[2])[0] == 7);
static_assert(graph_of<weights>.elements(graph_of<weights>.nodes[nth(graph_of<weights>, op::constant, 2)])[2] == 12);

// The image has room for exactly its records.
static_assert(traced_sizes(weights).nodes == graph_of<weights>.nodes.size());
static_assert(traced_sizes(weights).data == 12 && traced_sizes(unbiased).data == 0);
static_assert(traced_sizes(unbiased).operands == 3 && traced_sizes(unbiased).instructions == 0);
static_assert(traced_sizes(rows).instructions == 3 && traced_sizes(rows).outputs == 1);

// The same from a named table.
constexpr std::array<float, 6> table{1, 2, 3, 4, 5, 6};
constexpr auto from_table =
    network("from_table", input<f32, 2>("x"), [](auto x) { return dense("fc", x, constant<f32, 3, 2>(table)); });
INLAY_NETWORK(from_table);
static_assert(graph_of<from_table>.elements(graph_of<from_table>.nodes[1])[4] == 5);
