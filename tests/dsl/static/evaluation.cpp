// SPDX-License-Identifier: Apache-2.0
// Networks evaluated by the C++ compiler: every operation on numbers worked out by hand.
#include <limits>

#include "graph_queries.hpp"

using namespace inlay;

template <std::size_t N>
constexpr bool near(const std::array<float, N>& found, const std::array<double, N>& expected) {
  for (std::size_t i = 0; i < N; ++i) {
    const double difference = static_cast<double>(found[i]) - expected[i];
    if (!(difference < 1e-6 && difference > -1e-6)) return false;
  }
  return true;
}

constexpr auto affine = network("affine", input<f32, 2>("x"), [](auto x) {
  return dense("fc", x, constant<f32, 3, 2>({1, 2, 3, 4, 5, 6}), constant<f32, 3>({10, 20, 30}));
});
static_assert(evaluate(affine, {7, 100}) == std::array<float, 3>{217, 441, 665});

constexpr auto linear =
    network("linear", input<f32, 3>("x"), [](auto x) { return dense("fc", x, constant<f32, 1, 3>({1, -1, 0.5f})); });
static_assert(evaluate(linear, {1, 2, 8}) == std::array<float, 1>{3});

constexpr auto arithmetic = network("arithmetic", input<f32, 2>("x"), input<f32, 2>("y"), [](auto x, auto y) {
  return outputs(x + y, x - y, x * y, x / y, -x, minimum(x, y), maximum(x, y), where(x < y, 10, y));
});
constexpr auto arithmetic_results = evaluate(arithmetic, {6, -1}, {4, 2});
template <std::size_t I>
constexpr bool arithmetic_is(float first, float second) {
  return hana::at_c<I>(arithmetic_results) == std::array<float, 2>{first, second};
}
static_assert(decltype(hana::size(arithmetic_results))::value == 8);
static_assert(arithmetic_is<0>(10, 1) && arithmetic_is<1>(2, -3) && arithmetic_is<2>(24, -2));
static_assert(arithmetic_is<3>(1.5f, -0.5f) && arithmetic_is<4>(-6, 1));
static_assert(arithmetic_is<5>(4, -1) && arithmetic_is<6>(6, 2) && arithmetic_is<7>(4, 10));

constexpr auto comparisons = network("comparisons", input<f32, 3>("x"),
                                     [](auto x) { return outputs(x < 2, x <= 2, x > 2, x >= 2, x == 2, x != 2); });
template <std::size_t I>
constexpr bool comparison_is(float one, float two, float three) {
  return hana::at_c<I>(evaluate(comparisons, {1, 2, 3})) == std::array<float, 3>{one, two, three};
}
static_assert(comparison_is<0>(1, 0, 0) && comparison_is<1>(1, 1, 0) && comparison_is<2>(0, 0, 1));
static_assert(comparison_is<3>(0, 1, 1) && comparison_is<4>(0, 1, 0) && comparison_is<5>(1, 0, 1));

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr auto with_nan = network("with_nan", input<f32, 1>("x"), input<f32, 1>("y"), [](auto x, auto y) {
  return concat(minimum(x, y), maximum(x, y), x < y, x == y, x != y);
});
constexpr bool poisons(const std::array<float, 5>& r) {
  return r[0] != r[0] && r[1] != r[1] && r[2] == 0 && r[3] == 0 && r[4] == 1;
}
static_assert(poisons(evaluate(with_nan, {not_a_number}, {1})) && poisons(evaluate(with_nan, {1}, {not_a_number})));

constexpr auto curves = network("curves", input<f32, 2>("x"), [](auto x) {
  return outputs(relu(x), leaky_relu(x, 0.25f), sigmoid(x), tanh(x), softplus(x), step(x, 0.5f), exp(x), identity(x));
});
constexpr auto curve_results = evaluate(curves, {-2, 1});
static_assert(near(hana::at_c<0>(curve_results), {0, 1}));
static_assert(near(hana::at_c<1>(curve_results), {-0.5, 1}));
static_assert(near(hana::at_c<2>(curve_results), {0.119202922, 0.731058579}));
static_assert(near(hana::at_c<3>(curve_results), {-0.964027580, 0.761594156}));
static_assert(near(hana::at_c<4>(curve_results), {0.126928011, 1.313261688}));
static_assert(near(hana::at_c<5>(curve_results), {0, 1}));
static_assert(near(hana::at_c<6>(curve_results), {0.135335283, 2.718281828}));
static_assert(near(hana::at_c<7>(curve_results), {-2, 1}));

// One slope for all, for each channel (also where as many columns could take it), and for each element.
constexpr auto slopes = network("slopes", input<f32, 2, 2>("x"), input<f32, 2, 1, 3>("image"), [](auto x, auto image) {
  auto each = constant<f32, 2>({0.5f, 0.25f});
  return outputs(prelu(x, constant<f32, 1>({0.5f})), prelu(x, each), prelu(image, each),
                 prelu(flatten(x), constant<f32, 4>({1, 2, 3, 4})), prelu(x, constant<f32, 1, 2>({0.5f, 0.25f})));
});
constexpr auto sloped = evaluate(slopes, {-4, 4, -8, -16}, {-4, 4, -8, -16, -32, 0});
static_assert(hana::at_c<0>(sloped) == std::array<float, 4>{-2, 4, -4, -8});
static_assert(hana::at_c<1>(sloped) == std::array<float, 4>{-2, 4, -2, -4});
static_assert(hana::at_c<2>(sloped) == std::array<float, 6>{-2, 4, -4, -4, -8, 0});
static_assert(hana::at_c<3>(sloped) == std::array<float, 4>{-4, 4, -24, -64});
static_assert(hana::at_c<4>(sloped) == std::array<float, 4>{-2, 4, -4, -4});

constexpr auto rows = network("rows", input<f32, 2, 3>("x"), [](auto x) { return softmax(x); });
static_assert(near(evaluate(rows, {1, 2, 3, 1000, 1000, -1000}), {0.090030573, 0.244728471, 0.665240956, 0.5, 0.5, 0}));

// Asymmetric shapes and distinct elements reveal a swapped axis or order.
constexpr auto joins = network("joins", input<f32, 2, 1>("a"), input<f32, 2, 2>("b"), [](auto a, auto b) {
  return outputs(concat<1>(a, b), concat(reshape<2>(a), flatten(b)), reshape<1, 4>(b));
});
constexpr auto join_results = evaluate(joins, {1, 2}, {3, 4, 5, 6});
static_assert(hana::at_c<0>(join_results) == std::array<float, 6>{1, 3, 4, 2, 5, 6});
static_assert(hana::at_c<1>(join_results) == std::array<float, 6>{1, 2, 3, 4, 5, 6});
static_assert(hana::at_c<2>(join_results) == std::array<float, 4>{3, 4, 5, 6});

constexpr auto slices = network("slices", input<f32, 2, 3, 2>("x"), [](auto x) {
  return outputs(slice<1, 1, 2>(x), slice<0, 1, 1>(x), slice<0, 2, 3>(flatten(x)), slice<2, 0, 1>(x));
});
constexpr auto slice_results = evaluate(slices, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
static_assert(hana::at_c<0>(slice_results) == std::array<float, 8>{3, 4, 5, 6, 9, 10, 11, 12});
static_assert(hana::at_c<1>(slice_results) == std::array<float, 6>{7, 8, 9, 10, 11, 12});
static_assert(hana::at_c<2>(slice_results) == std::array<float, 3>{3, 4, 5});
static_assert(hana::at_c<3>(slice_results) == std::array<float, 6>{1, 3, 5, 7, 9, 11});

constexpr auto broadcast =
    network("broadcast", input<f32, 1>("s"), input<f32, 3>("x"), [](auto s, auto x) { return s - x * s; });
static_assert(evaluate(broadcast, {2}, {1, 2, 3}) == std::array<float, 3>{0, -2, -4});

// One node under two output names.
constexpr auto same_node = network("same_node", input<f32, 1>("x"), [](auto x) {
  auto y = x + 1;
  return outputs(output("first", y), output("second", y));
});
static_assert(hana::at_c<0>(evaluate(same_node, {1}))[0] == 2 && hana::at_c<1>(evaluate(same_node, {1}))[0] == 2);

constexpr auto power = network("power", input<f32, 1>("x"), [](auto x) {
  tensor<f32, 1> y = x;
  for (int i = 0; i < 10; ++i) y = y * x;
  return y;
});
static_assert(evaluate(power, {2})[0] == 2048);

// Right values from NumPy: table = arange(8).reshape(4, 2); table[[3, 0, 2]], table[1], table[[[1, 1], [0, 3]]].
constexpr auto table = constant<f32, 4, 2>({0, 1, 2, 3, 4, 5, 6, 7});
constexpr auto looked_up =
    network("looked_up", input<i32, 3>("tokens"), input<i32>("kind"), input<i32, 2, 2>("pairs"),
            [](tensor<i32, 3> tokens, auto kind, auto pairs) {
              auto of_kind = scope("inner", kind, [](auto k) { return embedding("kinds", k, table); });
              return outputs(embedding("words", tokens, table), of_kind, embedding("pairs", pairs, table));
            });
constexpr auto vectors = evaluate(looked_up, {3, 0, 2}, {1}, {1, 1, 0, 3});
static_assert(hana::at_c<0>(vectors) == std::array<float, 6>{6, 7, 0, 1, 4, 5});
static_assert(hana::at_c<1>(vectors) == std::array<float, 2>{2, 3});
static_assert(hana::at_c<2>(vectors) == std::array<float, 8>{2, 3, 2, 3, 0, 1, 6, 7});
// Where there is no such row, the vector is NaN, and the others are as they were.
constexpr bool is_missing(const std::array<float, 6>& found, std::size_t token) {
  return found[2 * token] != found[2 * token] && found[2 * token + 1] != found[2 * token + 1];
}
constexpr auto with_tokens = [](const std::array<std::int32_t, 3>& tokens) {
  return hana::at_c<0>(evaluate(looked_up, tokens, {0}, {0, 0, 0, 0}));
};
constexpr auto around = with_tokens({-1, 3, 4});
static_assert(is_missing(around, 0) && around[2] == 6 && around[3] == 7 && is_missing(around, 2));
constexpr auto extremes =
    with_tokens({std::numeric_limits<std::int32_t>::min(), 0, std::numeric_limits<std::int32_t>::max()});
static_assert(is_missing(extremes, 0) && extremes[2] == 0 && extremes[3] == 1 && is_missing(extremes, 2));
