// SPDX-License-Identifier: Apache-2.0
// The table of activations. A row holds name, parameters, formula and derivative in double, accuracy contract and
// domain notes. The DSL, the interpreter and the compiler all take an activation's meaning from here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inlay/math.hpp"

namespace inlay {

/// Identity of an activation in a graph. Values are part of the graph contract: never reuse or renumber one.
enum class activation : std::uint32_t {
  none = 0,
  relu = 1,
  leaky_relu = 2,
  sigmoid = 3,
  tanh = 4,
  softplus = 5,
  step = 6,
  exp = 7,
  relu6 = 8,
  elu = 9,
  selu = 10,
  celu = 11,
  gelu = 12,
  gelu_tanh = 13,
  silu = 14,
  mish = 15,
  hard_sigmoid = 16,
  hard_swish = 17,
  hard_tanh = 18,
  log_sigmoid = 19,
  softsign = 20,
  log = 21,
  sqrt = 22,
  rsqrt = 23,
  abs = 24,
  sign = 25,
  square = 26,
  reciprocal = 27,
  sin = 28,
  cos = 29,
  erf = 30,
  threshold = 31,
  clamp = 32,
};

/// Accuracy tier of one call: `exact` is the default, `fast` gives up the last bits to save time, `approximate` all but
/// the first twelve.
enum class accuracy : std::uint32_t { exact = 0, fast = 1, approximate = 2 };
inline constexpr accuracy accuracy_tiers[] = {accuracy::exact, accuracy::fast, accuracy::approximate};
inline constexpr std::string_view name_of(accuracy tier) {
  return tier == accuracy::exact ? "exact" : tier == accuracy::fast ? "fast" : "approximate";
}

/// The largest error of the `approximate` forms: 2^-13, times the result where that is greater than 1.
inline constexpr double approximate_error = 0x1p-13;

/// One row of the table. `formula` and `derivative` take x and the two parameters and work in constant expressions. In
/// every row NaN in gives NaN out.
struct activation_row {
  activation id;
  std::string_view name;     ///< PyTorch's name (torch.nn.functional)
  std::uint32_t parameters;  ///< how many of p0, p1 are used
  std::array<std::string_view, 2> parameter_names;
  std::array<float, 2> defaults;
  double (*formula)(double x, double p0, double p1);
  double (*derivative)(double x, double p0, double p1);  ///< where undefined, PyTorch's choice
  float exact_ulp;                                       ///< largest error of the compiled `exact` form, in f32 ulp
  std::string_view domain;                               ///< range, saturation, and what happens at the edges
  float fast_ulp = 0;                                    ///< the same for the `fast` form; 0: `fast` means `exact`
  bool has_approximate = false;                          ///< otherwise `approximate` means `fast`

  /// Whether it has a form of its own for `tier`.
  constexpr bool has(accuracy tier) const {
    return tier == accuracy::exact || (tier == accuracy::fast ? fast_ulp > 0 : has_approximate);
  }
  /// Largest error at `tier`, in f32 ulp. The error of an `approximate` form is approximate_error instead.
  constexpr float contract(accuracy tier) const {
    return tier != accuracy::exact && fast_ulp > 0 ? fast_ulp : exact_ulp;
  }
};

namespace detail {

// Definitions that several rows share.
constexpr double sigmoid(double x) {
  const double e = math::exp(x < 0 ? x : -x);
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}
constexpr double normal_cdf(double x) { return 0.5 * math::erfc(-x * 0.70710678118654752440); }
constexpr double normal_density(double x) { return 0.39894228040143267794 * math::exp(-0.5 * x * x); }
constexpr double softplus(double x) { return x > 0 ? x + math::log1p(math::exp(-x)) : math::log1p(math::exp(x)); }
/// min(max(x, low), high) as in torch.clamp: `high` if low > high. NaN stays NaN.
constexpr double clamp(double x, double low, double high) {
  const double raised = x < low ? low : x;
  return raised > high ? high : raised;
}
/// x * factor, for a factor that goes to 0 faster than x goes to -inf. Gives -0 where -inf * 0 would be NaN.
constexpr double damped(double x, double factor) { return x < 0 && math::is_equal(factor, 0) ? -0.0 : x * factor; }
/// The derivative of a jump: 0. With `through`, which is then not 0, the one of the straight-through estimator (Bengio,
/// Leonard, Courville 2013) in the form of Hubara et al. 2016, that of hard_tanh: 1 up to 1 from the jump.
constexpr double straight_through(double x, double from_jump, double through) {
  return math::is_nan(x) ? x : !math::is_equal(through, 0) && from_jump >= -1 && from_jump <= 1 ? 1.0 : 0.0;
}
constexpr double selu_alpha = 1.6732632423543772848170429916717, selu_scale = 1.0507009873554804934193349852946;
/// sqrt(8 / pi), twice the factor of the tanh form of gelu.
constexpr double gelu_tanh_factor = 1.5957691216057307117597842397375;

}  // namespace detail

/// Rows in the order of their ids, starting with activation 1.
inline constexpr activation_row activation_table[] = {
    {activation::relu,
     "relu",
     0,
     {},
     {},
     [](double x, double, double) { return x < 0 ? 0.0 : x; },
     [](double x, double, double) { return math::is_nan(x) ? x
                                           : x > 0         ? 1.0
                                                           : 0.0; },
     0.5f,
     "max(x, 0); range [0, inf]; sparse: half of a centred input becomes exactly 0"},
    {activation::leaky_relu,
     "leaky_relu",
     1,
     {"negative_slope"},
     {0.01f},
     [](double x, double slope, double) { return x < 0 ? slope * x : x; },
     [](double x, double slope, double) { return math::is_nan(x) ? x
                                                 : x > 0         ? 1.0
                                                                 : slope; },
     0.5f,
     "x for x >= 0, negative_slope * x below"},
    {activation::sigmoid,
     "sigmoid",
     0,
     {},
     {},
     [](double x, double, double) { return detail::sigmoid(x); },
     [](double x, double, double) { return detail::sigmoid(x) * detail::sigmoid(-x); },
     2,
     "1 / (1 + exp(-x)); range [0, 1], monotone; saturates: the derivative is below 1e-4 beyond |x| = 9.2",
     0,
     true},
    {activation::tanh,
     "tanh",
     0,
     {},
     {},
     [](double x, double, double) { return math::tanh(x); },
     [](double x, double, double) { return 1 - math::tanh(x) * math::tanh(x); },
     1.1f,
     "range [-1, 1], monotone, odd; saturates beyond |x| = 9.01 in f32",
     0,
     true},
    {activation::softplus,
     "softplus",
     2,
     {"beta", "threshold"},
     {1.0f, 20.0f},
     [](double x, double beta, double threshold) {
       return beta * x > threshold ? x : detail::softplus(beta * x) / beta;
     },
     [](double x, double beta, double threshold) { return beta * x > threshold ? 1.0 : detail::sigmoid(beta * x); },
     2,
     "log(1 + exp(beta x)) / beta, and x itself where beta x > threshold; range [0, inf]; never overflows",
     6,
     true},
    {activation::step,
     "step",
     2,
     {"threshold", "straight_through"},
     {0.0f, 0.0f},
     [](double x, double threshold, double) { return math::is_nan(x) ? x
                                                     : x > threshold ? 1.0
                                                                     : 0.0; },
     [](double x, double threshold, double through) { return detail::straight_through(x, x - threshold, through); },
     0.5f,
     "the threshold neuron: 1 if x > threshold, else 0; with straight_through it is trained as if its slope were 1 "
     "within 1 of the threshold"},
    {activation::exp,
     "exp",
     0,
     {},
     {},
     [](double x, double, double) { return math::exp(x); },
     [](double x, double, double) { return math::exp(x); },
     1,
     "range [0, inf]; overflows to inf above 88.72 in f32; denormal results are kept",
     0,
     true},
    {activation::relu6,
     "relu6",
     0,
     {},
     {},
     [](double x, double, double) { return detail::clamp(x, 0, 6); },
     [](double x, double, double) { return math::is_nan(x)  ? x
                                           : x > 0 && x < 6 ? 1.0
                                                            : 0.0; },
     0.5f,
     "min(max(x, 0), 6)"},
    {activation::elu,
     "elu",
     1,
     {"alpha"},
     {1.0f},
     [](double x, double alpha, double) { return x < 0 ? alpha * math::expm1(x) : x; },
     [](double x, double alpha, double) { return x > 0 ? 1.0 : alpha * math::exp(x); },
     2,
     "x for x >= 0, alpha (exp(x) - 1) below; range [-alpha, inf]"},
    {activation::selu,
     "selu",
     0,
     {},
     {},
     [](double x, double, double) { return detail::selu_scale * (x > 0 ? x : detail::selu_alpha * math::expm1(x)); },
     [](double x, double, double) { return detail::selu_scale * (x > 0 ? 1.0 : detail::selu_alpha * math::exp(x)); },
     2,
     "1.0507 elu(x, 1.6733): keeps mean 0 and variance 1 through deep stacks"},
    {activation::celu,
     "celu",
     1,
     {"alpha"},
     {1.0f},
     [](double x, double alpha, double) { return x < 0 ? alpha * math::expm1(x / alpha) : x; },
     [](double x, double alpha, double) { return x > 0 ? 1.0 : math::exp(x / alpha); },
     2,
     "x for x >= 0, alpha (exp(x / alpha) - 1) below"},
    {activation::gelu,
     "gelu",
     0,
     {},
     {},
     [](double x, double, double) { return detail::damped(x, detail::normal_cdf(x)); },
     [](double x, double, double) { return detail::normal_cdf(x) + detail::damped(x, detail::normal_density(x)); },
     2,
     "x Phi(x), Phi the normal distribution; relative accuracy in the negative tail",
     7,
     true},
    {activation::gelu_tanh,
     "gelu_tanh",
     0,
     {},
     {},
     [](double x, double, double) {
       return detail::damped(x, detail::sigmoid(detail::gelu_tanh_factor * (x + 0.044715 * x * x * x)));
     },
     [](double x, double, double) {
       const double s = detail::sigmoid(detail::gelu_tanh_factor * (x + 0.044715 * x * x * x));
       const double slope = detail::gelu_tanh_factor * (1 + 3 * 0.044715 * x * x);
       return s + detail::damped(x, s * (1 - s)) * slope;
     },
     2,
     "gelu with approximate='tanh' of PyTorch; relative accuracy in the negative tail"},
    {activation::silu,
     "silu",
     0,
     {},
     {},
     [](double x, double, double) { return detail::damped(x, detail::sigmoid(x)); },
     [](double x, double, double) {
       return detail::sigmoid(x) + detail::damped(x, detail::sigmoid(x)) * detail::sigmoid(-x);
     },
     2,
     "x sigmoid(x), also called swish; least value -0.278",
     0,
     true},
    {activation::mish,
     "mish",
     0,
     {},
     {},
     [](double x, double, double) {
       const double u = math::exp(x < 0 ? x : -x);
       const double n = x < 0 ? u * (u + 2) : 1 + 2 * u, d = x < 0 ? n + 2 : n + 2 * u * u;
       return detail::damped(x, n / d);
     },
     [](double x, double, double) {
       const double t = math::tanh(detail::softplus(x));
       return t + detail::damped(x, (1 - t * t) * detail::sigmoid(x));
     },
     2,
     "x tanh(softplus(x)); least value -0.309",
     6},
    {activation::hard_sigmoid,
     "hard_sigmoid",
     0,
     {},
     {},
     [](double x, double, double) { return detail::clamp(x + 3, 0, 6) / 6; },
     [](double x, double, double) { return math::is_nan(x)   ? x
                                           : x > -3 && x < 3 ? 1.0 / 6
                                                             : 0.0; },
     2,
     "min(max(x + 3, 0), 6) / 6"},
    {activation::hard_swish,
     "hard_swish",
     0,
     {},
     {},
     [](double x, double, double) { return x <= -3 ? -0.0 : x * (detail::clamp(x + 3, 0, 6) / 6); },
     [](double x, double, double) {
       return math::is_nan(x) ? x : x <= -3 ? 0.0 : x >= 3 ? 1.0 : x / 3 + 0.5;
     },
     2,
     "x hard_sigmoid(x)"},
    {activation::hard_tanh,
     "hard_tanh",
     2,
     {"min_val", "max_val"},
     {-1.0f, 1.0f},
     [](double x, double low, double high) { return detail::clamp(x, low, high); },
     [](double x, double low, double high) { return math::is_nan(x)       ? x
                                                    : x > low && x < high ? 1.0
                                                                          : 0.0; },
     0.5f,
     "min(max(x, min_val), max_val)"},
    {activation::log_sigmoid,
     "log_sigmoid",
     0,
     {},
     {},
     [](double x, double, double) { return -detail::softplus(-x); },
     [](double x, double, double) { return detail::sigmoid(-x); },
     2,
     "log(sigmoid(x)); range [-inf, 0]; never loses the tail to log(0)",
     6},
    {activation::softsign,
     "softsign",
     0,
     {},
     {},
     [](double x, double, double) {
       const double a = x < 0 ? -x : x;
       return math::is_equal(a, math::infinity) ? (x < 0 ? -1.0 : 1.0) : x / (1 + a);
     },
     [](double x, double, double) { return 1 / ((1 + (x < 0 ? -x : x)) * (1 + (x < 0 ? -x : x))); },
     2,
     "x / (1 + |x|); range [-1, 1]"},
    {activation::log,
     "log",
     0,
     {},
     {},
     [](double x, double, double) { return math::log(x); },
     [](double x, double, double) { return math::divide(1, x); },
     1,
     "natural logarithm; -inf at 0, NaN below; denormal inputs are exact"},
    {activation::sqrt,
     "sqrt",
     0,
     {},
     {},
     [](double x, double, double) { return math::sqrt(x); },
     [](double x, double, double) { return math::divide(0.5, math::sqrt(x)); },
     1,
     "square root; NaN below 0, -0 at -0",
     5},
    {activation::rsqrt,
     "rsqrt",
     0,
     {},
     {},
     [](double x, double, double) { return math::divide(1, math::sqrt(x)); },
     [](double x, double, double) { return math::divide(-0.5, x * math::sqrt(x)); },
     2,
     "1 / sqrt(x); inf at 0, NaN below",
     5},
    {activation::abs,
     "abs",
     0,
     {},
     {},
     [](double x, double, double) { return x < 0                  ? -x
                                           : math::is_equal(x, 0) ? 0.0
                                                                  : x; },
     [](double x, double, double) {
       return math::is_nan(x) ? x : x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0;
     },
     0.5f,
     "|x|"},
    {activation::sign,
     "sign",
     1,
     {"straight_through"},
     {0.0f},
     [](double x, double, double) {
       return math::is_nan(x) ? x : x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0;
     },
     [](double x, double through, double) { return detail::straight_through(x, x, through); },
     0.5f,
     "-1, 0 or 1; straight_through as for step"},
    {activation::square,
     "square",
     0,
     {},
     {},
     [](double x, double, double) { return x * x; },
     [](double x, double, double) { return 2 * x; },
     0.5f,
     "x * x"},
    {activation::reciprocal,
     "reciprocal",
     0,
     {},
     {},
     [](double x, double, double) { return math::divide(1, x); },
     [](double x, double, double) { return math::divide(-1, x * x); },
     1,
     "1 / x; inf of x's sign at 0",
     4},
    {activation::sin,
     "sin",
     0,
     {},
     {},
     [](double x, double, double) { return math::sin(x); },
     [](double x, double, double) { return math::cos(x); },
     2,
     "sine; the contract holds for |x| <= 2^15, beyond it accuracy is lost with |x| (none is left at 2^22); NaN at "
     "inf"},
    {activation::cos,
     "cos",
     0,
     {},
     {},
     [](double x, double, double) { return math::cos(x); },
     [](double x, double, double) { return -math::sin(x); },
     2,
     "cosine; the contract holds for |x| <= 2^15, beyond it accuracy is lost with |x| (none is left at 2^22); NaN at "
     "inf"},
    {activation::erf,
     "erf",
     0,
     {},
     {},
     [](double x, double, double) { return math::erf(x); },
     [](double x, double, double) { return 1.1283791670955125739 * math::exp(-x * x); },
     2,
     "error function; range [-1, 1]",
     0,
     true},
    {activation::threshold,
     "threshold",
     2,
     {"threshold", "value"},
     {0.0f, 0.0f},
     [](double x, double threshold, double value) { return x <= threshold ? value : x; },
     [](double x, double threshold, double) { return math::is_nan(x) ? x
                                                     : x > threshold ? 1.0
                                                                     : 0.0; },
     0.5f,
     "x where x > threshold, else value (torch.nn.Threshold; the threshold neuron is step)"},
    {activation::clamp,
     "clamp",
     2,
     {"min", "max"},
     {-1.0f, 1.0f},
     [](double x, double low, double high) { return detail::clamp(x, low, high); },
     [](double x, double low, double high) { return math::is_nan(x)         ? x
                                                    : x >= low && x <= high ? 1.0
                                                                            : 0.0; },
     0.5f,
     "min(max(x, min), max)"},
};

inline constexpr std::size_t activation_count = sizeof(activation_table) / sizeof(activation_table[0]);

namespace detail {
consteval bool activation_rows_are_in_order() {
  for (std::size_t i = 0; i < activation_count; ++i)
    if (static_cast<std::size_t>(activation_table[i].id) != i + 1) return false;
  return true;
}
}  // namespace detail
static_assert(detail::activation_rows_are_in_order(), "activation_table must list the activations by id");

constexpr bool is_activation(activation id) {
  return static_cast<std::uint32_t>(id) >= 1 && static_cast<std::uint32_t>(id) <= activation_count;
}

/// Row of `id`, which must satisfy is_activation().
constexpr const activation_row& row_of(activation id) { return activation_table[static_cast<std::size_t>(id) - 1]; }

}  // namespace inlay
