// SPDX-License-Identifier: Apache-2.0
// Eigen's array functions.
#include <Eigen/Core>
#include <unsupported/Eigen/SpecialFunctions>

#include "peers.hpp"

namespace inlay::bench {
namespace {

template <class F>
void apply(const float* x, float* y, int count, F f) {
  Eigen::Map<const Eigen::ArrayXf> in(x, count);
  Eigen::Map<Eigen::ArrayXf> out(y, count);
  out = f(in);
}

constexpr peer_function functions[] = {
    {activation::relu, [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v.max(0.0f); }); }},
    {activation::exp, [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v.exp(); }); }},
    {activation::log, [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v.log(); }); }},
    {activation::tanh, [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v.tanh(); }); }},
    {activation::erf, [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v.erf(); }); }},
    {activation::sin, [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v.sin(); }); }},
    {activation::cos, [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v.cos(); }); }},
    {activation::sqrt, [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v.sqrt(); }); }},
    {activation::rsqrt, [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v.rsqrt(); }); }},
    {activation::reciprocal,
     [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v.inverse(); }); }},
    {activation::sigmoid,
     [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v.logistic(); }); }},
    {activation::silu,
     [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v * v.logistic(); }); }},
    {activation::softplus,
     [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v.exp().log1p(); }); }},
    {activation::elu,
     [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return (v > 0.0f).select(v, v.expm1()); }); }},
    {activation::gelu,
     [](const float* x, float* y, int n) {
       apply(x, y, n, [](auto& v) { return 0.5f * v * (1.0f + (v * 0.70710678f).erf()); });
     }},
    {activation::gelu_tanh,
     [](const float* x, float* y, int n) {
       apply(x, y, n, [](auto& v) { return 0.5f * v * (1.0f + (0.79788456f * (v + 0.044715f * v.cube())).tanh()); });
     }},
    {activation::mish,
     [](const float* x, float* y, int n) { apply(x, y, n, [](auto& v) { return v * v.exp().log1p().tanh(); }); }},
};

}  // namespace

peer_library eigen_peer() { return {"Eigen", functions}; }

}  // namespace inlay::bench
