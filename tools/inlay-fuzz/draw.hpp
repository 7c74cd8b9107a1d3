// SPDX-License-Identifier: Apache-2.0
// Draws random networks from all operations, instructions and activations of the tables.
#pragma once

#include "network.hpp"
#include "random_source.hpp"

namespace inlay::fuzz {

struct draw_settings {
  std::uint32_t most_nodes = 12;        ///< approximate number of statements besides inputs and weights
  std::uint32_t most_elements = 2200;   ///< of one value
  std::uint32_t most_weights = 150000;  ///< of one layer
  int state = -1;                       ///< whether it remembers anything: 0 never, 1 always, else sometimes
  /// Names of table rows that are not drawn. "parameter_output" and "input_output" exclude such outputs.
  std::set<std::string, std::less<>> without{};

  bool has(std::string_view name) const { return !without.contains(name); }
};

/// A well-formed network, determined by the state of `random`.
network draw_network(random_source& random, const draw_settings& settings, std::string name = "fuzzed");

}  // namespace inlay::fuzz
