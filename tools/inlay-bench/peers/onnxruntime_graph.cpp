// SPDX-License-Identifier: Apache-2.0
// Models of ONNX Runtime, built in memory. Needs version 1.22 or later, whose C interface can build them.
#include "onnxruntime_graph.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace inlay::bench::onnxruntime {
namespace {

const OrtModelEditorApi& editor() {
  const OrtModelEditorApi* const found = api().GetModelEditorApi();
  if (!found) throw std::runtime_error("this build of the library cannot build models");
  return *found;
}

OrtValueInfo* value_info(const port& of) {
  auto* const shape = make<OrtTensorTypeAndShapeInfo>(api().CreateTensorTypeAndShapeInfo);
  check(api().SetTensorElementType(shape, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT));
  check(api().SetDimensions(shape, of.dims.data(), of.dims.size()));
  auto* const type =
      make<OrtTypeInfo>(editor().CreateTensorTypeInfo, static_cast<const OrtTensorTypeAndShapeInfo*>(shape));
  auto* const result =
      make<OrtValueInfo>(editor().CreateValueInfo, of.name.c_str(), static_cast<const OrtTypeInfo*>(type));
  api().ReleaseTypeInfo(type);
  api().ReleaseTensorTypeAndShapeInfo(shape);
  return result;
}

std::vector<OrtValueInfo*> value_infos(const std::vector<port>& ports) {
  std::vector<OrtValueInfo*> result;
  for (const port& each : ports) result.push_back(value_info(each));
  return result;
}

}  // namespace

OrtValue* tensor(const float* data, sizes dims) {
  static OrtMemoryInfo* const memory =
      make<OrtMemoryInfo>(api().CreateCpuMemoryInfo, OrtDeviceAllocator, OrtMemTypeDefault);
  std::size_t bytes = sizeof(float);
  for (const std::int64_t dim : dims) bytes *= static_cast<std::size_t>(dim);
  return make<OrtValue>(api().CreateTensorWithDataAsOrtValue, memory, static_cast<void*>(const_cast<float*>(data)),
                        bytes, dims.begin(), dims.size(), ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
}

graph_maker::graph_maker() : graph_(make<OrtGraph>(editor().CreateGraph)) {}

graph_maker::~graph_maker() {
  if (graph_) api().ReleaseGraph(graph_);
}

std::string graph_maker::initializer(const std::string& name, const float* data, sizes dims) {
  check(editor().AddInitializerToGraph(graph_, name.c_str(), tensor(data, dims), /*data_is_external=*/false));
  return name;
}

std::string graph_maker::list(std::vector<std::int64_t> numbers) {
  const std::string name = "list" + std::to_string(count_++);
  const auto count = static_cast<std::int64_t>(numbers.size());
  auto* const allocator = make<OrtAllocator>(api().GetAllocatorWithDefaultOptions);
  auto* const value = make<OrtValue>(api().CreateTensorAsOrtValue, allocator, &count, std::size_t{1},
                                     ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64);
  auto* const data = static_cast<std::int64_t*>(make<void>(api().GetTensorMutableData, value));
  std::copy(numbers.begin(), numbers.end(), data);
  check(editor().AddInitializerToGraph(graph_, name.c_str(), value, /*data_is_external=*/false));
  return name;
}

std::vector<std::string> graph_maker::node(const char* name, const std::vector<std::string>& inputs,
                                           std::vector<OrtOpAttr*> attributes, std::size_t results) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < results; ++i) names.push_back("v" + std::to_string(count_++));
  std::vector<const char*> in, out;
  for (const std::string& each : inputs) in.push_back(each.c_str());
  for (const std::string& each : names) out.push_back(each.c_str());
  check(editor().AddNodeToGraph(
      graph_, make<OrtNode>(editor().CreateNode, name, "", names.front().c_str(), in.data(), in.size(), out.data(),
                            out.size(), attributes.data(), attributes.size())));
  for (OrtOpAttr* each : attributes) api().ReleaseOpAttr(each);
  return names;
}

std::string graph_maker::node(const char* name, const std::vector<std::string>& inputs,
                              std::vector<OrtOpAttr*> attributes) {
  return node(name, inputs, std::move(attributes), 1).front();
}

OrtOpAttr* graph_maker::attribute(const char* name, std::int64_t value) {
  return make<OrtOpAttr>(api().CreateOpAttr, name, static_cast<const void*>(&value), 1, ORT_OP_ATTR_INT);
}

OrtOpAttr* graph_maker::attribute(const char* name, const char* value) {
  return make<OrtOpAttr>(api().CreateOpAttr, name, static_cast<const void*>(value),
                         static_cast<int>(std::string_view(value).size()), ORT_OP_ATTR_STRING);
}

OrtOpAttr* graph_maker::attribute(const char* name, sizes values) {
  return make<OrtOpAttr>(api().CreateOpAttr, name, static_cast<const void*>(values.begin()),
                         static_cast<int>(values.size()), ORT_OP_ATTR_INTS);
}

OrtSession* graph_maker::finish(const std::vector<port>& inputs, const std::vector<port>& outputs) {
  std::vector<OrtValueInfo*> in = value_infos(inputs), out = value_infos(outputs);
  check(editor().SetGraphInputs(graph_, in.data(), in.size()));
  check(editor().SetGraphOutputs(graph_, out.data(), out.size()));
  const char* domain = "";
  const int opset = 20;
  auto* const model = make<OrtModel>(editor().CreateModel, &domain, &opset, std::size_t{1});
  check(editor().AddGraphToModel(model, graph_));
  graph_ = nullptr;  // the model owns it now
  static OrtEnv* const environment = make<OrtEnv>(api().CreateEnv, ORT_LOGGING_LEVEL_ERROR, "inlay-bench");
  auto* const options = make<OrtSessionOptions>(api().CreateSessionOptions);
  check(api().SetIntraOpNumThreads(options, 1));
  check(api().SetInterOpNumThreads(options, 1));
  check(api().SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
  auto* const session =
      make<OrtSession>(editor().CreateSessionFromModel, static_cast<const OrtEnv*>(environment),
                       static_cast<const OrtModel*>(model), static_cast<const OrtSessionOptions*>(options));
  api().ReleaseSessionOptions(options);
  api().ReleaseModel(model);
  return session;
}

}  // namespace inlay::bench::onnxruntime
