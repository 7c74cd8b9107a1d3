// SPDX-License-Identifier: Apache-2.0
// Reductions evaluated by the C++ compiler. The results are those of numpy, worked out without this code.
#include <limits>

#include "graph_queries.hpp"

using namespace inlay;

template <std::size_t Index, class Results, std::size_t Count>
constexpr bool gives(const Results& results, const float (&expected)[Count]) {
  const auto& found = hana::at_c<Index>(results);
  if (found.size() != Count) return false;
  for (std::size_t i = 0; i < Count; ++i)
    if (found[i] != expected[i]) return false;
  return true;
}

// Asymmetric sizes and distinct elements reveal a swapped axis or order.
constexpr std::array<float, 12> cube = {1, -2, 3, 40, -50, 60, 700, 800, -900, 11, 12, 10};  // [2, 3, 2]

constexpr auto sums = network("sums", input<f32, 2, 3, 2>("x"), [](auto x) {
  return outputs(sum(x), sum<0>(x), sum<1>(x), sum<2>(x), sum<0, 2>(x), sum<-1, -2>(x), sum<1>(x, keepdim),
                 sum<0, 1>(x));
});
constexpr auto summed = evaluate(sums, cube);
static_assert(gives<0>(summed, {685}));
static_assert(gives<1>(summed, {701, 798, -897, 51, -38, 70}));
static_assert(gives<2>(summed, {-46, 98, -188, 821}));
static_assert(gives<3>(summed, {-1, 43, 10, 1500, -889, 22}));
static_assert(gives<4>(summed, {1499, -846, 32}));
static_assert(gives<5>(summed, {52, 633}));
static_assert(gives<6>(summed, {-46, 98, -188, 821}));
static_assert(gives<7>(summed, {-234, 919}));

constexpr auto means = network("means", input<f32, 2, 3, 2>("x"),
                               [](auto x) { return outputs(mean<1, 2>(x), mean<2>(x, keepdim), mean(x, keepdim)); });
constexpr auto averaged = evaluate(means, cube);
static_assert(gives<0>(averaged, {52.0f / 6, 105.5f}));
static_assert(gives<1>(averaged, {-0.5f, 21.5f, 5, 750, -444.5f, 11}));
static_assert(gives<2>(averaged, {685.0f / 12}));

constexpr auto extremes = network("extremes", input<f32, 2, 3, 2>("x"), [](auto x) {
  return outputs(amax<0>(x), amin<0>(x), amax<1, 2>(x), amin(x), argmax<0>(x), argmax<1>(x), argmax<2>(x), argmax(x),
                 argmax<0, 2>(x));
});
constexpr auto found = evaluate(extremes, cube);
static_assert(gives<0>(found, {700, 800, 3, 40, 12, 60}));
static_assert(gives<1>(found, {1, -2, -900, 11, -50, 10}));
static_assert(gives<2>(found, {60, 800}));
static_assert(gives<3>(found, {-900}));
static_assert(gives<4>(found, {1, 1, 0, 0, 1, 0}));
static_assert(gives<5>(found, {1, 2, 0, 0}));
static_assert(gives<6>(found, {0, 1, 1, 1, 1, 0}));
static_assert(gives<7>(found, {7}));
static_assert(gives<8>(found, {3, 1, 1}));

// The first of equal elements, and the first NaN.
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinite = std::numeric_limits<float>::infinity();
constexpr auto places =
    network("places", input<f32, 5>("x"), [](auto x) { return outputs(argmax(x), amax(x), amin(x)); });
static_assert(gives<0>(evaluate(places, {1, 3, -3, 3, 2}), {1}));
static_assert(gives<0>(evaluate(places, {1, infinite, not_a_number, 9, not_a_number}), {2}));
static_assert(gives<0>(evaluate(places, {-infinite, -infinite, -infinite, -infinite, -infinite}), {0}));
constexpr auto of_nan = evaluate(places, {not_a_number, infinite, -infinite, 0, 1});
static_assert(gives<0>(of_nan, {0}));
static_assert(hana::at_c<1>(of_nan)[0] != hana::at_c<1>(of_nan)[0] &&
              hana::at_c<2>(of_nan)[0] != hana::at_c<2>(of_nan)[0]);

// Shapes.
constexpr auto shapes = network("shapes", input<f32, 2, 3, 4>("x"), [](auto x) {
  static_assert(shape_type_of<decltype(sum<1>(x))>::dims == shape_of<2, 4>);
  static_assert(shape_type_of<decltype(sum<1>(x, keepdim))>::dims == shape_of<2, 1, 4>);
  static_assert(shape_type_of<decltype(sum(x))>::dims == shape_of<>);
  static_assert(shape_type_of<decltype(sum<-1>(x))>::dims == shape_of<2, 3>);
  return x - mean<1>(x, keepdim);
});
static_assert(evaluate(shapes, {}).size() == 24);
