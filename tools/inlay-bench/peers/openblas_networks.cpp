// SPDX-License-Identifier: Apache-2.0
// OpenBLAS: one matrix product per layer, added to the bias, then Eigen's array functions, because BLAS has none.
#include <cblas.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <sstream>
#include <string_view>

#include "network_peers.hpp"

namespace inlay::bench {
namespace {

network_run prepare(std::span<const dense_layer> layers, int batch) {
  for (const dense_layer& layer : layers)
    if (!can_activate(layer)) return {};
  openblas_set_num_threads(1);
  std::vector<dense_layer> all(layers.begin(), layers.end());
  auto values = std::make_shared<std::vector<std::vector<float>>>();
  for (const dense_layer& layer : all) values->emplace_back(static_cast<std::size_t>(batch * layer.outputs));
  return [all, values, batch](const float* x, float* y) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const dense_layer& layer = all[i];
      const int n = layer.outputs, k = layer.inputs;
      float* const result = i + 1 == all.size() ? y : (*values)[i].data();
      for (int row = 0; row < batch; ++row)
        if (layer.bias)
          std::copy_n(layer.bias, n, result + row * n);
        else
          std::fill_n(result + row * n, n, 0.0f);
      if (batch == 1)
        cblas_sgemv(CblasRowMajor, CblasNoTrans, n, k, 1.0f, layer.weight, k, x, 1, 1.0f, result, 1);
      else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch, n, k, 1.0f, x, k, layer.weight, k, 1.0f, result, n);
      activate(layer, result, batch);
      x = result;
    }
  };
}

}  // namespace

openblas_facts openblas_choice() {
  openblas_facts facts;
  // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Zen MAX_THREADS=64"
  std::istringstream config(openblas_get_config());
  config >> facts.version >> facts.version;
  facts.core = openblas_get_corename();
  if (const char* coretype = std::getenv("OPENBLAS_CORETYPE")) facts.coretype = coretype;
#if defined(__x86_64__)
  const auto core_is_one_of = [&](std::initializer_list<std::string_view> cores) {
    return std::ranges::find(cores, facts.core) != cores.end();
  };
  const bool wide = core_is_one_of({"SkylakeX", "Cooperlake", "SapphireRapids"});
  const bool middle = wide || core_is_one_of({"Haswell", "Zen", "Excavator"});
  const char* const better = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") ? "SkylakeX"
                             : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")       ? "Haswell"
                                                                                                     : nullptr;
  const bool as_good = better == nullptr || wide || (middle && better == std::string_view("Haswell"));
  // A user who sets OPENBLAS_CORETYPE to a processor with AVX2 has chosen it, so there is no warning.
  if (!as_good && !(middle && !facts.coretype.empty()))
    facts.warning = "OpenBLAS uses its kernels for " + facts.core + ", which do not use all of this processor's " +
                    (middle ? "AVX-512" : "vector instructions") +
                    ", and looks slower than it is: set OPENBLAS_CORETYPE=" + better;
#endif
  return facts;
}

network_library openblas_networks() { return {"OpenBLAS", prepare}; }

}  // namespace inlay::bench
