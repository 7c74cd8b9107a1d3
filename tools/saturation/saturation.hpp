// SPDX-License-Identifier: Apache-2.0
// Which units of a network's activations are flat, dead or linear, for inputs within ranges or for samples.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "activation_ranges.hpp"
#include "graph_bounds.hpp"
#include "inlay/interpreter.hpp"

namespace inlay::saturation {

/// What an activation makes of a unit. The first that applies, from the last one on.
enum class unit_state : unsigned {
  active,     ///< none of the following, or not proven to be
  saturated,  ///< its slope stays below the threshold: the unit hardly changes, and training hardly changes it
  always_on,  ///< an activation like relu never cuts it off: it is linear
  dead,       ///< an activation like relu always makes 0 of it
  unknown     ///< there are no bounds, or a NaN was seen
};
inline constexpr std::array<std::string_view, 5> unit_state_names = {"active", "saturated", "always_on", "dead",
                                                                     "unknown"};

/// A unit: an element of a vector, or a channel of an image or a signal.
struct unit_report {
  unit_state state{};
  interval argument = kUnknown;  ///< of the activation; unknown if there are no bounds
  double flat_share = 0;         ///< of the samples, those with a slope below the threshold
};

/// One call of an activation.
struct layer_report {
  std::string name;  ///< of the nearest named layers before it
  applied_function function{};
  std::uint32_t line = 0;     ///< in the model's source
  std::size_t positions = 1;  ///< elements of a unit
  std::vector<unit_report> units{};
  std::string unknown_because{};

  std::size_t count(unit_state state) const;
  /// The least interval of all arguments; unknown if that of a unit is.
  interval argument() const;
};

struct report_options {
  /// A slope is flat below this share of the activation's steepest one.
  double threshold = 1e-3;
  /// A unit is saturated if more than this share of the samples is flat.
  double flat_share = 0.99;
};

/// Proves states by bounds that hold for all inputs in the request's ranges. A unit that is not proven is active.
std::vector<layer_report> report_of_ranges(const graph_view& graph, const weights& w, const bounds_request& request,
                                           const report_options& options);

/// Observes states in `count` samples, which are steps from the first one on if the graph has state. `inputs` are in
/// the graph's order, as interpreter::run() takes them. Replaces the observer of `network`.
std::vector<layer_report> report_of_samples(interpreter& network, std::span<const void* const> inputs,
                                            std::size_t count, const report_options& options);

/// A place in a graph where a report looks: an `apply` in a map's program.
struct activation_site {
  std::uint32_t node = 0;         ///< the map
  std::uint32_t instruction = 0;  ///< in its program
  double steepest = 0;
  layer_report report{};  ///< without units

  /// The unit that an element of the map belongs to.
  std::size_t unit_of(std::size_t element) const { return element / report.positions; }
};
/// All activations that depend on an input or a state and have a steepest slope, with as many units as they have.
std::vector<activation_site> find_activations(const graph_view& graph);

}  // namespace inlay::saturation
