// SPDX-License-Identifier: Apache-2.0
// What can be seen from an activation's formula and derivative alone.
#include "shape.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "accuracy.hpp"

namespace inlay::activations_page {
namespace {

using tools::float_in_order;
using tools::index_in_order;

constexpr float largest = std::numeric_limits<float>::max();
/// An eighth of an octave, in floats.
constexpr std::uint32_t eighth = 1 << 20;
constexpr double infinity = std::numeric_limits<double>::infinity();
/// A tail that begins beyond says nothing about the function, only about f32's end.
constexpr double far = 1e30;

/// The end of the line of floats, on the left or on the right, on which `holds` is true. None if it is shorter than
/// from `far` on.
std::optional<interval> end_where(const std::function<bool(double)>& holds, bool left) {
  const std::uint32_t from = index_in_order(left ? -largest : largest), to = index_in_order(left ? largest : -largest);
  const auto at = [](std::uint32_t i) { return static_cast<double>(float_in_order(i)); };
  if (!holds(at(from))) return std::nullopt;
  std::uint32_t inside = from, outside = to;
  for (bool found = false; !found;) {
    if ((left ? to - inside : inside - to) <= eighth) return interval{-infinity, infinity};
    outside = left ? inside + eighth : inside - eighth;
    if (holds(at(outside)))
      inside = outside;
    else
      found = true;
  }
  while ((left ? outside - inside : inside - outside) > 1) {
    const std::uint32_t middle = inside / 2 + outside / 2 + (inside & outside & 1);
    (holds(at(middle)) ? inside : outside) = middle;
  }
  const double end = at(inside);
  if (std::abs(end) > far && (end < 0) == left) return std::nullopt;
  return left ? interval{-infinity, end} : interval{end, infinity};
}

float rounded(double value) {
  // Doubles beyond f32's range become infinite, which a cast does not promise.
  if (std::abs(value) >= 0x1p128)
    return std::copysign(std::numeric_limits<float>::infinity(), static_cast<float>(value > 0) - 0.5f);
  return static_cast<float>(value);
}

interval values_of(const std::function<double(double)>& f) {
  interval values{infinity, -infinity};
  const auto add = [&](double x) {
    const double y = static_cast<double>(rounded(f(x)));
    if (std::isnan(y)) return;
    values.low = std::min(values.low, y), values.high = std::max(values.high, y);
  };
  add(-infinity), add(infinity);
  const std::uint64_t last = index_in_order(largest);
  // Every 128th of an octave; for sine and cosine also evenly.
  for (std::uint64_t i = index_in_order(-largest); i <= last; i += eighth / 16)
    add(static_cast<double>(float_in_order(static_cast<std::uint32_t>(i))));
  for (int i = -2000; i <= 2000; ++i) add(i * 0.005);
  return values;
}

/// The part of the axis that a picture shows: the usual one, or enough to see where a function becomes flat.
interval window_of(const std::function<double(double)>& f, const std::vector<interval>& flat) {
  constexpr double usual = 6, most = 12, beyond = 1.5;
  interval x{-usual, usual};
  if (std::isnan(f(-1))) x.low = -1;
  for (const interval& each : flat) {
    if (each.high < -usual + beyond && each.high > -most) x.low = std::floor(each.high - beyond);
    if (each.low > usual - beyond && each.low < most) x.high = std::ceil(each.low + beyond);
  }
  return x;
}

/// The values of curve and derivative in the window, as far as they are not much larger than the arguments.
interval height_of(const std::function<double(double)>& f, const std::function<double(double)>& derivative,
                   interval x) {
  constexpr double most = 6.4;
  interval y{0, 0};
  for (int i = 0; i <= 400; ++i)
    for (const auto& each : {f, derivative}) {
      const double value = std::clamp(each(x.low + x.length() * i / 400), -most, most);
      if (std::isnan(value)) continue;
      y.low = std::min(y.low, value), y.high = std::max(y.high, value);
    }
  const double margin = 0.06 * std::max(y.length(), 1.0);
  return {y.low - margin, y.high + margin};
}

}  // namespace

std::function<double(double)> curve_of(const activation_row& row) {
  return [&row](double x) {
    return row.formula(x, static_cast<double>(row.defaults[0]), static_cast<double>(row.defaults[1]));
  };
}

std::function<double(double)> derivative_of(const activation_row& row) {
  return [&row](double x) {
    return row.derivative(x, static_cast<double>(row.defaults[0]), static_cast<double>(row.defaults[1]));
  };
}

shape shape_of(const activation_row& row) {
  const auto f = curve_of(row), derivative = derivative_of(row);
  shape result{.values = values_of(f), .flat = {}, .constants = {}, .x = {}, .y = {}};
  for (const bool left : {true, false}) {
    const auto flat =
        end_where([&](double x) { return std::abs(derivative(x)) < flat_slope && !std::isnan(f(x)); }, left);
    const bool everywhere = !result.flat.empty() && result.flat.front().is_everything();
    if (flat && !everywhere) result.flat.push_back(*flat);
    const float value = rounded(f(static_cast<double>(left ? -largest : largest)));
    const auto constant = end_where([&](double x) { return rounded(f(x)) == value; }, left);
    if (constant) result.constants.push_back({*constant, static_cast<double>(value)});
  }
  result.x = window_of(f, result.flat);
  result.y = height_of(f, derivative, result.x);
  return result;
}

std::vector<std::vector<point>> lines_of(const std::function<double(double)>& f, interval x, int steps, double jump) {
  std::vector<std::vector<point>> lines;
  point before{x.low, std::nan("")};
  for (int i = 0; i <= steps; ++i) {
    point next{x.low + x.length() * i / steps, 0};
    next.y = f(next.x);
    const bool was = std::isfinite(before.y), is = std::isfinite(next.y);
    point left = before, right = next;
    if (i > 0 && (was != is || (was && std::abs(next.y - before.y) > jump))) {
      // Where between the two does it happen? Halving keeps the larger step, or the end of the finite values.
      for (int halvings = 0; halvings < 40; ++halvings) {
        point middle{(left.x + right.x) / 2, 0};
        middle.y = f(middle.x);
        const bool go_left =
            was != is ? std::isfinite(middle.y) != was : std::abs(middle.y - left.y) > std::abs(right.y - middle.y);
        (go_left ? right : left) = middle;
      }
    }
    const bool breaks = was && is && std::abs(right.y - left.y) > jump;
    if (!was && is) lines.emplace_back(1, i > 0 ? right : next);
    if (was && (!is || breaks)) lines.back().push_back(left);
    if (breaks) lines.emplace_back(1, right);
    if (is) lines.back().push_back(next);
    before = next;
  }
  return lines;
}

}  // namespace inlay::activations_page
