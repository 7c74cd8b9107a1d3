// SPDX-License-Identifier: Apache-2.0
// oneDNN: one inner product per layer, with the activation fused into it and weights in the format that oneDNN prefers.
#include <dlfcn.h>

#include <cstring>
#include <dnnl.hpp>
#include <optional>
#include <unordered_map>

#include "network_peers.hpp"

namespace inlay::bench {
namespace {

using dnnl::memory;

std::optional<dnnl::algorithm> algorithm_of(activation function) {
  switch (function) {
    case activation::relu: return dnnl::algorithm::eltwise_relu;
    case activation::tanh: return dnnl::algorithm::eltwise_tanh;
    case activation::sigmoid: return dnnl::algorithm::eltwise_logistic;
    case activation::gelu: return dnnl::algorithm::eltwise_gelu_erf;
    case activation::gelu_tanh: return dnnl::algorithm::eltwise_gelu_tanh;
    case activation::silu: return dnnl::algorithm::eltwise_swish;
    default: return std::nullopt;
  }
}

struct prepared {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  struct step {
    dnnl::primitive primitive;
    std::unordered_map<int, memory> arguments;
  };
  std::vector<step> steps;
  memory input, output;
};

void one_thread() {
  // oneDNN uses the threads of OpenMP, which it links.
  if (void* set = dlsym(RTLD_DEFAULT, "omp_set_num_threads")) reinterpret_cast<void (*)(int)>(set)(1);
}

network_run prepare(std::span<const dense_layer> layers, int batch) try {
  one_thread();
  auto all = std::make_shared<prepared>();
  const auto plain = [&](int width) {
    return memory::desc({batch, width}, memory::data_type::f32, memory::format_tag::nc);
  };
  all->input = memory(plain(layers.front().inputs), all->engine, nullptr);
  memory x = all->input;
  for (const dense_layer& layer : layers) {
    const bool last = &layer == &layers.back();
    memory y = last && !layer.softmax ? memory(plain(layer.outputs), all->engine, nullptr)
                                      : memory(plain(layer.outputs), all->engine);
    dnnl::primitive_attr attributes;
    if (layer.function != activation::none) {
      const auto algorithm = algorithm_of(layer.function);
      if (!algorithm) return {};
      dnnl::post_ops after;
      after.append_eltwise(1.0f, *algorithm, layer.function == activation::silu ? 1.0f : 0.0f, 0.0f);
      attributes.set_post_ops(after);
    }
    const memory::desc any({layer.outputs, layer.inputs}, memory::data_type::f32, memory::format_tag::any);
    const memory::desc bias_type({layer.outputs}, memory::data_type::f32, memory::format_tag::a);
    const dnnl::inner_product_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference, plain(layer.inputs), any, bias_type, plain(layer.outputs)}, attributes,
        all->engine);
    memory given({{layer.outputs, layer.inputs}, memory::data_type::f32, memory::format_tag::oi}, all->engine,
                 const_cast<float*>(layer.weight));
    memory weight(description.weights_desc(), all->engine);
    dnnl::reorder(given, weight).execute(all->stream, given, weight);
    memory bias(bias_type, all->engine);
    const std::size_t bytes = static_cast<std::size_t>(layer.outputs) * sizeof(float);
    if (layer.bias)
      std::memcpy(bias.get_data_handle(), layer.bias, bytes);
    else
      std::memset(bias.get_data_handle(), 0, bytes);
    all->steps.push_back({dnnl::inner_product_forward(description),
                          {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, weight}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, y}}});
    if (layer.softmax) {
      memory normalised =
          last ? memory(plain(layer.outputs), all->engine, nullptr) : memory(plain(layer.outputs), all->engine);
      const dnnl::softmax_forward::primitive_desc softmax({dnnl::prop_kind::forward_inference, plain(layer.outputs), 1},
                                                          all->engine);
      all->steps.push_back({dnnl::softmax_forward(softmax), {{DNNL_ARG_SRC, y}, {DNNL_ARG_DST, normalised}}});
      y = normalised;
    }
    x = y;
  }
  all->stream.wait();
  all->output = x;
  return [all](const float* in, float* out) {
    all->input.set_data_handle(const_cast<float*>(in));
    all->output.set_data_handle(out);
    for (const prepared::step& step : all->steps) step.primitive.execute(all->stream, step.arguments);
    all->stream.wait();
  };
} catch (const dnnl::error&) {
  return {};
}

}  // namespace

network_library onednn_networks() { return {"oneDNN", prepare}; }

}  // namespace inlay::bench
