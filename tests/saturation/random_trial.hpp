// SPDX-License-Identifier: Apache-2.0
// A random network, all of whose values are outputs, with weights, ranges of its inputs, and inputs within them.
#pragma once

#include <algorithm>
#include <bit>

#include "draw.hpp"
#include "graph_bounds.hpp"
#include "values.hpp"

namespace inlay::fuzz {

struct bounded_trial {
  network net;
  graph_builder builder;
  inlay::weights w;
  std::vector<saturation::input_range> ranges;
  std::vector<std::vector<float>> inputs;  ///< i32 inputs have the bits of integers

  bounded_trial(random_source& random, draw_settings settings, std::size_t samples)
      : net(draw(random, settings)), builder(build(net)) {
    const graph_view graph = builder.view();
    constexpr regime usual[] = {regime::ordinary, regime::ordinary, regime::unit,  regime::integers,
                                regime::sparse,   regime::wide,     regime::large, regime::corners};
    w = make_weights(graph, {.seed = random.word(), .weights = random.one_of(usual)});
    for (const node_record& n : graph.nodes)
      if (n.kind == op::input) inputs.push_back(draw_input(random, graph, n, samples * n.dims.size()));
  }
  std::vector<const float*> pointers() const {
    std::vector<const float*> all;
    for (const std::vector<float>& each : inputs) all.push_back(each.data());
    return all;
  }

 private:
  static network draw(random_source& random, const draw_settings& settings) {
    network net = draw_network(random, settings);
    for (std::uint32_t i = 0; i < net.steps.size(); ++i)
      if (net.bound()[i] && net.steps[i].kind != op::input && net.steps[i].kind != op::state)
        net.outputs.push_back({i, "node" + std::to_string(i)});
    return net;
  }

  /// Numbers in a random range, with many at its ends.
  std::vector<float> draw_input(random_source& random, const graph_view& graph, const node_record& n,
                                std::size_t count) {
    std::vector<float> x;
    if (n.type == dtype::i32) {
      const std::uint32_t rows = std::min(ops::rows_of_smallest_table(graph, n), 1000u);
      const std::uint32_t low = random.pick(rows), high = low + random.pick(rows - low);
      ranges.push_back({static_cast<double>(low), static_cast<double>(high)});
      while (x.size() < count) x.push_back(std::bit_cast<float>(low + random.pick(high - low + 1)));
      return x;
    }
    constexpr double widths[] = {0, 1e-3, 0.5, 2, 20, 300};
    const auto low = static_cast<float>(random.real(-3, 3) * (random.chance(20) ? 50 : 1));
    const auto high = static_cast<float>(static_cast<double>(low) + random.one_of(widths));
    const saturation::input_range range{static_cast<double>(low), static_cast<double>(high)};
    ranges.push_back(range);
    while (x.size() < count) {
      const double at = random.chance(30) ? random.pick(2) : random.real(0, 1);
      x.push_back(std::clamp(static_cast<float>(range.low + at * (range.high - range.low)), low, high));
    }
    return x;
  }
};

}  // namespace inlay::fuzz
