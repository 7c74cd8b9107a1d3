// SPDX-License-Identifier: Apache-2.0
// A network with an i32 input and an f32 input.
#include "inlay/dsl.hpp"

namespace {
using namespace inlay;

constexpr auto reviews = network("reviews", input<i32, 20>("tokens"), input<f32, 8>("age"), [](auto tokens, auto age) {
  auto words = embedding<100, 8>("words", tokens);
  return dense<3>("scores", mean<0>(words) * age);
});
INLAY_NETWORK(reviews);
}  // namespace
