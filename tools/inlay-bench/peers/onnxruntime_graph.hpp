// SPDX-License-Identifier: Apache-2.0
// Builds ONNX models in memory with ONNX Runtime's C interface. Every function throws std::runtime_error with the
// library's message.
#pragma once

#include <onnxruntime_c_api.h>

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

namespace inlay::bench::onnxruntime {

inline const OrtApi& api() {
  static const OrtApi* const found = OrtGetApiBase()->GetApi(ORT_API_VERSION);
  if (!found) throw std::runtime_error("the library is older than its header");
  return *found;
}

inline void check(OrtStatus* status) {
  if (!status) return;
  const std::string message = api().GetErrorMessage(status);
  api().ReleaseStatus(status);
  throw std::runtime_error(message);
}

/// Calls a function of the C interface and returns the object that it stores through its last argument.
template <class T, class Function, class... Arguments>
T* make(Function function, Arguments... arguments) {
  T* result = nullptr;
  check(function(arguments..., &result));
  return result;
}

using sizes = std::initializer_list<std::int64_t>;

/// A tensor over the caller's memory.
OrtValue* tensor(const float* data, sizes dims);

/// A value that goes into a model or comes out of it.
struct port {
  std::string name;
  std::vector<std::int64_t> dims;
};

class graph_maker {
 public:
  graph_maker();
  graph_maker(const graph_maker&) = delete;
  graph_maker& operator=(const graph_maker&) = delete;
  ~graph_maker();

  /// Weights. Their memory must outlive the session.
  std::string initializer(const std::string& name, const float* data, sizes dims);
  /// Numbers that an operator takes as a list; the graph keeps a copy.
  std::string list(std::vector<std::int64_t> numbers);
  /// Appends an operator; returns the name of its result. An empty input is one that is left out.
  std::string node(const char* name, const std::vector<std::string>& inputs, std::vector<OrtOpAttr*> attributes = {});
  /// The same, with `results` results.
  std::vector<std::string> node(const char* name, const std::vector<std::string>& inputs,
                                std::vector<OrtOpAttr*> attributes, std::size_t results);

  static OrtOpAttr* attribute(const char* name, std::int64_t value);
  static OrtOpAttr* attribute(const char* name, const char* value);
  static OrtOpAttr* attribute(const char* name, sizes values);

  /// A session with all graph optimisations on one thread. The graph is used up.
  OrtSession* finish(const std::vector<port>& inputs, const std::vector<port>& outputs);

 private:
  OrtGraph* graph_;
  int count_ = 0;
};

}  // namespace inlay::bench::onnxruntime
