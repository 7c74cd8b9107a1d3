// SPDX-License-Identifier: Apache-2.0
// A convolution of something that is no image.
// expect: conv2d needs an image: reshape<channels, height, width>(x)
// expect: f32[channels,height,width]
// expect: f32[64]
// expect: conv1
// expect: conv2d_on_a_vector.cpp:13
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 64>("x"), [](auto x) { return conv2d<8, 3>("conv1", x); });
INLAY_NETWORK(model);
