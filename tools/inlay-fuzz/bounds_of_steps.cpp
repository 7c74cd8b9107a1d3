// SPDX-License-Identifier: Apache-2.0
// The bounds of states and histories. No fold reaches from one step into the next, so that what is kept has no terms.
#include "bounds_of_steps.hpp"

namespace inlay::fuzz {

std::vector<bounded> step_memory::state(std::uint32_t node, const shape& dims, std::span<const bounded> initial) const {
  if (!kept_[node].empty()) return kept_[node];
  if (initial.empty()) return std::vector<bounded>(dims.size());
  return {initial.begin(), initial.end()};
}

void step_memory::update(std::uint32_t node, std::span<const bounded> next) {
  kept_[node].assign(next.begin(), next.end());
  for (bounded& each : kept_[node]) each.terms = 0;
}

std::vector<bounded> step_memory::history(std::uint32_t node, const ops::history_attributes& a,
                                          std::span<const bounded> x) {
  // The rows of earlier steps, oldest first, and then this step's own.
  std::vector<bounded>& rows = kept_[node];
  const std::size_t steps = static_cast<std::size_t>(a.steps());
  rows.insert(rows.end(), x.begin(), x.end());
  const std::size_t known = rows.size() / x.size();
  std::vector<bounded> y;
  for (std::size_t tap = a.taps; tap-- > 0;) {
    const std::size_t age = tap * a.dilation;
    for (std::size_t i = 0; i < x.size(); ++i)
      y.push_back(age < known ? rows[(known - 1 - age) * x.size() + i] : bounded{});
  }
  if (known > steps) rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(x.size()));
  for (bounded& each : rows) each.terms = 0;
  return y;
}

}  // namespace inlay::fuzz
