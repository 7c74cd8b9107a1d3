// SPDX-License-Identifier: Apache-2.0
// The f32 engine: Eigen for matrix products, vectorised loops for the rest.
#include "baseline.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "inlay/graph_memory.hpp"

namespace inlay {
namespace {

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using vector = Eigen::Matrix<float, 1, Eigen::Dynamic>;

Eigen::Index index_of(std::size_t n) { return static_cast<Eigen::Index>(n); }

void run_dense(const float* x, const float* weight, const float* bias, float* y, std::size_t batch, std::size_t inputs,
               std::size_t outputs) {
  const Eigen::Map<const matrix> w(weight, index_of(outputs), index_of(inputs));
  if (batch == 1) {  // Eigen has a separate kernel for a matrix times a vector
    const Eigen::Map<const Eigen::VectorXf> xs(x, index_of(inputs));
    Eigen::Map<Eigen::VectorXf> ys(y, index_of(outputs));
    ys.noalias() = w * xs;
    if (bias != nullptr) ys += Eigen::Map<const Eigen::VectorXf>(bias, index_of(outputs));
    return;
  }
  const Eigen::Map<const matrix> xs(x, index_of(batch), index_of(inputs));
  Eigen::Map<matrix> ys(y, index_of(batch), index_of(outputs));
  ys.noalias() = xs * w.transpose();
  if (bias != nullptr) ys.rowwise() += Eigen::Map<const vector>(bias, index_of(outputs));
}

void run_softmax(const float* x, float* y, std::size_t rows, std::size_t length, bool logarithm) {
  for (std::size_t row = 0; row < rows; ++row, x += length, y += length) {
    const Eigen::Map<const Eigen::ArrayXf> in(x, index_of(length));
    Eigen::Map<Eigen::ArrayXf> out(y, index_of(length));
    const float highest = in.maxCoeff<Eigen::PropagateNaN>();
    if (logarithm) {
      out = (in - highest) - std::log((in - highest).exp().sum());
    } else {
      out = (in - highest).exp();
      out /= out.sum();
    }
  }
}

/// The floats of `x` have the bits of indices.
void run_embedding(std::span<const float> x, const float* weight, std::size_t rows, std::size_t width, float* y) {
  for (const float& each : x) {
    const auto index = std::bit_cast<std::uint32_t>(each);  // below 0 it is large
    y = index < rows ? std::copy_n(weight + index * width, width, y)
                     : std::fill_n(y, width, std::numeric_limits<float>::quiet_NaN());
  }
}

}  // namespace

interpreter::baseline_state::baseline_state(const graph_view& graph, const std::vector<std::vector<float>>& constants)
    : graph_(graph), buffers_(graph.nodes.size()), values_(graph.nodes.size()) {
  // Compute values that depend on weights alone here, once, as a batch of one sample.
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    const node_record& node = graph_.nodes[i];
    if (node.kind == op::parameter || node.kind == op::constant) values_[i] = {constants[i].data(), 0};
    // Operands are earlier nodes, so their values are known.
    else if (node.kind != op::input && !remembers(node) &&
             std::ranges::all_of(graph_.operands(node),
                                 [&](std::uint32_t operand) { return operand == no_node || is_shared(operand); }))
      values_[i] = {compute(i, 1), 0};
  }
}

void interpreter::baseline_state::run(std::span<const void* const> inputs, std::span<float* const> outputs,
                                      std::size_t batch, interpreter_memory& memory) {
  memory_ = &memory;
  if (!remembers(graph_)) {
    run_batch(inputs, outputs, batch);
    return;
  }
  // One step after the other.
  std::vector<const void*> in(inputs.begin(), inputs.end());
  std::vector<float*> out(outputs.begin(), outputs.end());
  for (std::size_t step = 0; step < batch; ++step) {
    run_batch(in, out, 1);
    std::size_t input = 0;
    for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i)
      if (graph_.nodes[i].kind == op::input) {
        in[input] = static_cast<const std::byte*>(in[input]) + elements_of(i) * sizeof(float);
        ++input;
      }
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += elements_of(graph_.outputs[i].node);
  }
}

void interpreter::baseline_state::run_batch(std::span<const void* const> inputs, std::span<float* const> outputs,
                                            std::size_t batch) {
  if (batch == 0) return;
  std::size_t input = 0;
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    if (graph_.nodes[i].kind == op::input)
      values_[i] = {read_input(i, inputs[input++], batch), elements_of(i)};
    else if (!is_shared(i))
      values_[i] = {compute(i, batch), elements_of(i)};
  }
  for (std::size_t i = 0; i < graph_.outputs.size(); ++i) {
    const std::uint32_t node = graph_.outputs[i].node;
    const std::size_t size = elements_of(node);
    for (std::size_t sample = 0; sample < batch; ++sample)
      std::copy_n(values_[node].sample(sample), size, outputs[i] + sample * size);
  }
}

const float* interpreter::baseline_state::read_input(std::uint32_t index, const void* input, std::size_t batch) {
  if (graph_.nodes[index].type == dtype::f32) return static_cast<const float*>(input);
  buffers_[index].resize(batch * elements_of(index));
  std::memcpy(buffers_[index].data(), input, buffers_[index].size() * sizeof(float));
  return buffers_[index].data();
}

void interpreter::baseline_state::run_reference(std::uint32_t index, std::size_t sample, float* result) {
  const node_record& node = graph_.nodes[index];
  std::vector<std::vector<double>> widened;
  std::vector<reference_tensor> operands;
  for (std::uint32_t operand : graph_.operands(node)) {
    if (operand == no_node) {
      widened.emplace_back();
      operands.push_back({});
      continue;
    }
    const float* from = values_[operand].sample(sample);
    widened.emplace_back(from, from + elements_of(operand));
    operands.push_back({graph_.nodes[operand].dims, widened.back()});
  }
  const reference_values y =
      row_of(node.kind).evaluate({operands, graph_.attributes(node), graph_.program(node), node.dims});
  for (std::size_t i = 0; i < y.size(); ++i) result[i] = static_cast<float>(y[i]);
}

void interpreter::baseline_state::recall(std::uint32_t index, std::vector<double>& kept, float* result) const {
  const node_record& node = graph_.nodes[index];
  const std::uint32_t operand = graph_.operands(node)[0];
  const float* from = operand == no_node ? nullptr : values_[operand].sample(0);
  if (node.kind == op::state) {
    if (kept.empty())
      for (std::size_t i = 0; i < elements_of(index); ++i) kept.push_back(from == nullptr ? 0.0 : double{from[i]});
    std::ranges::transform(kept, result, [](double each) { return static_cast<float>(each); });
    return;
  }
  const auto attributes = read_attributes<ops::history_attributes>(graph_.attributes(node));
  const std::size_t size = elements_of(operand), rows = static_cast<std::size_t>(attributes.steps()) + 1;
  // The row of this step comes last.
  if (kept.empty()) kept.resize(rows * size);
  std::move(kept.begin() + static_cast<std::ptrdiff_t>(size), kept.end(), kept.begin());
  std::copy_n(from, size, kept.end() - static_cast<std::ptrdiff_t>(size));
  for (std::size_t tap = 0; tap < attributes.taps; ++tap)
    for (std::size_t i = 0; i < size; ++i)
      result[tap * size + i] = static_cast<float>(kept[tap * attributes.dilation * size + i]);
}

const float* interpreter::baseline_state::compute(std::uint32_t index, std::size_t batch) {
  const node_record& node = graph_.nodes[index];
  const auto operands = graph_.operands(node);
  const std::size_t elements = elements_of(index);
  if (node.kind == op::reshape) return values_[operands[0]].data;
  if (buffers_[index].size() < batch * elements) buffers_[index].resize(batch * elements);
  float* result = buffers_[index].data();
  switch (node.kind) {
    case op::input:
    case op::parameter:
    case op::constant:
    case op::reshape: break;  // they use existing values
    case op::dense: {
      const value x = values_[operands[0]], weight = values_[operands[1]];
      const value bias = operands[2] == no_node ? value{nullptr, 0} : values_[operands[2]];
      // Samples usually share the weights. Weights computed from an input differ between samples.
      const bool one_weight = weight.stride == 0 && bias.stride == 0 && (x.stride != 0 || batch == 1);
      const std::size_t rows = one_weight ? batch : 1;
      for (std::size_t sample = 0; sample < batch; sample += rows)
        run_dense(x.sample(sample), weight.sample(sample), bias.sample(sample), result + sample * elements, rows,
                  elements_of(operands[0]), elements);
      break;
    }
    case op::map: {
      std::vector<pointwise_operand> inputs;
      std::vector<std::vector<float>> repeated;
      repeated.reserve(operands.size());
      for (std::uint32_t operand : operands) {
        const value from = values_[operand];
        const std::size_t size = elements_of(operand);
        if (size == elements || size == 1) {
          inputs.push_back({from.data, from.stride, size == 1 && elements != 1});
          continue;
        }
        // Other broadcast operands are written out.
        const ops::broadcast_index places(graph_.nodes[operand].dims, node.dims);
        const std::size_t samples = from.stride == 0 ? 1 : batch;
        std::vector<float>& all = repeated.emplace_back(samples * elements);
        for (std::size_t sample = 0; sample < samples; ++sample)
          for (std::size_t i = 0; i < elements; ++i) all[sample * elements + i] = from.sample(sample)[places[i]];
        inputs.push_back({all.data(), from.stride == 0 ? 0 : elements, false});
      }
      run_pointwise(graph_.program(node), inputs, elements, batch, result);
      break;
    }
    case op::state:
    case op::history: recall(index, memory_->values[index], result); break;
    case op::update: {
      const float* from = values_[operands[1]].sample(0);
      memory_->values[operands[0]].assign(from, from + elements);
      return from;
    }
    case op::softmax:
    case op::log_softmax: {
      const std::size_t length = node.dims.sizes[node.dims.rank - 1];
      for (std::size_t sample = 0; sample < batch; ++sample)
        run_softmax(values_[operands[0]].sample(sample), result + sample * elements, elements / length, length,
                    node.kind == op::log_softmax);
      break;
    }
    case op::conv2d:
    case op::conv_transpose2d: {
      const auto w = operands[1], b = operands[2];
      const auto run = node.kind == op::conv2d ? run_conv2d : run_conv_transpose2d;
      for (std::size_t sample = 0; sample < batch; ++sample)
        run(graph_.attributes(node), graph_.nodes[operands[0]].dims, values_[operands[0]].sample(sample),
            graph_.nodes[w].dims, values_[w].sample(sample), b == no_node ? nullptr : values_[b].sample(sample),
            node.dims, result + sample * elements);
      break;
    }
    case op::max_pool:
    case op::avg_pool: {
      const auto run = node.kind == op::max_pool ? run_max_pool : run_avg_pool;
      for (std::size_t sample = 0; sample < batch; ++sample)
        run(graph_.attributes(node), graph_.nodes[operands[0]].dims, values_[operands[0]].sample(sample), node.dims,
            result + sample * elements);
      break;
    }
    case op::embedding: {
      const shape& weight = graph_.nodes[operands[1]].dims;
      for (std::size_t sample = 0; sample < batch; ++sample)
        run_embedding({values_[operands[0]].sample(sample), elements_of(operands[0])},
                      values_[operands[1]].sample(sample), weight.sizes[0], weight.sizes[1],
                      result + sample * elements);
      break;
    }
    default: {  // what has no f32 form is computed in double
      for (std::size_t sample = 0; sample < batch; ++sample) run_reference(index, sample, result + sample * elements);
      break;
    }
    case op::concat: {
      std::size_t repeats = 1;
      const std::uint32_t axis = read_attributes<ops::concat_attributes>(graph_.attributes(node)).axis;
      for (std::uint32_t i = 0; i < axis; ++i) repeats *= node.dims.sizes[i];
      float* to = result;
      for (std::size_t sample = 0; sample < batch; ++sample)
        for (std::size_t repeat = 0; repeat < repeats; ++repeat)
          for (std::uint32_t operand : operands) {
            const std::size_t run = elements_of(operand) / repeats;
            to = std::copy_n(values_[operand].sample(sample) + repeat * run, run, to);
          }
      break;
    }
  }
  return result;
}

}  // namespace inlay
