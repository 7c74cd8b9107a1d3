// SPDX-License-Identifier: Apache-2.0
// The f32 engine: Eigen for contractions, vectorised loops for the rest.
#include "baseline.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace inlay {
namespace {

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using vector = Eigen::Matrix<float, 1, Eigen::Dynamic>;

Eigen::Index index_of(std::size_t n) { return static_cast<Eigen::Index>(n); }

void run_dense(const float* x, const float* weight, const float* bias, float* y, std::size_t batch, std::size_t inputs,
               std::size_t outputs) {
  const Eigen::Map<const matrix> w(weight, index_of(outputs), index_of(inputs));
  if (batch == 1) {  // a matrix times a vector has a kernel of its own
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

}  // namespace

interpreter::baseline_state::baseline_state(const graph_view& graph, const std::vector<std::vector<float>>& constants)
    : graph_(graph), constants_(constants), buffers_(graph.nodes.size()), values_(graph.nodes.size()) {}

void interpreter::baseline_state::run(std::span<const float* const> inputs, std::span<float* const> outputs,
                                      std::size_t batch) {
  if (batch == 0) return;
  std::size_t input = 0;
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    const node_record& node = graph_.nodes[i];
    if (node.kind == op::input) {
      values_[i] = inputs[input++];
    } else if (node.kind == op::parameter || node.kind == op::constant) {
      values_[i] = constants_[i].data();
    } else if (node.kind == op::reshape) {
      values_[i] = values_[graph_.operands(node)[0]];
    } else {
      const std::size_t size = batch * static_cast<std::size_t>(node.dims.elements());
      if (buffers_[i].size() < size) buffers_[i].resize(size);
      compute(i, buffers_[i].data(), batch);
      values_[i] = buffers_[i].data();
    }
  }
  for (std::size_t i = 0; i < graph_.outputs.size(); ++i) {
    // A returned weight is the same for every sample.
    const std::uint32_t node = graph_.outputs[i].node;
    const std::size_t size = static_cast<std::size_t>(graph_.nodes[node].dims.elements());
    const std::size_t stride = constants_[node].empty() ? size : 0;
    for (std::size_t sample = 0; sample < batch; ++sample)
      std::copy_n(values_[node] + sample * stride, size, outputs[i] + sample * size);
  }
}

void interpreter::baseline_state::compute(std::uint32_t index, float* result, std::size_t batch) {
  const node_record& node = graph_.nodes[index];
  const auto operands = graph_.operands(node);
  const auto elements_of = [&](std::uint32_t n) { return static_cast<std::size_t>(graph_.nodes[n].dims.elements()); };
  const auto stride_of = [&](std::uint32_t n) { return constants_[n].empty() ? elements_of(n) : 0; };
  const std::size_t elements = elements_of(index);
  switch (node.kind) {
    case op::dense:
      run_dense(values_[operands[0]], values_[operands[1]], operands[2] == no_node ? nullptr : values_[operands[2]],
                result, batch, elements_of(operands[0]), elements);
      break;
    case op::map: {
      std::vector<pointwise_operand> inputs;
      for (std::uint32_t operand : operands)
        inputs.push_back({values_[operand], stride_of(operand), elements_of(operand) == 1 && elements != 1});
      run_pointwise(graph_.program(node), inputs, elements, batch, result);
      break;
    }
    case op::softmax:
    case op::log_softmax: {
      const std::size_t length = node.dims.sizes[node.dims.rank - 1];
      run_softmax(values_[operands[0]], result, batch * elements / length, length, node.kind == op::log_softmax);
      break;
    }
    case op::concat: {
      std::size_t repeats = 1;
      for (std::uint32_t i = 0; i < node.axis; ++i) repeats *= node.dims.sizes[i];
      for (std::size_t sample = 0; sample < batch; ++sample)
        for (std::size_t repeat = 0; repeat < repeats; ++repeat)
          for (std::uint32_t operand : operands) {
            const std::size_t run = elements_of(operand) / repeats;
            result = std::copy_n(values_[operand] + sample * stride_of(operand) + repeat * run, run, result);
          }
      break;
    }
    default: break;  // has no value of its own to compute
  }
}

}  // namespace inlay
