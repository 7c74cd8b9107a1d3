// SPDX-License-Identifier: Apache-2.0
// The roofline picture of a report: each network's speed over its arithmetic intensity (FLOP per byte read).
#pragma once

#include <string>

#include "networks.hpp"

namespace inlay::bench {

/// An SVG picture with a legend; empty if no network multiplies. See Williams, Waterman, Patterson: "Roofline", 2009.
std::string roofline(const networks_report& report);

}  // namespace inlay::bench
