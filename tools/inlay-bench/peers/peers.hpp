// SPDX-License-Identifier: Apache-2.0
// Activations of other libraries, used as their users would use them.
#pragma once

#include <span>
#include <string_view>

#include "inlay/activations.hpp"

namespace inlay::bench {

/// y[i] = f(x[i]) for `count` elements.
struct peer_function {
  activation function;
  void (*run)(const float* x, float* y, int count);
};

struct peer_library {
  std::string_view name;
  std::span<const peer_function> functions;
};

peer_library libmvec_peer();
peer_library eigen_peer();
#ifdef INLAY_BENCH_SLEEF
peer_library sleef_peer();
peer_library sleef35_peer();  ///< the variants with an error of 3.5 ulp
#endif

}  // namespace inlay::bench
