// SPDX-License-Identifier: Apache-2.0
// Names: scopes as in PyTorch modules, shared parameters, inputs, outputs and source positions.
#include <utility>

#include "graph_queries.hpp"

using namespace inlay;
using namespace queries;

constexpr auto scoped = network("scoped", input<f32, 4>("x"), [](auto x) {
  auto h = scope("stem", x, [](auto y) { return dense<4>("fc", y); });
  for (unsigned i = 0; i < 12; ++i)
    h = scope("layers", i, h,
              [](auto y) { return scope("mlp", y, [](auto z) { return relu(dense<4>("fc", z, no_bias)) + z; }); });
  return scope("head", h, [](auto y) { return relu(y) * param<f32, 4>("gain"); });
});
INLAY_NETWORK(scoped);
constexpr const graph_view& scoped_graph = graph_of<scoped>;
static_assert(named(scoped_graph, op::parameter, "stem.fc.weight") != no_node);
static_assert(named(scoped_graph, op::parameter, "stem.fc.bias") != no_node);
static_assert(named(scoped_graph, op::dense, "stem.fc") != no_node);
static_assert(named(scoped_graph, op::parameter, "layers.0.mlp.fc.weight") != no_node);
static_assert(named(scoped_graph, op::parameter, "layers.0.mlp.fc.bias") == no_node);
static_assert(named(scoped_graph, op::dense, "layers.11.mlp.fc") != no_node);
static_assert(named(scoped_graph, op::parameter, "head.gain") != no_node, "committed before its scope ends");
static_assert(count(scoped_graph, op::dense) == 13 && count(scoped_graph, op::parameter) == 15);
static_assert(scoped_graph.nodes[named(scoped_graph, op::parameter, "head.gain")].dims == shape_of<4>);

// A scope may return several values.
constexpr auto forked = network("forked", input<f32, 4>("x"), [](auto x) {
  auto [mean, spread] = scope("heads", x, [](auto y) { return std::pair(dense<2>("mean", y), dense<2>("spread", y)); });
  return outputs(output("mean", mean), output("spread", softplus(spread)));
});
INLAY_NETWORK(forked);
static_assert(named(graph_of<forked>, op::dense, "heads.spread") != no_node);

// A layer name that is used twice stands for one set of weights.
constexpr auto siamese = network("siamese", input<f32, 4>("left"), input<f32, 4>("right"), [](auto left, auto right) {
  auto tower = [](auto x) { return relu(dense<3>("tower", x)); };
  return tower(left) - tower(right);
});
INLAY_NETWORK(siamese);
static_assert(count(graph_of<siamese>, op::parameter) == 2 && count(graph_of<siamese>, op::dense) == 2);
static_assert(graph_of<siamese>.operands(graph_of<siamese>.nodes[nth(graph_of<siamese>, op::dense, 0)])[1] ==
              graph_of<siamese>.operands(graph_of<siamese>.nodes[nth(graph_of<siamese>, op::dense, 1)])[1]);

// Weights may have names independent of a layer, and be tied.
constexpr auto tied = network("tied", input<f32, 4>("x"), [](auto x) {
  auto codes = dense("encode", x, param<f32, 4, 4>("embedding"), param<f32, 4>("bias"));
  return dense("decode", codes, param<f32, 4, 4>("embedding"));
});
INLAY_NETWORK(tied);
static_assert(count(graph_of<tied>, op::parameter) == 2);
static_assert(has_operands(graph_of<tied>, named(graph_of<tied>, op::dense, "encode"),
                           {0, named(graph_of<tied>, op::parameter, "embedding"),
                            named(graph_of<tied>, op::parameter, "bias")}));
static_assert(has_operands(graph_of<tied>, named(graph_of<tied>, op::dense, "decode"),
                           {named(graph_of<tied>, op::dense, "encode"),
                            named(graph_of<tied>, op::parameter, "embedding"), no_node}));

// With a value of the network, reductions can read weights alone.
constexpr auto weight_norm = network("weight_norm", input<f32, 4>("x"), [](auto x) {
  auto v = param<f32, 3, 4>("fc.weight_v", x);
  return dense("fc", x, v * (param<f32, 3, 1>("fc.weight_g") / sqrt(sum<1>(v * v, keepdim))));
});
INLAY_NETWORK(weight_norm);
static_assert(count(graph_of<weight_norm>, op::parameter) == 2 && count(graph_of<weight_norm>, op::reduce) == 1);
static_assert(graph_of<weight_norm>.nodes[nth(graph_of<weight_norm>, op::reduce, 0)].dims == shape_of<3, 1>);

// More parameters than the builder's name table first has room for.
constexpr auto many = network("many", input<f32, 2>("x"), [](auto x) {
  tensor<f32, 2> h = x;
  for (int turn = 0; turn < 2; ++turn)
    for (unsigned i = 0; i < 80; ++i) h = scope("block", i, h, [](auto y) { return dense<2>("fc", y); });
  return h;
});
INLAY_NETWORK(many);
static_assert(count(graph_of<many>, op::dense) == 160 && count(graph_of<many>, op::parameter) == 160);

constexpr auto plain = network("plain", input<f32, 2>("first"), input<f32, 3, 2>("second"),
                               [](auto a, auto b) { return outputs(a + 1, output("named", b * 2), a); });
INLAY_NETWORK(plain);
static_assert(graph_of<plain>.name == "plain");
static_assert(graph_of<plain>.name_of(graph_of<plain>.nodes[0]) == "first");
static_assert(graph_of<plain>.nodes[0].kind == op::input && graph_of<plain>.nodes[1].kind == op::input);
static_assert(graph_of<plain>.name_of(graph_of<plain>.nodes[1]) == "second");
static_assert(graph_of<plain>.nodes[1].dims == shape_of<3, 2>);
static_assert(graph_of<plain>.outputs.size() == 3);
static_assert(graph_of<plain>.text(graph_of<plain>.outputs[0].name) == "output0");
static_assert(graph_of<plain>.text(graph_of<plain>.outputs[1].name) == "named");
static_assert(graph_of<plain>.text(graph_of<plain>.outputs[2].name) == "output2");
static_assert(graph_of<plain>.outputs[2].node == 0, "an input may be an output");

constexpr auto single = network("single", input<f32, 2>("x"), [](auto x) { return relu(x); });
INLAY_NETWORK(single);
static_assert(graph_of<single>.text(graph_of<single>.outputs[0].name) == "output");
constexpr auto single_named = network("single_named", input<f32, 2>("x"), [](auto x) { return output("y", relu(x)); });
INLAY_NETWORK(single_named);
static_assert(graph_of<single_named>.text(graph_of<single_named>.outputs[0].name) == "y");

// Layers and activations remember where they were written.
constexpr std::uint32_t here = __LINE__;
constexpr auto positions = network("positions", input<f32, 2>("x"), [](auto x) {
  auto h = dense<2>("fc", x);  // here + 2
  auto a = relu(h);            // here + 3
  return softmax(a * 2);       // here + 4; the operator keeps the last position, here + 3
});
INLAY_NETWORK(positions);
static_assert(graph_of<positions>.nodes[3].kind == op::dense && graph_of<positions>.nodes[3].line == here + 2);
static_assert(graph_of<positions>.nodes[4].line == here + 3);
static_assert(graph_of<positions>.nodes[5].kind == op::map && graph_of<positions>.nodes[5].line == here + 3);
static_assert(graph_of<positions>.nodes[6].kind == op::softmax && graph_of<positions>.nodes[6].line == here + 4);
static_assert(graph_of<positions>.source_file.ends_with("names.cpp"));

// A macro may make several networks on one line.
#define NETWORK_OF(function)                                                                \
  constexpr auto net_of_##function =                                                        \
      network("net_of_" #function, input<f32, 2>("x"), [](auto x) { return function(x); }); \
  INLAY_NETWORK(net_of_##function);
NETWORK_OF(relu)
NETWORK_OF(tanh)
static_assert(graph_of<net_of_relu>.name == "net_of_relu" && graph_of<net_of_tanh>.name == "net_of_tanh");
