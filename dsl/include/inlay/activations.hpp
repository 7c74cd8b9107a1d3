// SPDX-License-Identifier: Apache-2.0
// The table of activations: name, parameters, formula in double, derivative, accuracy contract and domain notes of
// each. The DSL, the interpreter and the compiler all take an activation's meaning from here.
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
};

/// Accuracy tier of one call: `exact` is the default, `fast` trades the last bits for time.
enum class accuracy : std::uint32_t { exact = 0, fast = 1 };

/// One row of the table. `formula` and `derivative` take x and the two parameters and are valid in constant
/// expressions; NaN in gives NaN out for every row.
struct activation_row {
  activation id;
  std::string_view name;     ///< PyTorch's name (torch.nn.functional)
  std::uint32_t parameters;  ///< how many of p0, p1 are used
  std::array<std::string_view, 2> parameter_names;
  std::array<float, 2> defaults;
  double (*formula)(double x, double p0, double p1);
  double (*derivative)(double x, double p0, double p1);  ///< where undefined, PyTorch's choice
  float exact_ulp;                                       ///< most error of the compiled `exact` form, in ulp of f32
  std::string_view domain;                               ///< range, saturation, and what happens at the edges
};

/// Rows in the order of their ids, starting with activation 1.
inline constexpr activation_row activation_table[] = {
    {activation::relu,
     "relu",
     0,
     {},
     {},
     [](double x, double, double) { return x < 0 ? 0.0 : x; },
     [](double x, double, double) { return x != x  ? x
                                           : x > 0 ? 1.0
                                                   : 0.0; },
     0,
     "max(x, 0); range [0, inf]; sparse: half of a centred input becomes exactly 0"},
    {activation::leaky_relu,
     "leaky_relu",
     1,
     {"negative_slope"},
     {0.01f},
     [](double x, double slope, double) { return x < 0 ? slope * x : x; },
     [](double x, double slope, double) { return x != x  ? x
                                                 : x > 0 ? 1.0
                                                         : slope; },
     0.5f,
     "x for x >= 0, negative_slope * x below"},
    {activation::sigmoid,
     "sigmoid",
     0,
     {},
     {},
     [](double x, double, double) {
       if (x >= 0) return 1 / (1 + math::exp(-x));
       const double e = math::exp(x);
       return e / (1 + e);
     },
     [](double x, double, double) {
       const double e = math::exp(x < 0 ? x : -x);
       return e / ((1 + e) * (1 + e));
     },
     2.5f,
     "1 / (1 + exp(-x)); range [0, 1]; saturates: the derivative is below 1e-4 beyond |x| = 9.2"},
    {activation::tanh,
     "tanh",
     0,
     {},
     {},
     [](double x, double, double) { return math::tanh(x); },
     [](double x, double, double) {
       const double t = math::tanh(x);
       return 1 - t * t;
     },
     2.5f,
     "range [-1, 1]; odd; saturates beyond |x| = 9.01 in f32"},
    {activation::softplus,
     "softplus",
     2,
     {"beta", "threshold"},
     {1.0f, 20.0f},
     [](double x, double beta, double threshold) {
       const double t = beta * x;
       if (t > threshold) return x;
       return (t > 0 ? t + math::log1p(math::exp(-t)) : math::log1p(math::exp(t))) / beta;
     },
     [](double x, double beta, double threshold) {
       const double t = beta * x;
       if (t > threshold) return 1.0;
       return t > 0 ? 1 / (1 + math::exp(-t)) : math::exp(t) / (1 + math::exp(t));
     },
     2.5f,
     "log(1 + exp(beta x)) / beta, and x itself where beta x > threshold; range [0, inf]; never overflows"},
    {activation::step,
     "step",
     1,
     {"threshold"},
     {0.0f},
     [](double x, double threshold, double) { return x != x          ? x
                                                     : x > threshold ? 1.0
                                                                     : 0.0; },
     [](double x, double, double) { return x != x ? x : 0.0; },
     0,
     "the threshold neuron: 1 if x > threshold, else 0"},
    {activation::exp,
     "exp",
     0,
     {},
     {},
     [](double x, double, double) { return math::exp(x); },
     [](double x, double, double) { return math::exp(x); },
     1.5f,
     "range [0, inf]; overflows to inf above 88.72 in f32; denormal results are kept"},
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
