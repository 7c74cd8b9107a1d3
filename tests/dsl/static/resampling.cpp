// SPDX-License-Identifier: Apache-2.0
// What interpolation and means over parts mean. The expected values come from PyTorch's definitions in exact fractions.
// Height and width differ, and elements are distinct, so that a swapped axis shows.
#include <limits>

#include "inlay/dsl.hpp"

using namespace inlay;

/// Equal but for the rounding of fractions that are no floats.
template <std::size_t N>
constexpr bool near(const std::array<float, N>& found, const std::array<double, N>& expected) {
  for (std::size_t i = 0; i < N; ++i) {
    const double difference = static_cast<double>(found[i]) - expected[i];
    if (!(difference < 1e-5 && difference > -1e-5)) return false;
  }
  return true;
}

constexpr std::array<float, 6> picture = {1, 2, 4, 8, 16, 32};

constexpr auto nearests = network("nearests", input<f32, 1, 2, 3>("x"), [](auto x) {
  return outputs(upsample<2>(x), upsample<1, 1.5>(x), interpolate<3, 5>(x, nearest), upsample<1>(x));
});
constexpr auto repeated = evaluate(nearests, picture);
static_assert(near(hana::at_c<0>(repeated),
                   {1, 1, 2, 2, 4, 4, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 8, 8, 16, 16, 32, 32}));
static_assert(near(hana::at_c<1>(repeated), {1, 1, 2, 4, 8, 8, 16, 32}));
static_assert(near(hana::at_c<2>(repeated), {1, 1, 2, 2, 4, 1, 1, 2, 2, 4, 8, 8, 16, 16, 32}));
static_assert(hana::at_c<3>(repeated) == picture);

constexpr auto means = network("means", input<f32, 1, 2, 3>("x"), [](auto x) {
  return outputs(upsample<2>(x, bilinear), upsample<2, 1.5>(x, bilinear), interpolate<3, 4>(x, bilinear),
                 interpolate<3, 5>(x, bilinear, align_corners), interpolate<1, 2>(x, bilinear, align_corners),
                 interpolate<1, 2>(x, bilinear));
});
constexpr auto meant = evaluate(means, picture);
static_assert(near(hana::at_c<0>(meant),
                   {1,    1.25,   1.75,    2.5,    3.5,    4,  2.75, 3.4375, 4.8125, 6.875, 9.625, 11,
                    6.25, 7.8125, 10.9375, 15.625, 21.875, 25, 8,    10,     14,     20,    28,    32}));
static_assert(near(hana::at_c<1>(meant), {1, 1.5, 7.0 / 3, 11.0 / 3, 2.75, 4.125, 77.0 / 12, 121.0 / 12, 6.25, 9.375,
                                          175.0 / 12, 275.0 / 12, 8, 12, 56.0 / 3, 88.0 / 3}));
static_assert(near(hana::at_c<2>(meant), {1, 1.625, 2.75, 4, 4.5, 7.3125, 12.375, 18, 8, 13, 22, 32}));
static_assert(near(hana::at_c<3>(meant), {1, 1.5, 2, 3, 4, 4.5, 6.75, 9, 13.5, 18, 8, 12, 16, 24, 32}));
static_assert(near(hana::at_c<4>(meant), {1, 4}));
static_assert(near(hana::at_c<5>(meant), {5.625, 15.75}));

// Signals [channels, length].
constexpr auto signals = network("signals", input<f32, 2, 4>("x"), [](auto x) {
  return outputs(upsample<2>(x), upsample<2>(x, bilinear), interpolate<7>(x, bilinear, align_corners),
                 adaptive_avg_pool<3>(x), adaptive_avg_pool<2>(x));
});
constexpr auto heard = evaluate(signals, {3, 6, 12, 24, 0, 1, 0, 4});
static_assert(near(hana::at_c<0>(heard), {3, 3, 6, 6, 12, 12, 24, 24, 0, 0, 1, 1, 0, 0, 4, 4}));
static_assert(near(hana::at_c<1>(heard), {3, 3.75, 5.25, 7.5, 10.5, 15, 21, 24, 0, 0.25, 0.75, 0.75, 0.25, 1, 3, 4}));
static_assert(near(hana::at_c<2>(heard), {3, 4.5, 6, 9, 12, 18, 24, 0, 0.5, 1, 0.5, 0, 2, 4}));
static_assert(near(hana::at_c<3>(heard), {4.5, 9, 18, 0.5, 0.5, 2}));
static_assert(near(hana::at_c<4>(heard), {4.5, 18, 0.5, 2}));

constexpr auto parts = network("parts", input<f32, 1, 3, 5>("x"), [](auto x) {
  return outputs(adaptive_avg_pool<2, 3>(x), adaptive_avg_pool<3, 1>(x), adaptive_avg_pool<4, 2>(x),
                 adaptive_avg_pool<1>(x));
});
constexpr auto divided = evaluate(parts, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
static_assert(near(hana::at_c<0>(divided), {4, 5.5, 7, 9, 10.5, 12}));
static_assert(near(hana::at_c<1>(divided), {3, 8, 13}));
static_assert(near(hana::at_c<2>(divided), {2, 4, 4.5, 6.5, 9.5, 11.5, 12, 14}));
static_assert(near(hana::at_c<3>(divided), {8}));

// The nearest pixel and the means of parts read nothing else.
constexpr float infinite = std::numeric_limits<float>::infinity();
constexpr auto edges =
    network("edges", input<f32, 1, 2>("x"), [](auto x) { return outputs(upsample<2>(x), adaptive_avg_pool<2>(x)); });
constexpr auto at_edges = evaluate(edges, {1, infinite});
static_assert(hana::at_c<0>(at_edges) == std::array<float, 4>{1, 1, infinite, infinite});
static_assert(hana::at_c<1>(at_edges) == std::array<float, 2>{1, infinite});
