// SPDX-License-Identifier: Apache-2.0
// Bounds of the instructions of a map.
#pragma once

#include "bounds_of_runs.hpp"

namespace inlay::fuzz {

inline bool is_exact(const bounded& x) { return x.error == 0; }

bounded multiplied(const bounded& a, const bounded& b);

/// The bound of one instruction of a program. `results` are those of the instructions before it. Activations are
/// assumed to be off by at least `activation_ulp`.
bounded of_instruction(const instruction& c, std::span<const bounded> results, std::span<const bounded> operands,
                       double activation_ulp);

}  // namespace inlay::fuzz
