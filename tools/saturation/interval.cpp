// SPDX-License-Identifier: Apache-2.0
// Arithmetic of intervals.
#include "interval.hpp"

#include <iterator>

namespace inlay::saturation {

interval widened(const interval& x, double share) {
  if (!x.is_known()) return kUnknown;
  const auto outwards = [share](double end) { return std::abs(end) * share + kDenormal; };
  double low = x.low, high = x.high;
  if (low < 0) low -= outwards(low);
  if (low > 0) low = std::max(low - outwards(low), 0.0);
  if (high > 0) high += outwards(high);
  if (high < 0) high = std::min(high + outwards(high), 0.0);
  return settled(low, high);
}

interval product(const interval& a, const interval& b) {
  if (!a.is_known() || !b.is_known()) return kUnknown;
  const double ends[] = {a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high};
  const auto [least, greatest] = std::minmax_element(std::begin(ends), std::end(ends));
  return {*least, *greatest};
}

interval quotient(const interval& a, const interval& b) {
  if (!a.is_known() || !b.is_known() || b.holds(0.0)) return kUnknown;
  const double ends[] = {a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high};
  const auto [least, greatest] = std::minmax_element(std::begin(ends), std::end(ends));
  return {*least, *greatest};
}

}  // namespace inlay::saturation
