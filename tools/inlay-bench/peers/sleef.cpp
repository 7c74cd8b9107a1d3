// SPDX-License-Identifier: Apache-2.0
// SLEEF's functions on the widest vectors of this build: those with 1 ulp and, where they exist, those with 3.5 ulp.
#include <immintrin.h>
#include <sleef.h>

#include "peers.hpp"

#if defined(__AVX512F__)
#define SLEEF(function, accuracy) Sleef_##function##f16_##accuracy
using vec = __m512;
static vec load(const float* p) { return _mm512_loadu_ps(p); }
static void store(float* p, vec v) { _mm512_storeu_ps(p, v); }
static vec all(float f) { return _mm512_set1_ps(f); }
#elif defined(__AVX2__)
#define SLEEF(function, accuracy) Sleef_##function##f8_##accuracy
using vec = __m256;
static vec load(const float* p) { return _mm256_loadu_ps(p); }
static void store(float* p, vec v) { _mm256_storeu_ps(p, v); }
static vec all(float f) { return _mm256_set1_ps(f); }
#else
#define SLEEF(function, accuracy) Sleef_##function##f4_##accuracy
using vec = __m128;
static vec load(const float* p) { return _mm_loadu_ps(p); }
static void store(float* p, vec v) { _mm_storeu_ps(p, v); }
static vec all(float f) { return _mm_set1_ps(f); }
#endif

namespace inlay::bench {
namespace {

/// `count` is a multiple of the vector's width.
template <class F>
void loop(const float* x, float* y, int count, F f) {
  for (int i = 0; i < count; i += static_cast<int>(sizeof(vec) / sizeof(float))) store(y + i, f(load(x + i)));
}

#define RUN(expression) [](const float* x, float* y, int n) { loop(x, y, n, [](vec v) { return expression; }); }

constexpr peer_function functions[] = {
    {activation::exp, RUN(SLEEF(exp, u10)(v))},
    {activation::log, RUN(SLEEF(log, u10)(v))},
    {activation::tanh, RUN(SLEEF(tanh, u10)(v))},
    {activation::erf, RUN(SLEEF(erf, u10)(v))},
    {activation::sin, RUN(SLEEF(sin, u10)(v))},
    {activation::cos, RUN(SLEEF(cos, u10)(v))},
    {activation::sigmoid, RUN(all(1) / (all(1) + SLEEF(exp, u10)(-v)))},
    {activation::silu, RUN(v / (all(1) + SLEEF(exp, u10)(-v)))},
    {activation::softplus, RUN(SLEEF(log1p, u10)(SLEEF(exp, u10)(v)))},
    {activation::gelu, RUN(all(0.5f) * v * (all(1) + SLEEF(erf, u10)(v * all(0.70710678f))))},
    {activation::gelu_tanh,
     RUN(all(0.5f) * v * (all(1) + SLEEF(tanh, u10)(all(0.79788456f) * (v + all(0.044715f) * v * v * v))))},
    {activation::mish, RUN(v* SLEEF(tanh, u10)(SLEEF(log1p, u10)(SLEEF(exp, u10)(v))))},
};

constexpr peer_function functions35[] = {
    {activation::log, RUN(SLEEF(log, u35)(v))},
    {activation::tanh, RUN(SLEEF(tanh, u35)(v))},
    {activation::sin, RUN(SLEEF(sin, u35)(v))},
    {activation::cos, RUN(SLEEF(cos, u35)(v))},
    {activation::gelu_tanh,
     RUN(all(0.5f) * v * (all(1) + SLEEF(tanh, u35)(all(0.79788456f) * (v + all(0.044715f) * v * v * v))))},
};

}  // namespace

peer_library sleef_peer() { return {"SLEEF 1.0", functions}; }
peer_library sleef35_peer() { return {"SLEEF 3.5", functions35}; }

}  // namespace inlay::bench
