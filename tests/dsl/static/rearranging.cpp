// SPDX-License-Identifier: Apache-2.0
// What the functions that rearrange values mean. The expected values come from PyTorch's definitions, worked out by a
// program that shares nothing with this one. Sizes differ and elements are distinct, so that a swapped axis shows.
#include "graph_queries.hpp"

using namespace inlay;

constexpr auto counted = [] {
  std::array<float, 24> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<float>(i + 1);
  return all;
}();

template <class Result>
constexpr bool equals(const Result& result, const Result& wanted) {
  return result == wanted;
}

constexpr auto permuted = network("permuted", input<f32, 2, 3, 4>("x"), [](auto x) {
  return outputs(permute<2, 0, 1>(x), permute<1, 2, 0>(x), permute<2, 1, 0>(x), permute<0, 1, 2>(x),
                 permute<3, 1, 0, 2>(reshape<2, 2, 2, 3>(x)), permute<0>(flatten(x)), permute<-1, 0, -2>(x));
});
constexpr auto orders = evaluate(permuted, counted);
static_assert(equals(hana::at_c<0>(orders),
                     {1, 5, 9, 13, 17, 21, 2, 6, 10, 14, 18, 22, 3, 7, 11, 15, 19, 23, 4, 8, 12, 16, 20, 24}));
static_assert(equals(hana::at_c<1>(orders),
                     {1, 13, 2, 14, 3, 15, 4, 16, 5, 17, 6, 18, 7, 19, 8, 20, 9, 21, 10, 22, 11, 23, 12, 24}));
static_assert(equals(hana::at_c<2>(orders),
                     {1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23, 4, 16, 8, 20, 12, 24}));
static_assert(hana::at_c<3>(orders) == counted && hana::at_c<5>(orders) == counted);
static_assert(equals(hana::at_c<4>(orders),
                     {1, 4, 13, 16, 7, 10, 19, 22, 2, 5, 14, 17, 8, 11, 20, 23, 3, 6, 15, 18, 9, 12, 21, 24}));

static_assert(hana::at_c<6>(orders) == hana::at_c<0>(orders));

constexpr auto divided = network("divided", input<f32, 2, 3, 4>("x"), [](auto x) {
  auto [first, second] = split<2, 1, 3>(x);
  auto [a, b] = split<1, 2>(relu(x));
  auto [whole] = split<0, 9>(x);
  return outputs(first, second, a, b, whole);
});
constexpr auto parts = evaluate(divided, counted);
static_assert(equals(hana::at_c<0>(parts), {1, 5, 9, 13, 17, 21}));
static_assert(equals(hana::at_c<1>(parts), {2, 3, 4, 6, 7, 8, 10, 11, 12, 14, 15, 16, 18, 19, 20, 22, 23, 24}));
static_assert(equals(hana::at_c<2>(parts), {1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 15, 16, 17, 18, 19, 20}));
static_assert(equals(hana::at_c<3>(parts), {9, 10, 11, 12, 21, 22, 23, 24}));
static_assert(hana::at_c<4>(parts) == counted);
// An expression that is split is computed once.
static_assert(queries::count(graph_of<divided>, op::map) == 1);

constexpr auto padded = network("padded", input<f32, 2, 3>("x"), [](auto x) {
  return outputs(pad<1, 2>(x), pad<0, 1, 1, 0>(x, -1), pad<2, 1>(x, reflect), pad<1, 2, 1, 0>(x, replicate),
                 pad<3, 1>(x, circular), pad<0, 0, 1, 1>(x, reflect));
});
constexpr auto borders = evaluate(padded, {1, 2, 3, 4, 5, 6});
static_assert(equals(hana::at_c<0>(borders), {0, 1, 2, 3, 0, 0, 0, 4, 5, 6, 0, 0}));
static_assert(equals(hana::at_c<1>(borders), {-1, -1, -1, -1, 1, 2, 3, -1, 4, 5, 6, -1}));
static_assert(equals(hana::at_c<2>(borders), {3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5}));
static_assert(equals(hana::at_c<3>(borders), {1, 1, 2, 3, 3, 3, 1, 1, 2, 3, 3, 3, 4, 4, 5, 6, 6, 6}));
static_assert(equals(hana::at_c<4>(borders), {1, 2, 3, 1, 2, 3, 1, 4, 5, 6, 4, 5, 6, 4}));
static_assert(equals(hana::at_c<5>(borders), {4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3}));
