// SPDX-License-Identifier: Apache-2.0
// The picture of the rings, before and after the feature map.
#pragma once

#include <span>
#include <string>

#include "../perceptron/analysis.hpp"
#include "rings.hpp"

namespace circles_example {

/// `in_plane` are the updates with the rings as they are, which become `repeats`. `in_features` are the updates with
/// the lifted rings, which have ended with `learned`. Throws std::runtime_error if the learned line is no ellipse in
/// the plane.
std::string draw(const trapped& proof, std::span<const perceptron_example::update> in_plane,
                 const perceptron_example::cycle& repeats, std::span<const perceptron_example::update> in_features);

}  // namespace circles_example
