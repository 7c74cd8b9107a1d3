// SPDX-License-Identifier: Apache-2.0
// A small classifier, whose weights the programs of these tests take from several places.
#pragma once

#include <inlay/dsl.hpp>

inline constexpr auto classifier = inlay::network("classifier", inlay::input<inlay::f32, 19>("x"), [](auto x) {
  auto h = inlay::relu(inlay::dense<37>("fc1", x));
  return inlay::softmax(inlay::dense<11>("fc2", inlay::tanh(inlay::dense<37>("fc3", h) + h)));
});
