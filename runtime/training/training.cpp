// SPDX-License-Identifier: Apache-2.0
// What a trainer does outside of compiled code: initial parameters, the numbers of an update, and weights.
#include <algorithm>

#include "inlay/trainer.hpp"

namespace inlay::detail {
namespace {

/// What a parameter is for.
enum class purpose { weight, bias, other };

struct parameter_use {
  purpose what = purpose::other;
  double fan_in = 1, fan_out = 1;
};

/// Whether `node` is computed from parameter `index`, among other things.
bool depends(const graph_view& graph, std::uint32_t node, std::uint32_t index) {
  std::vector<bool> found(node + 1);
  for (std::uint32_t i = index; i <= node; ++i) {
    found[i] = i == index;
    for (const std::uint32_t operand : graph.operands(graph.nodes[i]))
      if (operand != no_node && operand >= index && found[operand]) found[i] = true;
  }
  return node >= index && found[node];
}

/// How layers read parameter `index`. A weight that is computed from it, and has as many elements, counts as it.
parameter_use use_of(const graph_view& graph, std::uint32_t index) {
  const std::uint64_t elements = graph.nodes[index].dims.elements();
  for (const node_record& node : graph.nodes) {
    const bool layer = node.kind == op::dense || node.kind == op::conv2d || node.kind == op::conv_transpose2d;
    if (!layer) continue;
    const auto operands = graph.operands(node);
    const shape& weight = graph.nodes[operands[1]].dims;
    const bool is_weight = weight.elements() == elements && depends(graph, operands[1], index);
    if (!is_weight && operands[2] != index) continue;
    const double all = static_cast<double>(weight.elements());
    const double fan_in = all / weight.sizes[0];
    double taps = 1;
    for (std::uint32_t axis = 2; axis < weight.rank; ++axis) taps *= weight.sizes[axis];
    return {is_weight ? purpose::weight : purpose::bias, fan_in, weight.sizes[0] * taps};
  }
  return {};
}

/// Runs `body(place in g, element of v)` for each element of the directions v of
/// torch.nn.utils.weight_norm. The lengths g have v's shape with 1 for the axes along which they are norms.
template <class Body>
void for_each_direction(const shape& length, const shape& direction, Body body) {
  for (std::size_t i = 0; i < direction.size(); ++i) {
    std::size_t rest = i, place = 0, stride = 1;
    for (std::uint32_t axis = direction.rank; axis-- > 0; rest /= direction.sizes[axis]) {
      if (length.sizes[axis] != 1) place += rest % direction.sizes[axis] * stride;
      stride *= length.sizes[axis];
    }
    body(place, i);
  }
}

/// Whether g can be the lengths of v.
bool is_length_of(const shape& length, const shape& direction) {
  if (length.rank != direction.rank) return false;
  for (std::uint32_t axis = 0; axis < length.rank; ++axis)
    if (length.sizes[axis] != 1 && length.sizes[axis] != direction.sizes[axis]) return false;
  return true;
}

/// The parts of the memory that a resumable training keeps, and what their tensors are called.
struct kept_part {
  const char* prefix;
  std::uint64_t start;
};
std::vector<kept_part> parts_of(const training_layout& layout, bool resumable) {
  std::vector<kept_part> parts = {{"", 0}};
  if (resumable) {
    parts.push_back({"optimizer.first.", layout.first_moments()});
    parts.push_back({"optimizer.second.", layout.second_moments()});
  }
  return parts;
}

/// Runs `body(name, elements in each part, shape)` for each parameter.
template <class Body>
void for_each_parameter(const graph_view& graph, Body body) {
  for (std::uint32_t i = 0; i < graph.nodes.size(); ++i)
    if (graph.nodes[i].kind == op::parameter)
      body(i, std::string(graph.name_of(graph.nodes[i])), parameter_offset(graph, i), graph.nodes[i].dims);
}

constexpr const char* steps_name = "optimizer.steps";
/// A float counts exactly up to 2^24, so the number of steps is two digits of this base.
constexpr std::uint64_t steps_base = 1u << 20;

/// weight_norm begins with the norms of the directions: `a.weight_g` with those of `a.weight_v`.
void begin_lengths(training_state& training) {
  const graph_view& graph = training.graph;
  constexpr std::string_view g = "weight_g", v = "weight_v";
  for_each_parameter(graph, [&](std::uint32_t, const std::string& name, std::uint64_t offset, const shape& length) {
    if (!name.ends_with(g)) return;
    const std::string of = name.substr(0, name.size() - g.size()) + std::string(v);
    for_each_parameter(graph, [&](std::uint32_t, const std::string& other, std::uint64_t from, const shape& direction) {
      if (other != of || !is_length_of(length, direction)) return;
      std::vector<double> squares(length.size());
      for_each_direction(length, direction, [&](std::size_t place, std::size_t i) {
        const double each = static_cast<double>(training.memory[from + i]);
        squares[place] += each * each;
      });
      for (std::size_t i = 0; i < squares.size(); ++i)
        training.memory[offset + i] = static_cast<float>(std::sqrt(squares[i]));
    });
  });
}

}  // namespace

void begin_training(training_state& training, initial how, std::uint64_t seed) {
  const graph_view& graph = training.graph;
  std::fill_n(training.memory, training_layout_of(graph).elements(), 0.0f);
  training.steps = 0;
  random_numbers random(seed);
  for_each_parameter(graph, [&](std::uint32_t index, const std::string& name, std::uint64_t offset, const shape& dims) {
    const parameter_use use = use_of(graph, index);
    float* elements = training.memory + offset;
    if (use.what == purpose::other) {
      std::fill_n(elements, dims.size(), name.ends_with("weight") || is_running_variance(name) ? 1.0f : 0.0f);
      return;
    }
    double bound = 1 / std::sqrt(use.fan_in);
    if (how == initial::kaiming_uniform) bound = std::sqrt(6 / use.fan_in);
    if (how == initial::xavier_uniform) bound = std::sqrt(6 / (use.fan_in + use.fan_out));
    if (use.what == purpose::bias && how != initial::linear) return;
    for (std::size_t i = 0; i < dims.size(); ++i) elements[i] = static_cast<float>(bound) * (2 * random.uniform() - 1);
  });
  begin_lengths(training);
}

optimizer_settings next_settings(training_state& training, const optimizer& how, std::size_t batch) {
  const double t = static_cast<double>(++training.steps);
  optimizer_settings settings{};
  settings.last = static_cast<std::uint32_t>(parameter_elements(training.graph));
  double scale = 1 / static_cast<double>(batch);
  if (how.most_norm > 0) {
    const training_layout layout{parameter_elements(training.graph)};
    const float* gradients = training.memory + layout.gradients();
    double sum = 0;
    for (std::uint64_t i = 0; i < layout.parameters; ++i)
      sum += static_cast<double>(gradients[i]) * static_cast<double>(gradients[i]);
    const double norm = scale * std::sqrt(sum);
    if (norm > how.most_norm) scale *= how.most_norm / norm;
  }
  const bool decays = how.how == method::adamw;  // the others add the decay to the gradient
  settings.scale = static_cast<float>(scale);
  settings.l2 = static_cast<float>(decays ? 0 : how.weight_decay);
  settings.keep = static_cast<float>(decays ? 1 - how.rate * how.weight_decay : 1);
  if (how.how == method::sgd) {
    settings.rate = static_cast<float>(how.rate);
    settings.beta1 = static_cast<float>(how.momentum);
    settings.nesterov = how.nesterov ? 1.0f : 0.0f;
    return settings;
  }
  settings.rate = static_cast<float>(how.rate / (1 - std::pow(how.beta1, t)));
  settings.beta1 = static_cast<float>(how.beta1);
  settings.beta2 = static_cast<float>(how.beta2);
  settings.correction = static_cast<float>(1 / std::sqrt(1 - std::pow(how.beta2, t)));
  settings.epsilon = static_cast<float>(how.epsilon);
  return settings;
}

weights weights_of(const training_state& training, bool resumable) {
  weights all;
  for (const kept_part& part : parts_of(training_layout_of(training.graph), resumable))
    for_each_parameter(training.graph,
                       [&](std::uint32_t, const std::string& name, std::uint64_t offset, const shape& dims) {
                         weight_tensor& tensor = all.tensors.emplace_back();
                         tensor.name = part.prefix + name, tensor.stored_type = "F32";
                         tensor.shape.assign(dims.sizes.begin(), dims.sizes.begin() + dims.rank);
                         const float* elements = training.memory + part.start + offset;
                         tensor.values.assign(elements, elements + dims.size());
                       });
  if (resumable)
    all.tensors.push_back(
        {steps_name,
         {2},
         "F32",
         {static_cast<float>(training.steps % steps_base), static_cast<float>(training.steps / steps_base)}});
  std::sort(all.tensors.begin(), all.tensors.end(),
            [](const weight_tensor& a, const weight_tensor& b) { return a.name < b.name; });
  return all;
}

std::vector<std::string> take_weights(training_state& training, const weights& from) {
  std::vector<std::string> errors = check_weights(training.graph, from);
  const weight_tensor* steps = from.find(steps_name);
  const bool resumable = steps != nullptr && steps->values.size() == 2;
  const std::vector<kept_part> parts = parts_of(training_layout_of(training.graph), true);
  const auto for_each_tensor = [&](auto body) {
    for (const kept_part& part : parts)
      for_each_parameter(training.graph,
                         [&](std::uint32_t, const std::string& name, std::uint64_t offset, const shape& dims) {
                           const bool kept = *part.prefix == '\0' || resumable;
                           body(part.prefix + name, kept, training.memory + part.start + offset, dims.size());
                         });
  };
  for_each_tensor([&](const std::string& name, bool kept, float*, std::size_t size) {
    const weight_tensor* tensor = kept ? from.find(name) : nullptr;
    if (name.starts_with("optimizer.") && kept && (tensor == nullptr || tensor->values.size() != size))
      errors.push_back(name + ": expected " + std::to_string(size) + " numbers, found " +
                       (tensor == nullptr ? "no such tensor" : std::to_string(tensor->values.size())) +
                       "; save the training with resumable = true");
  });
  if (!errors.empty()) return errors;
  for_each_tensor([&](const std::string& name, bool kept, float* elements, std::size_t size) {
    if (kept)
      std::copy_n(from.find(name)->values.data(), size, elements);
    else
      std::fill_n(elements, size, 0.0f);
  });
  training.steps = !resumable ? 0
                              : static_cast<std::uint64_t>(steps->values[0]) +
                                    static_cast<std::uint64_t>(steps->values[1]) * steps_base;
  return errors;
}

}  // namespace inlay::detail
