// SPDX-License-Identifier: Apache-2.0
// What convolutions and pools mean. The expected values come from a program that pads and slides by itself, and they
// are what PyTorch gives. Height, width and channels differ, and elements are distinct, so that a swapped axis shows.
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr std::array<float, 24> image = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
                                         13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24};
constexpr auto weight = constant<f32, 2, 2, 2, 2>({1, 2, 3, 4, -1, 0, 0, 1, 0, 1, 0, 0, 2, 0, 0, -2});

template <class Result>
constexpr bool equals(const Result& result, const Result& wanted) {
  return result == wanted;
}

constexpr auto convolutions = network("convolutions", input<f32, 2, 3, 4>("x"), [](auto x) {
  return outputs(conv2d("plain", x, weight, constant<f32, 2>({10, -10})),
                 conv2d("corners", x, weight, stride<2, 1>, padding<1, 0, 0, 2>),
                 conv2d("grouped", x, constant<f32, 2, 1, 1, 3>({1, 2, 3, 4, 5, 6}), constant<f32, 2>({1, 2}),
                        padding<0, 1>, dilation<1, 2>, groups<2>),
                 conv2d("same", x, constant<f32, 1, 2, 2, 2>({1, 0, 0, 0, 0, 0, 0, 1}), same_padding));
});
constexpr auto convolved = evaluate(convolutions, image);
static_assert(equals(hana::at_c<0>(convolved), {59, 69, 79, 99, 109, 119, -18, -17, -16, -14, -13, -12}));
static_assert(equals(hana::at_c<1>(convolved),
                     {25, 33, 41, 12, 0, 89, 99, 109, 24, 0, -28, -30, -32, 0, 0, -4, -3, -2, 40, 0}));
static_assert(equals(hana::at_c<2>(convolved), {17, 8, 37, 20, 57, 32, 168, 129, 212, 165, 256, 201}));
static_assert(equals(hana::at_c<3>(convolved), {19, 21, 23, 4, 27, 29, 31, 8, 9, 10, 11, 12}));

// Expected values by scattering each pixel times the weights in NumPy, and cropping.
constexpr auto transposed = network("transposed", input<f32, 2, 2, 3>("x"), [](auto x) {
  return outputs(
      conv_transpose2d("plain", x, weight, constant<f32, 2>({10, -10})),
      conv_transpose2d("corners", x, weight, stride<2, 1>, padding<1, 0, 0, 2>),
      conv_transpose2d("grouped", x,
                       constant<f32, 2, 1, 3, 3>({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}),
                       constant<f32, 2>({1, 2}), stride<2>, padding<1>, output_padding<1>, groups<2>),
      conv_transpose2d("apart", x, constant<f32, 2, 1, 1, 3>({1, 2, 3, 4, 5, 6}), stride<1, 3>, dilation<1, 2>,
                       output_padding<0, 2>),
      conv_transpose2d("untouched", x, constant<f32, 2, 1, 1, 2>({1, 2, 3, 4}), padding<1, 1, 0, 0>, stride<3, 1>));
});
constexpr auto spread = evaluate(transposed, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
static_assert(equals(hana::at_c<0>(spread), {11, 21, 25, 25,  17, 43, 54, 46,  22,  41,  48,  34,
                                             3,  4,  5,  -10, 6,  -6, -6, -25, -10, -26, -27, -28}));
static_assert(equals(hana::at_c<1>(spread), {3, 10, 4, 23, 12, 31, 0, -13, 16, 17, 0, -16}));
static_assert(equals(hana::at_c<2>(spread),
                     {6,   15,  11,  25,  16,  19,  17,  41,  27,  61,  37,  46,  21,  45,  26,  55,
                      31,  37,  33,  72,  41,  88,  49,  55,  100, 211, 114, 239, 128, 137, 231, 486,
                      259, 542, 287, 308, 142, 295, 156, 323, 170, 182, 172, 358, 189, 392, 206, 218}));
static_assert(equals(hana::at_c<3>(spread),
                     {29, 0, 37, 34, 45, 44, 39, 54, 51, 0, 63, 0, 0, 44, 0, 58, 49, 72, 65, 54, 81, 72, 0, 90, 0, 0}));
static_assert(equals(hana::at_c<4>(spread), {0, 0, 0, 0, 0, 0, 86, 96, 60}));

constexpr auto pools = network("pools", input<f32, 2, 3, 4>("x"), [](auto x) {
  return outputs(max_pool<2>(x), max_pool<3>(x, stride<2>, ceil_mode, padding<1>), global_avg_pool(x));
});
constexpr auto pooled = evaluate(pools, image);
static_assert(equals(hana::at_c<0>(pooled), {6, 8, 18, 20}));
static_assert(equals(hana::at_c<1>(pooled), {6, 8, 8, 10, 12, 12, 18, 20, 20, 22, 24, 24}));
static_assert(equals(hana::at_c<2>(pooled), {6.5f, 18.5f}));

constexpr std::array<float, 25> counting = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
                                            13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24};
constexpr auto means = network("means", input<f32, 1, 5, 5>("x"), [](auto x) {
  return outputs(avg_pool<2>(x), avg_pool<3>(x, stride<2>, padding<1>, ceil_mode),
                 avg_pool<2>(x, padding<1>, ceil_mode, exclude_pad), avg_pool<2>(x, ceil_mode));
});
constexpr auto averaged = evaluate(means, counting);
static_assert(equals(hana::at_c<0>(averaged), {3, 5, 13, 15}));
static_assert(equals(hana::at_c<1>(averaged), {4.0f / 3, 3, 8.0f / 3, 7, 12, 9, 8, 13, 28.0f / 3}));
static_assert(equals(hana::at_c<2>(averaged), {0, 1.5f, 3.5f, 7.5f, 9, 11, 17.5f, 19, 21}));
static_assert(equals(hana::at_c<3>(averaged), {3, 5, 6.5f, 13, 15, 16.5f, 20.5f, 22.5f, 24}));

// Padding is no pixel: the largest of negative numbers is negative. A NaN is the largest of its window.
constexpr auto padded = network("padded", input<f32, 1, 1, 4>("x"), [](auto x) {
  return outputs(max_pool<1, 3>(x, stride<1>, padding<0, 1>), flatten(max_pool<1, 2>(x)));
});
static_assert(equals(hana::at_c<0>(evaluate(padded, {-1, -2, -3, -4})), {-1, -1, -2, -3}));
constexpr auto with_nan = hana::at_c<1>(evaluate(padded, {std::numeric_limits<float>::quiet_NaN(), 9, 1, 2}));
static_assert(with_nan[0] != with_nan[0] && with_nan[1] == 2);

// Signals [channels, length].
constexpr auto signals = network("signals", input<f32, 2, 5>("x"), [](auto x) {
  return outputs(max_pool<2>(x), max_pool<3>(x, padding<1, 0>, stride<2>), global_avg_pool(x));
});
constexpr auto heard = evaluate(signals, {1, 2, 3, 4, 5, 50, 40, 30, 20, 10});
static_assert(equals(hana::at_c<0>(heard), {2, 4, 50, 30}));
static_assert(equals(hana::at_c<1>(heard), {2, 4, 50, 40}));
static_assert(equals(hana::at_c<2>(heard), {3, 30}));

constexpr auto turned = network("turned", input<f32, 2, 3, 2>("x"), [](auto x) {
  return outputs(transpose<0, 1>(x), transpose<2, 0>(x), transpose<1, 1>(x));
});
constexpr auto turns = evaluate(turned, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
static_assert(equals(hana::at_c<0>(turns), {1, 2, 7, 8, 3, 4, 9, 10, 5, 6, 11, 12}));
static_assert(equals(hana::at_c<1>(turns), {1, 7, 3, 9, 5, 11, 2, 8, 4, 10, 6, 12}));
static_assert(equals(hana::at_c<2>(turns), {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
