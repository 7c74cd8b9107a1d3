// SPDX-License-Identifier: Apache-2.0
// Finds the activations of a graph, and judges their units by bounds.
#include "saturation.hpp"

#include <deque>

namespace inlay::saturation {
namespace {

/// By node: whether it depends on an input or on what a network remembers.
std::vector<bool> depends_on_input(const graph_view& graph) {
  std::vector<bool> depends(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const node_record& n = graph.nodes[i];
    depends[i] = n.kind == op::input || n.kind == op::state;
    for (std::uint32_t operand : graph.operands(n))
      if (operand != no_node && depends[operand]) depends[i] = true;
  }
  return depends;
}

/// The map's operands that an instruction's result depends on, in the order of the operands.
std::vector<std::uint32_t> operands_behind(const graph_view& graph, const node_record& map, std::uint32_t from) {
  const std::span<const instruction> program = graph.program(map);
  const std::span<const std::uint32_t> operands = graph.operands(map);
  std::vector<bool> needed(from + 1), used(operands.size());
  needed[from] = true;
  for (std::uint32_t i = from + 1; i-- > 0;) {
    if (!needed[i]) continue;
    const instruction& c = program[i];
    const std::uint32_t arity = scalar_arity(c.code);
    if (c.code == scalar_op::operand) used[c.a] = true;
    if (arity > 0) needed[c.a] = true;
    if (arity > 1) needed[c.b] = true;
    if (arity > 2) needed[c.c] = true;
  }
  std::vector<std::uint32_t> found;
  for (std::size_t o = 0; o < operands.size(); ++o)
    if (used[o]) found.push_back(operands[o]);
  return found;
}

/// The name of the nearest layer or state that the values come from, and which part of it they are; of an input only
/// where there is nothing else.
std::string name_behind(const graph_view& graph, const std::vector<std::uint32_t>& values,
                        const std::vector<bool>& depends) {
  struct path {
    std::uint32_t node;
    std::string part;
  };
  std::deque<path> open;
  for (std::uint32_t value : values) open.push_back({value, {}});
  std::vector<bool> seen(graph.nodes.size());
  std::string input;
  while (!open.empty()) {
    path at = open.front();
    open.pop_front();
    if (seen[at.node] || !depends[at.node]) continue;
    seen[at.node] = true;
    const node_record& n = graph.nodes[at.node];
    if (n.name.count > 0) {
      std::string named = std::string(graph.name_of(n)) + at.part;
      if (n.kind != op::input) return named;
      if (input.empty()) input = std::move(named);
    }
    if (n.kind == op::slice && at.part.empty()) {
      const auto a = read_attributes<ops::slice_attributes>(graph.attributes(n));
      at.part = "[" + std::to_string(a.start) + ":" + std::to_string(a.start + a.length) + "]";
    }
    for (std::uint32_t operand : graph.operands(n))
      if (operand != no_node) open.push_back({operand, at.part});
  }
  return input;
}

/// What is known of all elements of a unit that have been seen.
struct verdict {
  interval argument{};
  bool any = false, known = true, flat = true, dead = true, on = true;

  void add(const activation_site& site, const interval& x, double threshold) {
    const applied_function& f = site.report.function;
    argument = any ? hull(argument, x) : x;
    any = true;
    if (!x.is_known()) {
      known = false;
      return;
    }
    const interval y = values_on(f, x);
    const bool is_constant = y.is_point();
    dead = dead && is_constant && is_like_relu(f.function) && math::is_equal(y.low, 0);
    on = on && is_like_relu(f.function) && is_on(f, x);
    // step and sign are flat everywhere else, so they are saturated if they never switch.
    flat = flat && (site.steepest > 0 ? steepest_on(f, x) * (1 + 1e-6) < threshold * site.steepest : is_constant);
  }
  unit_state state() const {
    if (!known) return unit_state::unknown;
    return dead ? unit_state::dead : on ? unit_state::always_on : flat ? unit_state::saturated : unit_state::active;
  }
};

}  // namespace

std::size_t layer_report::count(unit_state state) const {
  std::size_t n = 0;
  for (const unit_report& unit : units) n += unit.state == state ? 1u : 0u;
  return n;
}

interval layer_report::argument() const {
  interval all = units.front().argument;
  for (const unit_report& unit : units) all = hull(all, unit.argument);
  return all;
}

std::vector<activation_site> find_activations(const graph_view& graph) {
  const std::vector<bool> depends = depends_on_input(graph);
  std::vector<activation_site> sites;
  for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
    const node_record& n = graph.nodes[i];
    if (n.kind != op::map) continue;
    const std::span<const instruction> program = graph.program(n);
    for (std::uint32_t c = 0; c < program.size(); ++c) {
      if (program[c].code != scalar_op::apply) continue;
      const std::vector<std::uint32_t> behind = operands_behind(graph, n, c);
      bool is_bound = false;
      for (std::uint32_t operand : behind) is_bound = is_bound || depends[operand];
      const applied_function function = applied_function::of(program[c]);
      const std::optional<double> slope = steepest(function);
      if (!is_bound || !slope) continue;
      activation_site site{.node = i, .instruction = c, .steepest = *slope};
      site.report.name = name_behind(graph, behind, depends);
      site.report.function = function;
      site.report.line = n.line;
      // Images and signals have their channels first.
      const std::size_t units = n.dims.rank == 0 ? 1 : n.dims.sizes[0];
      site.report.positions = n.dims.size() / units;
      site.report.units.resize(units);
      sites.push_back(std::move(site));
    }
  }
  return sites;
}

std::vector<layer_report> report_of_ranges(const graph_view& graph, const weights& w, const bounds_request& request,
                                           const report_options& options) {
  const std::vector<activation_site> sites = find_activations(graph);
  std::vector<layer_report> layers;
  visit_bounds(graph, w, request, [&](const node_view& v, std::uint32_t node, const bounds&, const std::string& cause) {
    for (const activation_site& site : sites) {
      if (site.node != node) continue;
      const std::uint32_t argument = graph.program(v.node)[site.instruction].a;
      std::vector<verdict> verdicts(site.report.units.size());
      for_each_element(v, [&](std::size_t element, std::span<const interval> results) {
        verdicts[site.unit_of(element)].add(site, results[argument], options.threshold);
      });
      layer_report layer = site.report;
      for (std::size_t u = 0; u < verdicts.size(); ++u) layer.units[u] = {verdicts[u].state(), verdicts[u].argument};
      if (layer.count(unit_state::unknown) > 0) layer.unknown_because = cause;
      layers.push_back(std::move(layer));
    }
  });
  return layers;
}

}  // namespace inlay::saturation
