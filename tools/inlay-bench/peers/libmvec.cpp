// SPDX-License-Identifier: Apache-2.0
// Plain loops over libm's functions, which g++ -O3 -ffast-math turns into calls of glibc's libmvec.
#include <cmath>

#include "peers.hpp"

namespace inlay::bench {
namespace {

template <class F>
void loop(const float* __restrict x, float* __restrict y, int count, F f) {
  for (int i = 0; i < count; ++i) y[i] = f(x[i]);
}

constexpr peer_function functions[] = {
    {activation::relu, [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return v > 0 ? v : 0; }); }},
    {activation::exp, [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return expf(v); }); }},
    {activation::log, [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return logf(v); }); }},
    {activation::tanh, [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return tanhf(v); }); }},
    {activation::erf, [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return erff(v); }); }},
    {activation::sin, [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return sinf(v); }); }},
    {activation::cos, [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return cosf(v); }); }},
    {activation::sqrt, [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return sqrtf(v); }); }},
    {activation::rsqrt, [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return 1 / sqrtf(v); }); }},
    {activation::reciprocal, [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return 1 / v; }); }},
    {activation::sigmoid,
     [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return 1 / (1 + expf(-v)); }); }},
    {activation::silu,
     [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return v / (1 + expf(-v)); }); }},
    {activation::softplus,
     [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return log1pf(expf(v)); }); }},
    {activation::elu,
     [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return v > 0 ? v : expm1f(v); }); }},
    {activation::gelu, [](const float* x, float* y,
                          int n) { loop(x, y, n, [](float v) { return 0.5f * v * (1 + erff(v * 0.70710678f)); }); }},
    {activation::gelu_tanh,
     [](const float* x, float* y, int n) {
       loop(x, y, n, [](float v) { return 0.5f * v * (1 + tanhf(0.79788456f * (v + 0.044715f * v * v * v))); });
     }},
    {activation::mish,
     [](const float* x, float* y, int n) { loop(x, y, n, [](float v) { return v * tanhf(log1pf(expf(v))); }); }},
};

}  // namespace

peer_library libmvec_peer() { return {"libmvec", functions}; }

}  // namespace inlay::bench
