// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime: runs the network as an ONNX model, with all graph optimisations, on one thread. Needs version 1.22 or
// later, whose C interface can build models.
#include <onnxruntime_c_api.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "network_peers.hpp"

namespace inlay::bench {
namespace {

const OrtApi& ort() {
  static const OrtApi* const api = OrtGetApiBase()->GetApi(ORT_API_VERSION);
  if (!api) throw std::runtime_error("the library is older than its header");
  return *api;
}

const OrtModelEditorApi& editor() {
  const OrtModelEditorApi* const api = ort().GetModelEditorApi();
  if (!api) throw std::runtime_error("this build of the library cannot build models");
  return *api;
}

void check(OrtStatus* status) {
  if (!status) return;
  const std::string message = ort().GetErrorMessage(status);
  ort().ReleaseStatus(status);
  throw std::runtime_error(message);
}

/// Calls a function of the C interface and returns the object that it stores through its last argument.
template <class T, class Function, class... Arguments>
T* make(Function function, Arguments... arguments) {
  T* result = nullptr;
  check(function(arguments..., &result));
  return result;
}

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

OrtValue* tensor(const float* data, std::initializer_list<int64_t> dims) {
  static OrtMemoryInfo* const memory = [] {
    return make<OrtMemoryInfo>(ort().CreateCpuMemoryInfo, OrtDeviceAllocator, OrtMemTypeDefault);
  }();
  size_t bytes = sizeof(float);
  for (const int64_t dim : dims) bytes *= static_cast<size_t>(dim);
  return make<OrtValue>(ort().CreateTensorWithDataAsOrtValue, memory, static_cast<void*>(const_cast<float*>(data)),
                        bytes, dims.begin(), dims.size(), ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
}

class graph_maker {
 public:
  graph_maker() = default;
  graph_maker(const graph_maker&) = delete;
  graph_maker& operator=(const graph_maker&) = delete;
  ~graph_maker() {
    if (graph_) ort().ReleaseGraph(graph_);
  }
  void initializer(const std::string& name, const float* data, std::initializer_list<int64_t> dims) {
    check(editor().AddInitializerToGraph(graph_, name.c_str(), tensor(data, dims), /*data_is_external=*/false));
  }
  /// Appends an operator; returns the name of its result.
  std::string node(const char* name, std::vector<const char*> inputs, std::vector<OrtOpAttr*> attributes) {
    const std::string result = "v" + std::to_string(count_++);
    const char* output = result.c_str();
    check(editor().AddNodeToGraph(
        graph_, make<OrtNode>(editor().CreateNode, name, "", result.c_str(), inputs.data(), inputs.size(), &output,
                              size_t{1}, attributes.data(), attributes.size())));
    for (OrtOpAttr* each : attributes) ort().ReleaseOpAttr(each);
    return result;
  }
  static OrtOpAttr* attribute(const char* name, int64_t value) {
    return make<OrtOpAttr>(ort().CreateOpAttr, name, static_cast<const void*>(&value), 1, ORT_OP_ATTR_INT);
  }
  static OrtOpAttr* attribute(const char* name, const char* value) {
    return make<OrtOpAttr>(ort().CreateOpAttr, name, static_cast<const void*>(value),
                           static_cast<int>(std::string_view(value).size()), ORT_OP_ATTR_STRING);
  }
  OrtSession* finish(int batch, int inputs, const std::string& output, int outputs) {
    OrtValueInfo *x = port("x", batch, inputs), *y = port(output, batch, outputs);
    check(editor().SetGraphInputs(graph_, &x, 1));
    check(editor().SetGraphOutputs(graph_, &y, 1));
    const char* domain = "";
    const int opset = 20;
    auto* const model = make<OrtModel>(editor().CreateModel, &domain, &opset, size_t{1});
    check(editor().AddGraphToModel(model, graph_));
    graph_ = nullptr;  // the model owns it now
    static OrtEnv* const environment = make<OrtEnv>(ort().CreateEnv, ORT_LOGGING_LEVEL_ERROR, "inlay-bench");
    auto* const options = make<OrtSessionOptions>(ort().CreateSessionOptions);
    check(ort().SetIntraOpNumThreads(options, 1));
    check(ort().SetInterOpNumThreads(options, 1));
    check(ort().SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
    auto* const session =
        make<OrtSession>(editor().CreateSessionFromModel, static_cast<const OrtEnv*>(environment),
                         static_cast<const OrtModel*>(model), static_cast<const OrtSessionOptions*>(options));
    ort().ReleaseSessionOptions(options);
    ort().ReleaseModel(model);
    return session;
  }

 private:
  OrtGraph* graph_ = make<OrtGraph>(editor().CreateGraph);
  int count_ = 0;

  static OrtValueInfo* port(const std::string& name, int64_t rows, int64_t columns) {
    auto* const shape = make<OrtTensorTypeAndShapeInfo>(ort().CreateTensorTypeAndShapeInfo);
    check(ort().SetTensorElementType(shape, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT));
    const std::array<int64_t, 2> dims = {rows, columns};
    check(ort().SetDimensions(shape, dims.data(), dims.size()));
    auto* const type =
        make<OrtTypeInfo>(editor().CreateTensorTypeInfo, static_cast<const OrtTensorTypeAndShapeInfo*>(shape));
    auto* const result =
        make<OrtValueInfo>(editor().CreateValueInfo, name.c_str(), static_cast<const OrtTypeInfo*>(type));
    ort().ReleaseTypeInfo(type);
    ort().ReleaseTensorTypeAndShapeInfo(shape);
    return result;
  }
};

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
    check(ort().Run(session, nullptr, &input_name, &in, 1, &output_name, 1, &out));
  }
  void release() {
    if (OrtValue* value = std::exchange(in, nullptr)) ort().ReleaseValue(value);
    if (OrtValue* value = std::exchange(out, nullptr)) ort().ReleaseValue(value);
  }
  ~prepared() {
    release();
    ort().ReleaseSession(session);
  }
};

network_run prepare(std::span<const dense_layer> layers, int batch) try {
  graph_maker graph;
  std::string x = "x";
  int number = 0;
  for (const dense_layer& layer : layers) {
    const std::string weight = "weight" + std::to_string(number), bias = "bias" + std::to_string(number++);
    graph.initializer(weight, layer.weight, {layer.outputs, layer.inputs});
    std::vector<const char*> operands = {x.c_str(), weight.c_str()};
    if (layer.bias) {
      graph.initializer(bias, layer.bias, {layer.outputs});
      operands.push_back(bias.c_str());
    }
    x = graph.node("Gemm", operands, {graph_maker::attribute("transB", 1)});
    if (layer.function != activation::none) {
      const onnx_operator function = operator_of(layer.function);
      if (!function.name) return {};
      std::vector<OrtOpAttr*> attributes;
      if (function.attribute) attributes.push_back(graph_maker::attribute(function.attribute, function.value));
      x = graph.node(function.name, {x.c_str()}, attributes);
    }
    if (layer.softmax) x = graph.node("Softmax", {x.c_str()}, {});
  }
  const int inputs = layers.front().inputs, outputs = layers.back().outputs;
  auto* const session = graph.finish(batch, inputs, x, outputs);
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
