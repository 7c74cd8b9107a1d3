// SPDX-License-Identifier: Apache-2.0
// Compares the parameters of a graph with weights in memory.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "inlay/weights.hpp"
#include "parameter_names.hpp"

namespace inlay {
std::vector<std::string> check_weights(std::span<const graph_view> graphs, const weights& w, extras extra) {
  const std::unordered_set<std::string_view> known = detail::parameter_names(graphs);
  std::vector<std::string> problems;
  std::unordered_set<std::string> said;
  const auto add = [&](std::string line) {
    if (said.insert(line).second) problems.push_back(std::move(line));
  };
  std::unordered_map<std::string_view, const weight_tensor*> tensors;
  std::unordered_map<std::string_view, const unread_tensor*> unread;
  std::vector<detail::spare_tensor> spare;
  std::vector<std::string> more;
  for (const weight_tensor& tensor : w.tensors) {
    if (!tensors.emplace(tensor.name, &tensor).second) more.push_back("tensor '" + tensor.name + "' appears twice");
    if (known.contains(tensor.name)) continue;
    spare.push_back({tensor.name, tensor.shape});
    if (extra == extras::refused)
      more.push_back("extra tensor '" + tensor.name + "' " + detail::shape_text(tensor.shape) +
                     ": no layer has a parameter of this name");
  }
  for (const unread_tensor& tensor : w.unread) {
    unread.emplace(tensor.name, &tensor);
    if (extra == extras::refused && !known.contains(tensor.name) && !detail::is_counter(tensor.name, known))
      more.push_back("extra tensor '" + tensor.name + "' " + detail::shape_text(tensor.shape, tensor.stored_type) +
                     ": no layer has a parameter of this name");
  }
  detail::name_suggester suggester(std::move(spare));
  for (const graph_view& graph : graphs)
    for (const node_record& node : graph.nodes) {
      if (node.kind != op::parameter) continue;
      const std::string name(graph.name_of(node));
      const detail::tensor_sizes expected = detail::sizes_of(node);
      const auto found = tensors.find(name);
      if (found == tensors.end()) {
        if (const auto other = unread.find(name); other != unread.end())
          add(detail::unreadable(name, other->second->stored_type));
        else
          add("missing parameter '" + name + "': expected " + detail::shape_text(expected) +
              suggester.suggest(name, expected));
        continue;
      }
      const weight_tensor& tensor = *found->second;
      if (!std::ranges::equal(tensor.shape, expected))
        add(detail::misshaped(name, expected, name, tensor.shape));
      else if (tensor.values.size() != node.dims.elements())
        add("parameter '" + name + "': its shape " + detail::shape_text(expected) + " has " +
            std::to_string(node.dims.elements()) + " elements, but there are " + std::to_string(tensor.values.size()) +
            " values");
    }
  for (std::string& line : more) add(std::move(line));
  return problems;
}

std::vector<std::string> check_weights(const graph_view& graph, const weights& w, extras extra) {
  return check_weights(std::span(&graph, 1), w, extra);
}

const weight_tensor* weights::find(std::string_view name) const {
  const auto name_of = [](const weight_tensor& t) { return std::string_view(t.name); };
  const auto near = std::ranges::lower_bound(tensors, name, {}, name_of);
  if (near != tensors.end() && near->name == name) return &*near;
  const auto found = std::ranges::find(tensors, name, name_of);
  return found != tensors.end() ? &*found : nullptr;
}

}  // namespace inlay
