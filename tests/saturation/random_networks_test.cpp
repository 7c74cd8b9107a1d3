// SPDX-License-Identifier: Apache-2.0
// Tests bounds and claims on random networks: no value of the interpreter leaves its bounds, and no unit does what its
// state rules out.
#include <gtest/gtest.h>

#include "draw.hpp"
#include "saturation.hpp"
#include "values.hpp"

namespace inlay::fuzz {
namespace {

using saturation::input_range;
using saturation::interval;
using saturation::unit_state;

constexpr std::size_t kSamples = 12;

/// A random network with all its values as outputs, weights, and inputs within ranges.
struct trial {
  network net;
  graph_builder builder;
  inlay::weights w;
  std::vector<input_range> ranges;
  std::vector<std::vector<float>> inputs;

  static network draw(random_source& random) {
    network net = draw_network(random, {.most_nodes = 10, .most_elements = 600, .most_weights = 20000});
    for (std::uint32_t i = 0; i < net.steps.size(); ++i)
      if (net.bound()[i] && net.steps[i].kind != op::input && net.steps[i].kind != op::state)
        net.outputs.push_back({i, "node" + std::to_string(i)});
    return net;
  }

  explicit trial(random_source& random) : net(draw(random)), builder(build(net)) {
    const graph_view graph = builder.view();
    constexpr regime usual[] = {regime::ordinary, regime::ordinary, regime::unit,  regime::integers,
                                regime::sparse,   regime::wide,     regime::large, regime::corners};
    w = make_weights(graph, {.seed = random.word(), .weights = random.one_of(usual)});
    for (const node_record& n : graph.nodes) {
      if (n.kind != op::input) continue;
      std::vector<float> x;
      if (n.type == dtype::i32) {
        const std::uint32_t rows = std::min(ops::rows_of_smallest_table(graph, n), 1000u);
        const std::uint32_t low = random.pick(rows), high = low + random.pick(rows - low);
        ranges.push_back({static_cast<double>(low), static_cast<double>(high)});
        for (std::size_t i = 0; i < kSamples * n.dims.size(); ++i)
          x.push_back(std::bit_cast<float>(low + random.pick(high - low + 1)));
      } else {
        constexpr double widths[] = {0, 1e-3, 0.5, 2, 20, 300};
        const auto low = static_cast<float>(random.real(-3, 3) * (random.chance(20) ? 50 : 1));
        const auto high = static_cast<float>(static_cast<double>(low) + random.one_of(widths));
        ranges.push_back({static_cast<double>(low), static_cast<double>(high)});
        for (std::size_t i = 0; i < kSamples * n.dims.size(); ++i) {
          const double at = random.chance(30) ? random.pick(2) : random.real(0, 1);
          const auto real = static_cast<double>(low) + at * (static_cast<double>(high) - static_cast<double>(low));
          x.push_back(std::clamp(static_cast<float>(real), low, high));
        }
      }
      inputs.push_back(std::move(x));
    }
  }
  std::vector<const void*> pointers() const {
    std::vector<const void*> all;
    for (const std::vector<float>& each : inputs) all.push_back(each.data());
    return all;
  }
};

/// The steepest slope of an activation, by a scan.
double scanned_slope(const saturation::applied_function& f) {
  double most = 0;
  for (int i = -40000; i <= 40000; ++i) {
    const double x = i / 1000.0 + 1e-7;
    most = std::max(most, std::abs(f.slope(x)));
  }
  return most;
}

/// Checks what a report claims about a unit against one argument that it has had.
void check_claim(const saturation::layer_report& layer, const saturation::unit_report& unit, double x, double steepest,
                 double share) {
  const double y = layer.function.value(x), slope = layer.function.slope(x);
  const auto text = [&] {
    return "network layer '" + layer.name + "', " + std::string(row_of(layer.function.function).name) + " of " +
           std::to_string(x);
  };
  if (unit.state != unit_state::unknown) {
    EXPECT_TRUE(unit.argument.holds(x)) << text() << " in " << unit.argument.low << ", " << unit.argument.high;
  }
  if (unit.state == unit_state::dead) {
    EXPECT_EQ(y, 0) << text();
  }
  if (unit.state == unit_state::saturated && steepest > 0) {
    EXPECT_LT(std::abs(slope), share * steepest * 1.001) << text();
  }
  if (unit.state == unit_state::always_on) {
    EXPECT_GE(x, std::min(0.0, layer.function.p0)) << text();
    const double gain = layer.function.function == activation::selu ? detail::selu_scale : 1;
    EXPECT_DOUBLE_EQ(y, gain * x) << text();
  }
}

TEST(RandomNetworks, KeepTheirBoundsAndClaims) {
  std::size_t networks = 0, known = 0, all = 0;
  std::array<std::size_t, 5> claims{};
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    random_source random(seed, 77);
    const trial t(random);
    const graph_view graph = t.builder.view();
    ASSERT_FALSE(t.builder.first_violation());
    ++networks;
    std::vector<saturation::bounds> bounds;
    const saturation::bounds_request request{t.ranges, 0};
    saturation::visit_bounds(
        graph, t.w, request,
        [&](const saturation::node_view&, std::uint32_t, const saturation::bounds& each, const std::string& cause) {
          bounds.push_back(each);
          for (const interval& one : each) EXPECT_TRUE(one.is_known() || !cause.empty());
        });
    const saturation::report_options options{.threshold = random.chance(50) ? 1e-3 : 0.05};
    const std::vector<saturation::layer_report> layers = report_of_ranges(graph, t.w, request, options);
    const std::vector<saturation::activation_site> sites = saturation::find_activations(graph);
    ASSERT_EQ(layers.size(), sites.size());
    std::vector<double> steepest;
    for (const saturation::layer_report& layer : layers) {
      steepest.push_back(scanned_slope(layer.function));
      for (const saturation::unit_report& unit : layer.units) ++claims[static_cast<std::size_t>(unit.state)];
    }
    interpreter_result made = interpreter::create(graph, t.w);
    ASSERT_TRUE(made);
    std::vector<std::vector<double>> values(graph.nodes.size());
    made.value->observe([&](std::uint32_t node, std::span<const double> elements) {
      values[node].assign(elements.begin(), elements.end());
      for (std::size_t i = 0; i < elements.size(); ++i) {
        ++all;
        if (!bounds[node][i].is_known()) continue;
        ++known;
        EXPECT_TRUE(bounds[node][i].holds(elements[i]))
            << "seed " << seed << ", node " << node << " (" << row_of(graph.nodes[node].kind).name << "), element " << i
            << ": " << elements[i] << " in [" << bounds[node][i].low << ", " << bounds[node][i].high << "]\n"
            << dsl_source(t.net);
      }
      for (std::size_t s = 0; s < sites.size(); ++s) {
        if (sites[s].node != node) continue;
        const node_record& n = graph.nodes[node];
        for (std::size_t i = 0; i < elements.size(); ++i) {
          std::vector<double> operands, results;
          for (std::uint32_t operand : graph.operands(n))
            operands.push_back(values[operand][ops::broadcast_index(graph.nodes[operand].dims, n.dims)[i]]);
          for (const instruction& c : graph.program(n)) results.push_back(ops::evaluate_scalar(c, results, operands));
          check_claim(layers[s], layers[s].units[i / (elements.size() / layers[s].units.size())],
                      results[graph.program(n)[sites[s].instruction].a], steepest[s], options.threshold);
        }
      }
    });
    std::vector<std::vector<float>> results;
    std::vector<float*> outputs;
    for (const output_record& output : graph.outputs)
      results.emplace_back(kSamples * graph.nodes[output.node].dims.size());
    for (std::vector<float>& each : results) outputs.push_back(each.data());
    made.value->run(t.pointers(), outputs, kSamples, engine::reference);
    // f32 arithmetic stays within the bounds, too.
    made.value->run(t.pointers(), outputs, kSamples, engine::baseline);
    for (std::size_t o = 0; o < results.size(); ++o)
      for (std::size_t i = 0; i < results[o].size(); ++i) {
        const std::uint32_t node = graph.outputs[o].node;
        const interval& b = bounds[node][i % graph.nodes[node].dims.size()];
        if (b.is_known()) {
          EXPECT_TRUE(b.holds(static_cast<double>(results[o][i])))
              << "f32: seed " << seed << ", node " << node << " (" << row_of(graph.nodes[node].kind).name << "), "
              << results[o][i] << " in [" << b.low << ", " << b.high << "]\n"
              << dsl_source(t.net);
        }
      }
    if (HasFailure()) break;
  }
  std::printf("%zu networks, %zu of %zu values have bounds\n", networks, known, all);
  for (std::size_t s = 0; s < claims.size(); ++s)
    std::printf("  %-10s %zu units\n", std::string(saturation::unit_state_names[s]).c_str(), claims[s]);
  // The trials test something: most values have bounds, and there are units of each kind.
  EXPECT_GT(known, all / 2);
  for (const std::size_t each : claims) EXPECT_GT(each, 50u);
}

}  // namespace
}  // namespace inlay::fuzz
