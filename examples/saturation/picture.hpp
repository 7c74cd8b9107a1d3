// SPDX-License-Identifier: Apache-2.0
// The picture of saturation: where the neurons stand, how many are flat, and what the network learns.
#pragma once

#include <span>
#include <string>

#include "sweep.hpp"

namespace saturation_example {

/// Draws the experiments, each raw one in front of its normalised twin, as SVG.
std::string draw(std::span<const experiment> experiments);

}  // namespace saturation_example
