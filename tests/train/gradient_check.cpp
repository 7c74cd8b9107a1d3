// SPDX-License-Identifier: Apache-2.0
// Gradients of a compiled step against central differences in double.
#include "gradient_check.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <sstream>
#include <vector>

#include "guarded_memory.hpp"
#include "inlay/interpreter.hpp"
#include "jit_kernel.hpp"
#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

/// Samples and weights of one check.
struct example {
  std::vector<std::vector<float>> inputs;  ///< the bits of i32 inputs
  std::vector<float> target;               ///< for cross entropy the bits of indices
  weights parameters;
};

std::size_t size_of(const graph_view& graph, std::uint32_t node) { return graph.nodes[node].dims.size(); }

/// The samples of a batch, or their steps.
std::size_t rows_of(const gradient_check& how) { return how.batch * std::max<std::size_t>(1, how.steps); }

example draw(const graph_view& graph, const gradient_check& how) {
  std::mt19937 random(how.seed);
  std::uniform_real_distribution<double> uniform(how.low, how.high);
  std::uniform_real_distribution<double> signs(-1, 1);
  example drawn;
  for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
    const node_record& node = graph.nodes[i];
    if (node.kind != op::input && node.kind != op::parameter) continue;
    const std::size_t count = node.dims.size() * (node.kind == op::input ? rows_of(how) : 1);
    std::vector<float> values(count);
    for (float& each : values) {
      const auto index = static_cast<std::int32_t>(random() % 4);
      if (node.type == dtype::i32)
        std::memcpy(&each, &index, sizeof each);
      else
        each = static_cast<float>(uniform(random));
    }
    if (node.kind == op::input) {
      drawn.inputs.push_back(std::move(values));
    } else {
      weight_tensor& tensor = drawn.parameters.tensors.emplace_back();
      tensor.name = graph.name_of(node), tensor.stored_type = "F32", tensor.values = std::move(values);
      tensor.shape.assign(node.dims.sizes.begin(), node.dims.sizes.begin() + node.dims.rank);
    }
  }
  const std::size_t outputs = size_of(graph, graph.outputs[0].node);
  drawn.target.resize(how.which == loss::cross_entropy ? rows_of(how) : rows_of(how) * outputs);
  for (float& each : drawn.target) {
    if (how.which == loss::cross_entropy) {
      const auto chosen = static_cast<std::int32_t>(random() % outputs);
      std::memcpy(&each, &chosen, sizeof each);
    } else if (how.which == loss::bce) {
      each = static_cast<float>((signs(random) + 1) / 2);
    } else {
      each = how.which == loss::hinge ? (signs(random) < 0 ? -1.0f : 1.0f) : static_cast<float>(2 * signs(random));
    }
  }
  return drawn;
}

/// The node whose value the loss takes, and whether that is a logit, before a final softmax or sigmoid.
std::uint32_t prediction_of(const graph_view& graph, loss which) {
  const std::uint32_t output = graph.outputs[0].node;
  if (which == loss::cross_entropy && graph.nodes[output].kind == op::softmax)
    return graph.operands(graph.nodes[output])[0];
  return output;
}

/// The loss of one sample by its definition.
double loss_of(loss which, std::span<const double> y, const float* target) {
  double sum = 0;
  if (which == loss::output) return y[0];
  if (which == loss::cross_entropy) {
    std::int32_t chosen = 0;
    std::memcpy(&chosen, target, sizeof chosen);
    double most = y[0];
    for (double each : y) most = std::max(most, each);
    for (double each : y) sum += std::exp(each - most);
    return std::log(sum) + most - y[static_cast<std::size_t>(chosen)];
  }
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double t = static_cast<double>(target[i]), d = y[i] - t;
    switch (which) {
      case loss::mse: sum += d * d; break;
      case loss::bce: {
        const double p = 1 / (1 + std::exp(-y[i]));
        sum -= t * std::log(p) + (1 - t) * std::log(1 - p);
        break;
      }
      case loss::huber: sum += std::abs(d) <= 1 ? d * d / 2 : std::abs(d) - 0.5; break;
      case loss::hinge: sum += std::max(0.0, 1 - t * y[i]); break;
      default: break;
    }
  }
  return sum / static_cast<double>(y.size());
}

/// The sum of the samples' losses, in double. `all_finite`, if given, says whether every value on the way was.
double total_loss(const graph_view& graph, const example& from, const gradient_check& how, bool* all_finite = nullptr) {
  const interpreter_result made = interpreter::create(graph, from.parameters);
  if (!made) return std::nan("");
  const std::uint32_t prediction = prediction_of(graph, how.which);
  const std::size_t per_row = from.target.size() / rows_of(how), steps = std::max<std::size_t>(1, how.steps);
  double total = 0;
  std::size_t row = 0;
  if (all_finite != nullptr) *all_finite = true;
  made.value->observe([&](std::uint32_t node, std::span<const double> elements) {
    if (all_finite != nullptr)
      for (double each : elements) *all_finite = *all_finite && std::abs(each) < 1e30;
    if (node == prediction) total += loss_of(how.which, elements, from.target.data() + per_row * row++);
  });
  std::vector<float> output(steps * size_of(graph, graph.outputs[0].node));
  float* const outputs[] = {output.data()};
  for (std::size_t sample = 0; sample < how.batch; ++sample) {
    std::vector<const void*> inputs;
    for (const auto& each : from.inputs) inputs.push_back(each.data() + each.size() / how.batch * sample);
    made.value->run(std::span<const void* const>(inputs), std::span<float* const>(outputs), steps, engine::reference);
  }
  return total / static_cast<double>(steps);
}

}  // namespace

std::string refusal_of(const graph_builder& builder, loss which, std::size_t steps) {
  std::string error;
  const weights none;
  const graph_view graph = builder.view();
  tools::jit_target target;
  target.train = which, target.steps = steps;
  return tools::jit_kernel::compile_all({&graph, 1}, {&none, 1}, target, error).empty() ? error : "";
}

std::string other_bits_of_reproducible(const graph_builder& builder) {
  constexpr std::size_t batch = 71;
  const graph_view graph = builder.view();
  std::vector<float> x(batch * size_of(graph, 0)), target(batch * size_of(graph, graph.outputs[0].node)), first;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 7919 % 1000) / 500 - 1;
  for (std::size_t i = 0; i < target.size(); ++i) target[i] = static_cast<float>(i * 104729 % 1000) / 500 - 1;
  std::string others;
  for (const std::string& cpu : tools::runnable_cpus()) {
    if (cpu == "x86-64") continue;  // has no fused multiply-add
    tools::jit_target how;
    how.cpu = cpu, how.train = loss::mse, how.reproducible = true;
    std::string error;
    const weights none;
    const auto kernels = tools::jit_kernel::compile_all({&graph, 1}, {&none, 1}, how, error);
    if (kernels.size() != 2) return "does not compile: " + error;
    std::vector<float> memory(kernels[1]->memory_bytes() / 4);
    const training_layout layout = training_layout_of(graph);
    for (std::size_t i = 0; i < layout.parameters; ++i) memory[i] = static_cast<float>(i * 31337 % 1000) / 2500 - 0.2f;
    const float* const inputs[] = {x.data(), target.data()};
    if (run_step(*kernels[1], inputs, batch, memory, 0) != 0) return "the step failed on " + cpu;
    const auto begin = memory.begin() + static_cast<std::ptrdiff_t>(layout.gradients());
    const std::vector<float> found(begin, begin + static_cast<std::ptrdiff_t>(layout.parameters));
    if (first.empty()) first = found;
    if (std::memcmp(first.data(), found.data(), found.size() * sizeof(float)) != 0) others += cpu + " ";
  }
  return others;
}

int run_step(const tools::jit_kernel& step, std::span<const float* const> inputs, std::size_t batch,
             std::span<float> memory, std::size_t parts) {
  guarded_floats scratch(step.scratch_bytes() / 4);
  // What is not written stays NaN and is seen.
  const auto forget = [&] { std::ranges::fill(scratch.span(), std::nanf("")); };
  forget();
  step.compute_weights(memory.data(), scratch.data());
  forget();
  for (std::size_t count = std::max<std::size_t>(parts, 1), part = count; part-- > 0;)
    step.begin(memory.data(), scratch.data(), part, count);
  const inlay_parallel_for workers = {run_backwards, &parts};
  const int status = step.run_steps(inputs, {}, batch, memory.data(), scratch.data(), parts == 0 ? nullptr : &workers);
  forget();
  step.pass_gradients(memory.data(), scratch.data());
  return status;
}

std::string check_gradients(const graph_builder& builder, const gradient_check& how, std::size_t* compared) {
  const graph_view graph = builder.view();
  std::ostringstream text;
  if (builder.first_violation()) return "the network is ill-formed";
  example at = draw(graph, how);
  tools::jit_target target;
  target.cpu = how.cpu, target.train = how.which, target.steps = how.steps, target.parallel = target.share_all = true;
  target.optimised = how.optimised;
  std::string error;
  const auto kernels = tools::jit_kernel::compile_all({&graph, 1}, {&at.parameters, 1}, target, error);
  if (kernels.size() != 2) return "does not compile: " + error;
  const tools::jit_kernel& step = *kernels[1];

  const training_layout layout = training_layout_of(graph);
  guarded_floats memory(step.memory_bytes() / 4), divided(step.memory_bytes() / 4);
  std::size_t number = 0;
  for (guarded_floats* each : {&memory, &divided}) {
    std::ranges::fill(each->span(), std::nanf(""));
    number = 0;
    for (std::uint32_t i = 0; i < graph.nodes.size(); ++i)
      if (graph.nodes[i].kind == op::parameter) {
        const std::vector<float>& values = at.parameters.tensors[number++].values;
        std::copy(values.begin(), values.end(), each->data() + parameter_offset(graph, i));
      }
  }
  std::vector<const float*> inputs;
  std::vector<std::unique_ptr<guarded_floats>> kept;
  const auto give = [&](const std::vector<float>& values) {
    kept.push_back(std::make_unique<guarded_floats>(values.size()));
    std::ranges::copy(values, kept.back()->data());
    inputs.push_back(kept.back()->data());
  };
  for (const auto& each : at.inputs) give(each);
  if (how.which != loss::output) give(at.target);
  if (run_step(step, inputs, how.batch, memory.span(), 0) != 0) return "the step failed";
  if (run_step(step, inputs, how.batch, divided.span(), how.parts) != 0) return "the divided step failed";

  bool all_finite = false;
  const double total = total_loss(graph, at, how, &all_finite);
  if (how.rough && (!all_finite || !(std::abs(total) < 1e4))) return "";
  for (guarded_floats* each : {&memory, &divided}) {
    const auto loss_sum = static_cast<double>((*each)[layout.loss_sum()]);
    if (!(std::abs(loss_sum - total) <= (how.rough ? 1e-3 : 1e-5) * std::max(1.0, std::abs(total)))) {
      text << "the loss " << (each == &divided ? "of the divided step " : "") << "is " << loss_sum << ", expected "
           << total;
      return text.str();
    }
  }
  number = 0;
  for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].kind != op::parameter) continue;
    std::vector<float>& values = at.parameters.tensors[number++].values;
    std::vector<std::pair<std::size_t, double>> expected;
    double largest = 1;
    const std::size_t distance =
        how.most_elements == 0 ? 1 : std::max<std::size_t>(1, values.size() / how.most_elements);
    for (std::size_t k = 0; k < values.size(); k += distance) {
      const auto slope = [&](float step_size) {
        const float before = values[k], above = before + step_size, below = before - step_size;
        values[k] = above;
        const double high = total_loss(graph, at, how);
        values[k] = below;
        const double low = total_loss(graph, at, how);
        values[k] = before;
        return (high - low) / (static_cast<double>(above) - static_cast<double>(below));
      };
      const double near = slope(0x1p-14f);
      if (how.rough) {
        const double far = slope(0x1p-11f);
        if (!(std::abs(near - far) <= 1e-3 * std::max(1.0, std::abs(near))) || !(std::abs(near) < 1e4)) continue;
      }
      expected.emplace_back(k, near);
      largest = std::max(largest, std::abs(near));
    }
    const std::uint64_t start = layout.gradients() + parameter_offset(graph, i);
    for (guarded_floats* each : {&memory, &divided})
      for (auto [k, slope] : expected) {
        const float found = (*each)[start + k];
        if (std::abs(static_cast<double>(found) - slope) <= how.tolerance * largest) continue;
        text << graph.name_of(graph.nodes[i]) << ", element " << k << ": the gradient "
             << (each == &divided ? "of the divided step " : "") << "is " << found << ", expected " << slope;
        return text.str();
      }
    if (compared != nullptr) *compared += expected.size();
  }
  return "";
}

}  // namespace inlay::testing
