// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime: runs the network as an ONNX model, with all graph optimisations, on one thread.
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "network_peers.hpp"
#include "onnxruntime_graph.hpp"

namespace inlay::bench {
namespace {

using namespace onnxruntime;

/// The operator for an activation with default parameters; null if there is none. `attribute` names a string attribute.
struct onnx_operator {
  const char* name = nullptr;
  const char* attribute = nullptr;
  const char* value = nullptr;
};

onnx_operator operator_of(activation function) {
  switch (function) {
    case activation::relu: return {"Relu"};
    case activation::leaky_relu: return {"LeakyRelu"};
    case activation::elu: return {"Elu"};
    case activation::selu: return {"Selu"};
    case activation::gelu: return {"Gelu", "approximate", "none"};
    case activation::gelu_tanh: return {"Gelu", "approximate", "tanh"};
    case activation::mish: return {"Mish"};
    case activation::sigmoid: return {"Sigmoid"};
    case activation::tanh: return {"Tanh"};
    case activation::softplus: return {"Softplus"};
    case activation::softsign: return {"Softsign"};
    case activation::hard_swish: return {"HardSwish"};
    case activation::exp: return {"Exp"};
    case activation::log: return {"Log"};
    case activation::sqrt: return {"Sqrt"};
    case activation::abs: return {"Abs"};
    case activation::sin: return {"Sin"};
    case activation::cos: return {"Cos"};
    case activation::erf: return {"Erf"};
    default: return {};
  }
}

/// A session, and tensors over the caller's memory. They are made again only if the memory has changed.
struct prepared {
  OrtSession* session;
  int batch, inputs, outputs;
  std::string output;
  const float *x = nullptr, *y = nullptr;
  OrtValue *in = nullptr, *out = nullptr;

  void run(const float* from, float* to) {
    if (from != x || to != y) {
      release();
      x = from, y = to;
      in = tensor(from, {batch, inputs}), out = tensor(to, {batch, outputs});
    }
    const char *input_name = "x", *output_name = output.c_str();
    check(api().Run(session, nullptr, &input_name, &in, 1, &output_name, 1, &out));
  }
  void release() {
    if (OrtValue* value = std::exchange(in, nullptr)) api().ReleaseValue(value);
    if (OrtValue* value = std::exchange(out, nullptr)) api().ReleaseValue(value);
  }
  ~prepared() {
    release();
    api().ReleaseSession(session);
  }
};

network_run prepare(std::span<const dense_layer> layers, int batch) try {
  graph_maker graph;
  std::string x = "x";
  int number = 0;
  for (const dense_layer& layer : layers) {
    const std::string index = std::to_string(number++);
    std::vector<std::string> operands = {
        x, graph.initializer("weight" + index, layer.weight, {layer.outputs, layer.inputs})};
    if (layer.bias) operands.push_back(graph.initializer("bias" + index, layer.bias, {layer.outputs}));
    x = graph.node("Gemm", operands, {graph_maker::attribute("transB", 1)});
    if (layer.function != activation::none) {
      const onnx_operator function = operator_of(layer.function);
      if (!function.name) return {};
      std::vector<OrtOpAttr*> attributes;
      if (function.attribute) attributes.push_back(graph_maker::attribute(function.attribute, function.value));
      x = graph.node(function.name, {x}, attributes);
    }
    if (layer.softmax) x = graph.node("Softmax", {x});
  }
  const int inputs = layers.front().inputs, outputs = layers.back().outputs;
  auto* const session = graph.finish({{"x", {batch, inputs}}}, {{x, {batch, outputs}}});
  auto all = std::make_shared<prepared>(session, batch, inputs, outputs, x);
  // If something fails, it fails here rather than in the contest.
  all->run(std::vector<float>(static_cast<std::size_t>(batch) * static_cast<std::size_t>(inputs)).data(),
           std::vector<float>(static_cast<std::size_t>(batch) * static_cast<std::size_t>(outputs)).data());
  return [all](const float* in, float* out) { all->run(in, out); };
} catch (const std::exception& error) {
  std::fprintf(stderr, "inlay-bench: ONNX Runtime takes no part: %s\n", error.what());
  return {};
}

}  // namespace

network_library onnxruntime_networks() { return {"ONNX Runtime", prepare}; }

}  // namespace inlay::bench
