// SPDX-License-Identifier: Apache-2.0
// Set-up of the interpreter, and its reference engine.
#include "inlay/interpreter.hpp"

#include <cstring>

#include "baseline.hpp"
#include "inlay/graph_rules.hpp"
#include "inlay/reference.hpp"

namespace inlay {
namespace {

/// The first rule that the graph breaks; empty if it keeps all.
std::string broken_rule(const graph_view& graph) {
  const auto words = [&graph](const violation& v) {
    return "network '" + std::string(graph.name) + "': '" + std::string(v.layer.view()) + "': expected " +
           std::string(v.expected.view()) + ", found " + (v.found.size() == 0 ? "none" : std::string(v.found.view())) +
           "; " + std::string(advice(v.code));
  };
  for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
    if (const violation found = check_record(graph, i)) return words(found);
    if (const violation found = check_node(graph, i)) return words(found);
  }
  const violation found = check_graph(graph);
  return found ? words(found) : std::string();
}

reference::values values_of(const std::vector<double>& from) {
  reference::values to;
  to.append(from);
  return to;
}

/// Elements `first` to `first + count - 1` of an input in double.
template <class T>
reference::values elements_of(const void* input, std::size_t first, std::size_t count) {
  std::vector<T> elements(count);
  std::memcpy(elements.data(), static_cast<const std::byte*>(input) + first * sizeof(T), count * sizeof(T));
  return reference::widen(std::span<const T>(elements));
}

}  // namespace

interpreter::interpreter(const graph_view& graph) : graph_(graph) {}

interpreter::~interpreter() = default;

interpreter_result interpreter::create(const graph_view& graph, const weights& w) {
  interpreter_result result;
  if (std::string error = broken_rule(graph); !error.empty()) {
    result.errors.push_back(std::move(error));
    return result;
  }
  result.errors = check_weights(graph, w);
  if (!result.errors.empty()) return result;
  // Weights may be made by hand, so a tensor's number of values may not fit its shape.
  for (const node_record& node : graph.nodes) {
    if (node.kind != op::parameter) continue;
    const weight_tensor* tensor = w.find(graph.name_of(node));
    if (tensor != nullptr && tensor->values.size() == node.dims.elements()) continue;
    result.errors.push_back("parameter '" + std::string(graph.name_of(node)) + "': expected " +
                            std::to_string(node.dims.elements()) + " values, found " +
                            std::to_string(tensor == nullptr ? 0 : tensor->values.size()));
  }
  if (!result.errors.empty()) return result;
  std::unique_ptr<interpreter> made(new interpreter(graph));
  for (const node_record& node : graph.nodes) {
    std::span<const float> elements;
    if (node.kind == op::parameter) elements = w.find(graph.name_of(node))->values;
    if (node.kind == op::constant) elements = graph.elements(node);
    made->constants_.emplace_back(elements.begin(), elements.end());
  }
  made->baseline_ = std::make_unique<baseline_state>(made->graph_, made->constants_);
  result.value = std::move(made);
  return result;
}

void interpreter::run(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t batch,
                      engine how, interpreter_memory& memory) {
  const std::vector<const void*> pointers(inputs.begin(), inputs.end());
  run(std::span(pointers), outputs, batch, how, memory);
}

void interpreter::run(std::span<const void* const> inputs, std::span<float* const> outputs, std::size_t batch,
                      engine how, interpreter_memory& memory) {
  memory.values.resize(graph_.nodes.size());
  if (how == engine::baseline)
    baseline_->run(inputs, outputs, batch, memory);
  else
    run_reference(inputs, outputs, batch, memory);
}

void interpreter::run_reference(std::span<const void* const> inputs, std::span<float* const> outputs, std::size_t batch,
                                interpreter_memory& memory) {
  reference::memory remembered;
  for (const std::vector<double>& each : memory.values) remembered.push_back(values_of(each));
  std::vector<const node_record*> declared;
  for (const node_record& node : graph_.nodes)
    if (node.kind == op::input) declared.push_back(&node);
  for (std::size_t sample = 0; sample < batch; ++sample) {
    reference::evaluate(
        graph_,
        [&](std::size_t i) {
          const std::size_t size = declared[i]->dims.size();
          return declared[i]->type == dtype::i32 ? elements_of<std::int32_t>(inputs[i], sample * size, size)
                                                 : elements_of<float>(inputs[i], sample * size, size);
        },
        [&](const node_record& node) {
          return std::span<const float>(constants_[static_cast<std::size_t>(&node - graph_.nodes.data())]);
        },
        [&](std::uint32_t node, std::span<const double> elements) {
          if (observer_) observer_(node, elements);
          for (std::size_t i = 0; i < graph_.outputs.size(); ++i) {
            if (graph_.outputs[i].node != node) continue;
            float* to = outputs[i] + sample * elements.size();
            for (std::size_t e = 0; e < elements.size(); ++e) to[e] = static_cast<float>(elements[e]);
          }
        },
        remembered);
  }
  for (std::size_t i = 0; i < memory.values.size(); ++i)
    memory.values[i].assign(remembered[i].begin(), remembered[i].end());
}

}  // namespace inlay
