// SPDX-License-Identifier: Apache-2.0
// The networks of inlay-bench stream. The large ones are those of examples.
#include "amp/model.hpp"
#include "inlay/dsl.hpp"
#include "random_weights.hpp"
#include "stream.hpp"
#include "vad/model.hpp"

namespace inlay::bench {
namespace {

constexpr auto gru8 =
    network("gru8", input<f32, 1>("x"), [](auto x) { return output("y", inlay::dense<1>("out", gru<8>("gru", x))); });

constexpr auto lstm16 = network("lstm16", input<f32, 1>("x"),
                                [](auto x) { return output("y", inlay::dense<1>("out", lstm<16>("lstm", x))); });

constexpr auto dense_layers = network("dense", input<f32, 1>("x"), [](auto x) {
  const auto h = tanh(inlay::dense<8>("fc2", tanh(inlay::dense<8>("fc1", x))));
  return output("y", inlay::dense<1>("fc4", tanh(inlay::dense<8>("fc3", h))));
});

constexpr auto tcn = network("tcn", input<f32, 1>("x"), [](auto x) {
  const auto a = tanh(causal_conv1d<8, 3>("conv1", x));
  const auto b = tanh(causal_conv1d<8, 3>("conv2", a, dilation<2>));
  const auto c = tanh(causal_conv1d<8, 3>("conv3", b, dilation<4>));
  const auto d = tanh(causal_conv1d<8, 3>("conv4", c, dilation<8>));
  return output("y", inlay::dense<1>("out", tanh(causal_conv1d<8, 3>("conv5", d, dilation<16>))));
});

bench_network with_weights(const graph_view& graph, std::vector<int> steps) {
  return {.name = std::string(graph.name),
          .graph = graph,
          .values = random_weights(graph),
          .batches = std::move(steps),
          .memory = {}};
}

}  // namespace

std::vector<bench_network> stream_suite() {
  return {with_weights(graph_of<gru8>, {1, 64}),
          with_weights(graph_of<lstm16>, {1, 64}),
          with_weights(graph_of<dense_layers>, {1}),
          with_weights(graph_of<tcn>, {1, 64}),
          with_weights(graph_of<amp_example::wavenet>, {1, 64}),
          with_weights(graph_of<vad_example::vad>, {1})};
}

}  // namespace inlay::bench
