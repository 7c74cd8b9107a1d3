// SPDX-License-Identifier: Apache-2.0
// Bounds of every value of a graph: one pass over its nodes, repeated until those of its states hold for every step.
#include "graph_bounds.hpp"

#include "inlay/graph_memory.hpp"

namespace inlay::saturation {
namespace {

/// Passes over a graph with state before its unsettled states count as unknown; from `kWideningPass` on, bounds that
/// still grow are made larger than needed, so that those of a state that decays settle.
constexpr int kMostPasses = 24, kWideningPass = 4;

bool is_all_known(const bounds& all) {
  for (const interval& each : all)
    if (!each.is_known()) return false;
  return true;
}

class analysis {
 public:
  analysis(const graph_view& graph, const weights& w, const bounds_request& request)
      : graph_(graph),
        weights_(w),
        request_(request),
        last_use_(graph.nodes.size()),
        states_(graph.nodes.size()),
        state_causes_(graph.nodes.size()) {
    for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
      last_use_[i] = i;
      for (std::uint32_t operand : graph.operands(graph.nodes[i]))
        if (operand != no_node) last_use_[operand] = i;
    }
  }

  void run(const node_visitor& visit) {
    while (remembers(graph_) && !settle()) {
    }
    pass(visit);
  }

 private:
  const graph_view& graph_;
  const weights& weights_;
  const bounds_request& request_;
  std::vector<std::uint32_t> last_use_;
  std::vector<bounds> states_;  ///< of state nodes: what they are assumed to hold; empty before the first pass
  std::vector<bounds> next_;    ///< of state nodes: what the last pass has updated them to
  std::vector<std::string> state_causes_, next_causes_;  ///< of the two above: why some of them are unknown
  int passes_ = 0;

  /// One pass with the states as they are assumed. Returns whether the next states are within them, so that by
  /// induction they hold for every step, and otherwise makes them larger.
  bool settle() {
    next_.assign(graph_.nodes.size(), {});
    next_causes_.assign(graph_.nodes.size(), {});
    pass({});
    ++passes_;
    bool settled = true;
    for (std::size_t i = 0; i < states_.size(); ++i)
      for (std::size_t e = 0; e < next_[i].size(); ++e) {
        interval& now = states_[i][e];
        const interval& next = next_[i][e];
        if (!now.is_known() || now.holds(next)) continue;
        settled = false;
        now = passes_ < kMostPasses ? hull(now, next) : kUnknown;
        if (passes_ >= kWideningPass && now.is_known()) {
          const double more = (now.high - now.low) / 2;
          now = saturation::settled(now.low - more, now.high + more);
        }
        if (!now.is_known() && state_causes_[i].empty())
          state_causes_[i] = next_causes_[i].empty() ? unsettled(graph_.nodes[i]) : next_causes_[i];
      }
    return settled;
  }

  void pass(const node_visitor& visit) {
    std::vector<bounds> all(graph_.nodes.size());
    std::vector<std::string> causes(graph_.nodes.size());
    std::size_t inputs = 0;
    for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
      const node_record& n = graph_.nodes[i];
      std::vector<const bounds*> operands;
      for (std::uint32_t operand : graph_.operands(n)) operands.push_back(operand == no_node ? nullptr : &all[operand]);
      const node_view view{graph_, n, operands, request_.weight_error};
      if (n.kind == op::input) {
        const input_range& range = request_.inputs[inputs++];
        all[i].assign(n.dims.size(), settled(range.low, range.high));
      } else {
        all[i] = bounds_of(view, i);
      }
      if (!is_all_known(all[i])) causes[i] = cause_of(view, causes);
      // A map may lose bounds on the way to a result that has some.
      if (n.kind == op::update && !next_.empty()) next_causes_[graph_.operands(n)[0]] = causes[i];
      if (visit) visit(view, i, all[i], n.kind == op::map ? cause_of(view, causes) : causes[i]);
      for (std::uint32_t operand : graph_.operands(n))
        if (operand != no_node && last_use_[operand] == i) bounds().swap(all[operand]);
    }
  }

  bounds bounds_of(const node_view& v, std::uint32_t index) {
    switch (v.node.kind) {
      case op::input: break;
      case op::parameter: return points(weights_.find(graph_.name_of(v.node))->values);
      case op::constant: return points(graph_.elements(v.node));
      case op::dense:
      case op::conv2d:
      case op::conv_transpose2d: return of_sums_of_products(v);
      case op::map: {
        bounds y;
        for_each_element(v, [&y](std::size_t, std::span<const interval> results) { y.push_back(results.back()); });
        return y;
      }
      case op::softmax:
      case op::log_softmax: return of_softmax(v);
      case op::normalize: return of_norm(v);
      case op::state:
        if (states_[index].empty()) states_[index] = v.operands[0] ? *v.operands[0] : bounds(v.node.dims.size());
        return states_[index];
      case op::update:
        if (!next_.empty()) next_[graph_.operands(v.node)[0]] = *v.operands[1];
        return *v.operands[1];
      case op::history: return of_history(v);
      case op::embedding: return of_embedding(v);
      case op::reshape:
      case op::concat:
      case op::slice:
      case op::transpose:
      case op::max_pool:
      case op::avg_pool:
      case op::reduce:
      case op::pad:
      case op::upsample:
      case op::adaptive_avg_pool: return of_monotone(v);
    }
    return bounds(v.node.dims.size(), kUnknown);
  }

  static bounds points(std::span<const float> values) {
    bounds y;
    for (float each : values) y.push_back(settled(static_cast<double>(each), static_cast<double>(each)));
    return y;
  }

  std::string unsettled(const node_record& state) const {
    return "no bounds of the state '" + std::string(graph_.name_of(state)) + "' hold for every step";
  }

  /// Where bounds were lost: at an operand, or at this node.
  std::string cause_of(const node_view& v, const std::vector<std::string>& causes) const {
    for (std::uint32_t operand : graph_.operands(v.node))
      if (operand != no_node && !causes[operand].empty()) return causes[operand];
    const std::string name(graph_.name_of(v.node));
    const std::string named = name.empty() ? "line " + std::to_string(v.node.line) : "'" + name + "'";
    switch (v.node.kind) {
      case op::parameter:
      case op::constant: return named + " has NaN or infinite weights";
      case op::state: return state_causes_[static_cast<std::size_t>(&v.node - graph_.nodes.data())];
      case op::embedding: return "the indices of " + named + " may lie outside of its table";
      case op::normalize: return "the norm " + named + " may divide by 0 or overflow";
      case op::map:
        return std::string(row_of(v.node.kind).name) + " at line " + std::to_string(v.node.line) +
               " may divide by 0, leave a function's domain or overflow";
      default: return std::string(row_of(v.node.kind).name) + " " + named + " may overflow";
    }
  }
};

}  // namespace

void visit_bounds(const graph_view& graph, const weights& w, const bounds_request& request, const node_visitor& visit) {
  analysis(graph, w, request).run(visit);
}

}  // namespace inlay::saturation
