// SPDX-License-Identifier: Apache-2.0
// A library with its own kernels, which FUNCTION runs through C++ and through C. NAME is the kernels' NAME.
#include <inlay/compiled.hpp>

#include "model.hpp"
#include KERNELS_HEADER

/// The first output for `x`; -1 if the two interfaces disagree.
extern "C" float FUNCTION(const float* x) {
  inlay::compiled<gain, NAME> net;
  float y[2] = {}, through_c[2] = {};
  if (net(std::span(x, 3), y) != inlay::status::ok) return -1;
  if (C_FUNCTION(x, through_c, 1, nullptr) != 0) return -1;
  return y[0] == y[1] && y[0] == through_c[0] && y[1] == through_c[1] ? y[0] : -1;
}
