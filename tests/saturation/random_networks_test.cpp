// SPDX-License-Identifier: Apache-2.0
// Tests bounds and claims on random networks: no value of the interpreter leaves its bounds, and no unit does what its
// state rules out.
#include <gtest/gtest.h>

#include "random_trial.hpp"
#include "saturation.hpp"

namespace inlay::fuzz {
namespace {

using saturation::interval;
using saturation::unit_state;

constexpr std::size_t kSamples = 12;

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
    // Softplus and threshold may have a threshold below 0.
    if (layer.function.function != activation::softplus && layer.function.function != activation::threshold) {
      EXPECT_GE(x, 0) << text();
    }
    const double gain = layer.function.function == activation::selu ? detail::selu_scale : 1;
    EXPECT_DOUBLE_EQ(y, gain * x) << text();
  }
}

TEST(RandomNetworks, KeepTheirBoundsAndClaims) {
  std::size_t networks = 0, known = 0, all = 0;
  std::array<std::size_t, 5> claims{};
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    random_source random(seed, 77);
    const bounded_trial t(random, {.most_nodes = 10, .most_elements = 600, .most_weights = 20000}, kSamples);
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
    const std::vector<const float*> inputs = t.pointers();
    made.value->run(inputs, outputs, kSamples, engine::reference);
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
