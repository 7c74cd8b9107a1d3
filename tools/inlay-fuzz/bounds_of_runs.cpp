// SPDX-License-Identifier: Apache-2.0
// Bounds of runs of elements: of reductions and norms.
#include "bounds_of_runs.hpp"

#include <algorithm>
#include <cmath>

namespace inlay::fuzz {

bounded settled(double value, double error) {
  if (std::isnan(error)) return kUnknown;
  if (!std::isfinite(value)) return error < kInfinity ? bounded{value, 0} : kUnknown;
  return std::abs(value) + error < kGreatest ? bounded{value, error} : kUnknown;
}

namespace {

bounded place_of_largest(std::span<const bounded> run) {
  const auto is_nan = [](const bounded& x) { return std::isnan(x.value); };
  if (const auto found = std::ranges::find_if(run, is_nan); found != run.end())
    return {static_cast<double>(found - run.begin()), 0};
  double least = -kInfinity, earlier = -kInfinity;  // what the largest element is at least: of all, of earlier ones
  for (const bounded& x : run) least = std::max(least, x.value - x.error);
  double first = -1, last = 0;
  for (std::size_t i = 0; i < run.size(); ++i) {
    const double most = run[i].value + run[i].error;
    if (most >= least && (i == 0 || most > earlier)) {
      last = static_cast<double>(i);
      if (first < 0) first = last;
    }
    earlier = std::max(earlier, run[i].value - run[i].error);
  }
  return {(first + last) / 2, (last - first) / 2};
}

}  // namespace

bounded reduced(ops::reduction kind, std::span<const bounded> run) {
  const bool known = std::ranges::all_of(run, [](const bounded& x) { return x.is_known(); });
  const double length = static_cast<double>(run.size());
  if (kind == ops::reduction::argmax && !known) return {(length - 1) / 2, (length - 1) / 2};
  if (!known) return kUnknown;
  double sum = 0, magnitude = 0, error = 0, most_error = 0, largest = -kInfinity, smallest = kInfinity;
  bool nan = false;
  for (const bounded& x : run) {
    sum += x.value, error += x.error, most_error = std::max(most_error, x.error), nan = nan || std::isnan(x.value);
    if (std::isfinite(x.value)) magnitude += std::abs(x.value);
    largest = std::max(largest, x.value), smallest = std::min(smallest, x.value);
  }
  switch (kind) {
    case ops::reduction::argmax: return place_of_largest(run);
    case ops::reduction::amax: return nan ? bounded{kNan, 0} : settled(largest, most_error);
    case ops::reduction::amin: return nan ? bounded{kNan, 0} : settled(smallest, most_error);
    default: break;
  }
  if (!std::isnan(sum) && !(magnitude + error < kGreatest / 4)) return kUnknown;
  const double own = error + (length + 2) * (kUnit * (magnitude + error) + kDenormal);
  return kind == ops::reduction::mean ? settled(sum / length, own / length + kDenormal) : settled(sum, own);
}

/// Follows the definition: the errors of the mean, of each difference d from it, of the variance and of 1 / deviation.
/// The difference of two near numbers is small, but its error is not. Dividing by a small deviation makes it large.
normalised normalised_run(std::span<const bounded> run, bool centred, double eps) {
  std::vector<bounded> y;
  const double count = static_cast<double>(run.size()), roundings = count + 3;
  double mean = 0, magnitude = 0, mean_error = 0;
  bool known = true, nan = false, infinite = false;
  for (const bounded& x : run) {
    known = known && x.is_known(), nan = nan || std::isnan(x.value), infinite = infinite || std::isinf(x.value);
    mean += x.value / count, mean_error += x.error / count, magnitude += std::abs(x.value) + x.error;
  }
  const auto all = [&](const bounded& each, const bounded& largest = kUnknown) {
    return normalised{std::vector<bounded>(run.size(), each), largest};
  };
  if (!known) return all(kUnknown);
  // The mean of infinities is infinite or NaN, and their difference from it NaN.
  if (nan || (infinite && centred)) return all({kNan, 0});
  if (infinite) {
    for (const bounded& x : run) y.push_back(std::isinf(x.value) ? bounded{kNan, 0} : bounded{0, 0});
    return {y, kUnknown};
  }
  mean_error += roundings * (kUnit * magnitude / count + kDenormal);
  if (!centred) mean = mean_error = 0;
  std::vector<double> errors;
  double variance = 0, variance_error = 0, most = 0;
  for (const bounded& x : run) {
    const double d = std::abs(x.value - mean), exact = x.error + mean_error;
    const double error = exact + (centred ? kUnit * (d + exact) : 0);
    errors.push_back(error), most = std::max(most, d + error);
    variance += d * d / count, variance_error += ((2 * d + error) * error + kDenormal) / count;
  }
  const bounded largest{most * most * count, 0};
  if (!(magnitude < kGreatest / 4 && most * most * count < kGreatest / 4)) return all(kUnknown, largest);
  variance_error += roundings * kUnit * (variance + variance_error);
  const double square = variance + eps, error = variance_error + kUnit * (square + variance_error);
  const double least = std::max(square - error, eps * (1 - 2 * kUnit));
  // A computed deviation may be 0.
  if (!(least > 0)) return all(kUnknown);
  const double scale = 1 / std::sqrt(square), off = std::max(std::sqrt(square / least) - 1, error / square) + 4 * kUnit;
  // However wrong the mean is: the sum of the squares contains the square of d, so no result exceeds this, unless the
  // squares underflow and eps does not hide that.
  const double limit = eps > 0x1p-80 ? std::sqrt(count) * (1 + roundings * kUnit) : kInfinity;
  for (std::size_t i = 0; i < run.size(); ++i) {
    const double d = run[i].value - mean, result = d * scale;
    const double own = scale * (errors[i] + (std::abs(d) + errors[i]) * off) + kDenormal;
    y.push_back(settled(result, std::min(own, std::abs(result) + limit)));
  }
  return {y, largest};
}

}  // namespace inlay::fuzz
