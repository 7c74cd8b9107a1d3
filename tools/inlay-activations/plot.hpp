// SPDX-License-Identifier: Apache-2.0
// The pictures of the page, as SVG whose classes the page's style colours.
#pragma once

#include <string>
#include <vector>

#include "measure.hpp"
#include "shape.hpp"

namespace inlay::activations_page {

/// Curve and derivative with axes. The parts where the activation is flat are shaded.
std::string curve_plot(const activation_row& row, const shape& s);

/// Curve and derivative without labels, for a table.
std::string curve_thumbnail(const activation_row& row, const shape& s);

/// The largest error in each bucket of the sweep, with the limits as lines and the certificates' worst cases as rings.
/// All forms must have the same unit.
std::string error_plot(const std::vector<const form_result*>& forms);

/// The time of each form as a bar. `longest` is the time that fills the width.
std::string time_plot(const activation_result& result, double longest);

/// All curves and derivatives as one picture that stands alone, with a style of its own for light and dark.
std::string overview_picture(const std::vector<const activation_row*>& rows);

/// "−0.0313", "∞": three digits, or as many as `digits` says.
std::string number(double value, int digits = 3);
/// "2⁻²⁰", "10⁴".
std::string power(int base, int exponent);

}  // namespace inlay::activations_page
