// SPDX-License-Identifier: Apache-2.0
// Values and slopes of the activations on intervals, found at the ends and at the points where they turn or jump.
#include "activation_ranges.hpp"

#include <array>
#include <numbers>

namespace inlay::saturation {
namespace {

/// Up to six numbers.
struct points {
  std::array<double, 6> at{};
  std::size_t count = 0;

  points(std::initializer_list<double> all) {
    for (double each : all) at[count++] = each;
  }
};

/// Where the function or the size of its derivative has an extreme, a kink or a jump. Between two of these points both
/// are monotone. Extremes of smooth functions are given to ten digits: there a function changes by the square of an
/// error of its argument.
points turning_points(const applied_function& f, const interval& x) {
  switch (f.function) {
    case activation::relu6: return {0, 6};
    case activation::softplus: return {f.p1 / f.p0};
    case activation::step:
    case activation::threshold: return {f.p0};
    case activation::hard_tanh:
    case activation::clamp: return {f.p0, f.p1};
    case activation::hard_sigmoid: return {-3, 3};
    case activation::hard_swish: return {-3, -1.5, 3};
    case activation::gelu: return {-std::numbers::sqrt2, -0.7517915246935645, std::numbers::sqrt2};
    case activation::gelu_tanh: return {-1.41850400883, -0.7524614220710164, 1.41850400883};
    case activation::silu: return {-2.39935728058, -1.278464542761074, 2.39935728058};
    case activation::mish: return {-2.25637639638, -1.1924312145154954, 1.49057117954};
    case activation::sin:
    case activation::cos: {
      // A period has four extremes of function and derivative, and the fifth multiple repeats the first.
      constexpr double quarter = std::numbers::pi / 2;
      const double first = std::ceil(x.low / quarter);
      return {first * quarter, (first + 1) * quarter, (first + 2) * quarter, (first + 3) * quarter,
              (first + 4) * quarter};
    }
    default: return {0};
  }
}

/// Calls `each` with the ends of `x` and, inside of it, with its turning points and the numbers on both sides of them.
template <class Each>
void look_at(const applied_function& f, const interval& x, Each each) {
  each(x.low);
  each(x.high);
  const points turns = turning_points(f, x);
  for (std::size_t i = 0; i < turns.count; ++i) {
    const double at = turns.at[i];
    if (!x.holds(at)) continue;  // nor if it is NaN, the quotient of two parameters that are 0
    each(at);
    // A jump at a quotient may be some units beside the rounded one.
    const double beside = 4 * std::numeric_limits<double>::epsilon() * std::abs(at);
    const double before = std::min(at - beside, std::nextafter(at, -math::infinity));
    const double behind = std::max(at + beside, std::nextafter(at, math::infinity));
    if (x.holds(before)) each(before);
    if (x.holds(behind)) each(behind);
  }
}

/// Whether softplus changes on `x` from log(1 + exp(beta x)) / beta to x. It does where beta x, rounded, exceeds the
/// threshold, which is within some units of the quotient, or within numbers that the product makes 0.
bool jumps_on(const applied_function& f, const interval& x) {
  if (f.function != activation::softplus) return false;
  const double at = f.p1 / f.p0, beside = 8 * std::numeric_limits<double>::epsilon() * std::abs(at) + 0x1p-900;
  return x.low - beside <= at && at <= x.high + beside;
}

bool is_periodic(activation function) { return function == activation::sin || function == activation::cos; }

/// Beyond this argument the compiled sin and cos lose accuracy; their results stay in [-1, 1].
constexpr double kMostOfPeriodic = 32768;

/// The errors of rounded parameters and of libm, in units of 2^-53, are below this share.
constexpr double kOfDouble = 0x1p-40;

}  // namespace

interval values_on(const applied_function& f, const interval& x) {
  if (is_periodic(f.function) && size_of(x) > kMostOfPeriodic) return {-1, 1};
  double low = math::infinity, high = -math::infinity;
  bool has_nan = false;
  look_at(f, x, [&](double at) {
    const double y = f.value(at);
    has_nan = has_nan || math::is_nan(y);
    low = std::min(low, y), high = std::max(high, y);
  });
  if (jumps_on(f, x))
    for (const double y : {f.p1 / f.p0, detail::softplus(f.p1) / f.p0})
      low = std::min(low, y), high = std::max(high, y);
  return has_nan ? kUnknown : settled(low, high);
}

interval compiled_values_on(const applied_function& f, const interval& x) {
  if (!x.is_known()) return kUnknown;
  const interval y = values_on(f, x);
  const activation_row& row = row_of(f.function);
  const double ulp = static_cast<double>(row.contract(f.tier));
  // Half an ulp is the error of a correct rounding. Functions that yield 0, 1, a parameter or their argument have none.
  const bool is_exact = ulp <= 0.5 && f.function != activation::leaky_relu && f.function != activation::square;
  const interval rounded = is_exact ? y : widened(y, 2 * kRounding * (ulp + 1) + kOfDouble);
  if (f.tier != accuracy::approximate || !row.has_approximate || !rounded.is_known()) return rounded;
  const double own = approximate_error * std::max(1.0, size_of(y));
  return settled(rounded.low - own, rounded.high + own);
}

double steepest_on(const applied_function& f, const interval& x) {
  double most = 0;
  bool has_nan = false;
  look_at(f, x, [&](double at) {
    const double slope = std::abs(f.slope(at));
    has_nan = has_nan || math::is_nan(slope);
    most = std::max(most, slope);
  });
  if (jumps_on(f, x)) most = std::max({most, 1.0, detail::sigmoid(f.p1)});
  return has_nan ? math::nan : most;
}

std::optional<double> steepest(const applied_function& f) {
  switch (f.function) {
    case activation::exp:
    case activation::log:
    case activation::sqrt:
    case activation::rsqrt:
    case activation::square:
    case activation::reciprocal: return {};
    case activation::sin:
    case activation::cos: return 1;
    default: break;
  }
  constexpr double most = std::numeric_limits<float>::max();
  const double slope = steepest_on(f, {-most, most});
  if (!(slope < math::infinity)) return {};
  return slope;
}

bool is_like_relu(activation function) {
  switch (function) {
    case activation::relu:
    case activation::leaky_relu:
    case activation::relu6:
    case activation::elu:
    case activation::selu:
    case activation::celu:
    case activation::gelu:
    case activation::gelu_tanh:
    case activation::silu:
    case activation::mish:
    case activation::softplus:
    case activation::hard_swish:
    case activation::threshold: return true;
    default: return false;
  }
}

bool is_on(const applied_function& f, const interval& x) {
  switch (f.function) {
    case activation::relu:
    case activation::leaky_relu:
    case activation::elu:
    case activation::selu:
    case activation::celu: return x.low >= 0;
    case activation::relu6: return x.low >= 0 && x.high <= 6;
    case activation::hard_swish: return x.low >= 3;
    case activation::threshold: return x.low > f.p0;
    case activation::softplus: return f.p0 * x.low > f.p1 && f.p0 * x.high > f.p1;
    default: return false;
  }
}

}  // namespace inlay::saturation
