// SPDX-License-Identifier: Apache-2.0
// What the error analysis carries from one step to the next.
#pragma once

#include "bounds.hpp"
#include "inlay/operations.hpp"

namespace inlay::fuzz {

/// What a graph with state remembers, by node and with errors: the next value of a state, and the rows of a history.
class step_memory {
 public:
  explicit step_memory(std::size_t nodes = 0) : kept_(nodes) {}

  /// State `node` in this step. `initial` is its first value, or empty for zeros.
  std::vector<bounded> state(std::uint32_t node, const shape& dims, std::span<const bounded> initial) const;
  /// From the next step on, state `node` is `next`.
  void update(std::uint32_t node, std::span<const bounded> next);
  /// The rows that history `node` gives when x is its operand in this step.
  std::vector<bounded> history(std::uint32_t node, const ops::history_attributes& a, std::span<const bounded> x);

 private:
  std::vector<std::vector<bounded>> kept_;
};

}  // namespace inlay::fuzz
