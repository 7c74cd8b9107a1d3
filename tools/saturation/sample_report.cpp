// SPDX-License-Identifier: Apache-2.0
// Judges the units of a graph's activations by samples, which the interpreter evaluates in double.
#include "saturation.hpp"

namespace inlay::saturation {
namespace {

/// What has been seen of a unit.
struct tally {
  interval argument{};
  std::size_t seen = 0, flat = 0, zero = 0, on = 0;
  bool has_nan = false;
  /// For activations without a slope: their different values, of which there are three at most, and how often.
  std::array<double, 3> values{};
  std::array<std::size_t, 3> times{};

  void add(const activation_site& site, double x, double threshold) {
    const applied_function& f = site.report.function;
    if (math::is_nan(x)) {
      has_nan = true;
      return;
    }
    // Derivatives may be NaN at infinity.
    constexpr double most = std::numeric_limits<float>::max();
    x = std::clamp(x, -most, most);
    const interval at{x, x};
    argument = seen++ == 0 ? at : hull(argument, at);
    const double y = f.value(x);
    if (math::is_equal(y, 0)) ++zero;
    if (is_on(f, at)) ++on;
    if (site.steepest > 0) {
      if (std::abs(f.slope(x)) < threshold * site.steepest) ++flat;
    } else {
      std::size_t place = 0;
      while (place < values.size() - 1 && times[place] > 0 && !math::is_equal(values[place], y)) ++place;
      values[place] = y;
      flat = std::max(flat, ++times[place]);
    }
  }

  unit_report report(const activation_site& site, double flat_share) const {
    const activation function = site.report.function.function;
    const double share = seen == 0 ? 0 : static_cast<double>(flat) / static_cast<double>(seen);
    if (has_nan || seen == 0) return {unit_state::unknown, kUnknown, share};
    if (is_like_relu(function) && zero == seen) return {unit_state::dead, argument, share};
    if (is_like_relu(function) && on == seen) return {unit_state::always_on, argument, share};
    return {share > flat_share ? unit_state::saturated : unit_state::active, argument, share};
  }
};

/// What the observer keeps of a sample: the values that maps with activations read.
class watcher {
 public:
  watcher(const graph_view& graph, const report_options& options)
      : graph_(graph),
        options_(options),
        sites_(find_activations(graph)),
        kept_(graph.nodes.size()),
        is_read_(graph.nodes.size()) {
    for (const activation_site& site : sites_) {
      tallies_.emplace_back(site.report.units.size());
      for (std::uint32_t operand : graph.operands(graph.nodes[site.node])) is_read_[operand] = true;
    }
  }

  void see(std::uint32_t node, std::span<const double> elements) {
    // The interpreter's memory holds until it has the next value, so keep a copy.
    if (is_read_[node]) kept_[node].assign(elements.begin(), elements.end());
    for (std::size_t s = 0; s < sites_.size(); ++s)
      if (sites_[s].node == node) see_site(sites_[s], tallies_[s]);
  }

  std::vector<layer_report> result() const {
    std::vector<layer_report> layers;
    for (std::size_t s = 0; s < sites_.size(); ++s) {
      layer_report layer = sites_[s].report;
      for (std::size_t u = 0; u < layer.units.size(); ++u)
        layer.units[u] = tallies_[s][u].report(sites_[s], options_.flat_share);
      if (layer.count(unit_state::unknown) > 0) layer.unknown_because = "a sample makes NaN";
      layers.push_back(std::move(layer));
    }
    return layers;
  }

 private:
  const graph_view& graph_;
  const report_options& options_;
  std::vector<activation_site> sites_;
  std::vector<std::vector<tally>> tallies_;
  std::vector<std::vector<double>> kept_;
  std::vector<bool> is_read_;

  /// Runs the map's program up to the activation, on every element.
  void see_site(const activation_site& site, std::vector<tally>& tallies) {
    const node_record& n = graph_.nodes[site.node];
    const std::span<const instruction> program = graph_.program(n).first(site.instruction);
    const std::uint32_t argument = graph_.program(n)[site.instruction].a;
    std::vector<ops::broadcast_index> places;
    for (std::uint32_t operand : graph_.operands(n)) places.emplace_back(graph_.nodes[operand].dims, n.dims);
    std::vector<double> operands(places.size()), results;
    for (std::size_t i = 0, size = n.dims.size(); i < size; ++i) {
      for (std::size_t o = 0; o < places.size(); ++o) operands[o] = kept_[graph_.operands(n)[o]][places[o][i]];
      results.clear();
      for (const instruction& c : program) results.push_back(ops::evaluate_scalar(c, results, operands));
      tallies[site.unit_of(i)].add(site, results[argument], options_.threshold);
    }
  }
};

}  // namespace

std::vector<layer_report> report_of_samples(interpreter& network, std::span<const void* const> inputs,
                                            std::size_t count, const report_options& options) {
  const graph_view& graph = network.graph();
  watcher seen(graph, options);
  network.observe([&seen](std::uint32_t node, std::span<const double> elements) { seen.see(node, elements); });
  std::vector<std::vector<float>> results;
  std::vector<float*> outputs;
  for (const output_record& output : graph.outputs) results.emplace_back(graph.nodes[output.node].dims.size());
  for (std::vector<float>& each : results) outputs.push_back(each.data());
  interpreter_memory memory;
  for (std::size_t sample = 0; sample < count; ++sample) {
    std::vector<const void*> elements;
    for (const node_record& n : graph.nodes) {
      if (n.kind != op::input) continue;
      static_assert(sizeof(float) == sizeof(std::int32_t));  // the types that an input may have
      const auto* first = static_cast<const std::byte*>(inputs[elements.size()]);
      elements.push_back(first + sample * n.dims.size() * sizeof(float));
    }
    network.run(elements, outputs, 1, engine::reference, memory);
  }
  network.observe({});
  return seen.result();
}

}  // namespace inlay::saturation
