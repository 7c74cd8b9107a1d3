// SPDX-License-Identifier: Apache-2.0
// Pointwise operations on values of different shapes. The expected values are what PyTorch gives.
#include "inlay/dsl.hpp"

using namespace inlay;

template <class Result>
constexpr bool equals(const Result& result, const Result& wanted) {
  return result == wanted;
}

// A column and a row make a table.
constexpr auto table = network("table", input<f32, 2, 1>("x"), input<f32, 3>("y"), [](auto x, auto y) {
  auto sums = x + 10 * y;
  static_assert(decltype(sums)::shape_type::dims == shape_of<2, 3>);
  return sums;
});
static_assert(equals(evaluate(table, {1, 2}, {3, 4, 5}), {31, 41, 51, 32, 42, 52}));

// Sizes of 1 in the middle and at both ends, and an operand of lower rank.
constexpr auto middle = network("middle", input<f32, 2, 2, 2>("x"), [](auto x) {
  auto channels = constant<f32, 2, 1, 1>({100, 200});
  auto lines = constant<f32, 1, 2, 1>({10, 20});
  auto columns = constant<f32, 2>({1, 2});
  return outputs(x + channels, x + lines, x + columns, x + channels * columns, where(x > columns, lines, channels));
});
constexpr auto sums = evaluate(middle, {0, 1, 2, 3, 4, 5, 6, 7});
static_assert(equals(hana::at_c<0>(sums), {100, 101, 102, 103, 204, 205, 206, 207}));
static_assert(equals(hana::at_c<1>(sums), {10, 11, 22, 23, 14, 15, 26, 27}));
static_assert(equals(hana::at_c<2>(sums), {1, 3, 3, 5, 5, 7, 7, 9}));
static_assert(equals(hana::at_c<3>(sums), {100, 201, 102, 203, 204, 405, 206, 407}));
static_assert(equals(hana::at_c<4>(sums), {100, 100, 20, 20, 10, 10, 20, 20}));

// One element goes with every shape, whatever its own rank is.
constexpr auto one = network("one", input<f32, 2, 2>("x"), [](auto x) { return x * constant<f32, 1>({2}) + 1; });
static_assert(equals(evaluate(one, {1, 2, 3, 4}), {3, 5, 7, 9}));

// Each input has a gate of its own, as in squeeze and excitation.
constexpr auto gated = network("gated", input<f32, 2, 1, 2>("x"), [](auto x) { return x * global_avg_pool(x); });
static_assert(equals(evaluate(gated, {1, 3, 10, 20}), {2, 6, 150, 300}));

constexpr auto normalised = network("normalised", input<f32, 2, 2>("x"), [](auto x) { return batch_norm("bn", x); });
INLAY_NETWORK(normalised);
