// SPDX-License-Identifier: Apache-2.0
// Draws points of two classes and the lines of a neuron. The example circles uses it, too.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analysis.hpp"
#include "svg.hpp"

namespace perceptron_example {

/// The CSS of all classes that these functions use.
extern const char* const plane_style;

/// Filled for points for which the neuron shall fire, hollow for the others.
void draw_points(picture::drawing& d, const picture::panel& p, std::span<const point> points);
/// What the two kinds of points mean, side by side from this place on.
void draw_legend(picture::drawing& d, double x, double y);

/// The line of each update, from pale to dark, and the last one in black.
void draw_lines(picture::panel& p, std::span<const update> updates);
/// The shades of draw_lines(), with the numbers of the first and the last update.
void draw_shades(picture::drawing& d, double x, double y, std::size_t updates);

/// The side on which the neuron fires.
void draw_side(picture::panel& p, const neuron_weights& w);

/// "2.28 x + 3.19 y = 1", for the line where the neuron's sum is 0.
std::string equation(const neuron_weights& w, const char* x, const char* y);

}  // namespace perceptron_example
