// SPDX-License-Identifier: Apache-2.0
// The reference evaluator: defines each node's result in double, in one short function per operation. Works in constant
// expressions. Shares no code with the compiler.
#pragma once

#include "inlay/dsl/containers.hpp"
#include "inlay/graph.hpp"

namespace inlay::reference {

using values = detail::small_vector<double>;

/// y[n] = sum_k weight[n][k] x[k] + bias[n] (torch.nn.Linear). `bias` may be empty.
constexpr values dense(const values& x, const values& weight, const values& bias) {
  values y;
  for (std::size_t n = 0; n < weight.size() / x.size(); ++n) {
    double sum = bias.size() == 0 ? 0 : bias[n];
    for (std::size_t k = 0; k < x.size(); ++k) sum += weight[n * x.size() + k] * x[k];
    y.push_back(sum);
  }
  return y;
}

/// What softmax and log_softmax need from a run: its largest element, and the sum of exp(x - largest).
struct softmax_scale {
  double highest, sum = 0;

  constexpr explicit softmax_scale(std::span<const double> run) : highest(run[0]) {
    for (std::size_t i = 0; i < run.size(); ++i)
      if (!(run[i] <= highest)) highest = run[i];  // true for NaN, too
    for (std::size_t i = 0; i < run.size(); ++i) sum += math::exp(run[i] - highest);
  }
};

/// Softmax of each run of `length` elements: exp(x - max) / sum.
constexpr values softmax(const values& x, std::size_t length) {
  values y;
  for (std::size_t start = 0; start < x.size(); start += length) {
    const softmax_scale scale(x.view().subspan(start, length));
    for (std::size_t i = start; i < start + length; ++i) y.push_back(math::exp(x[i] - scale.highest) / scale.sum);
  }
  return y;
}

/// x - max - log(sum of exp(x - max)) of each run of `length` elements.
constexpr values log_softmax(const values& x, std::size_t length) {
  values y;
  for (std::size_t start = 0; start < x.size(); start += length) {
    const softmax_scale scale(x.view().subspan(start, length));
    for (std::size_t i = start; i < start + length; ++i) y.push_back(x[i] - scale.highest - math::log(scale.sum));
  }
  return y;
}

/// Pieces joined along `axis`: for each index before the axis, one run of every piece.
constexpr values concat(std::span<const values* const> pieces, const shape& dims, std::uint32_t axis) {
  std::size_t repeats = 1;
  for (std::uint32_t i = 0; i < axis; ++i) repeats *= dims.sizes[i];
  values y;
  for (std::size_t r = 0; r < repeats; ++r)
    for (const values* piece : pieces) {
      const std::size_t run = piece->size() / repeats;
      y.append(piece->view().subspan(r * run, run));
    }
  return y;
}

/// One instruction of a pointwise program. The program's numbers are f32; the arithmetic is double.
constexpr double scalar(const instruction& c, std::span<const double> results, std::span<const double> operands) {
  const auto flag = [](bool holds) { return holds ? 1.0 : 0.0; };
  const double a = scalar_arity(c.code) > 0 ? results[c.a] : 0, b = scalar_arity(c.code) > 1 ? results[c.b] : 0;
  switch (c.code) {
    case scalar_op::operand: return operands[c.a];
    case scalar_op::literal: return static_cast<double>(c.p0);
    case scalar_op::add: return a + b;
    case scalar_op::subtract: return a - b;
    case scalar_op::multiply: return a * b;
    case scalar_op::divide: return math::divide(a, b);
    case scalar_op::minimum: return math::is_nan(a) ? a : math::is_nan(b) ? b : a < b ? a : b;
    case scalar_op::maximum: return math::is_nan(a) ? a : math::is_nan(b) ? b : a > b ? a : b;
    case scalar_op::less: return flag(a < b);
    case scalar_op::less_equal: return flag(a <= b);
    case scalar_op::greater: return flag(a > b);
    case scalar_op::greater_equal: return flag(a >= b);
    case scalar_op::equal: return flag(math::is_equal(a, b));
    case scalar_op::not_equal: return flag(!math::is_equal(a, b));
    case scalar_op::select: return !math::is_equal(a, 0) ? b : results[c.c];
    case scalar_op::apply: return row_of(c.function).formula(a, static_cast<double>(c.p0), static_cast<double>(c.p1));
  }
  return 0;
}

/// Runs a program on every element. Operands with one element are broadcast.
constexpr values map(std::span<const values* const> operands, std::span<const instruction> program,
                     std::size_t elements) {
  values y, results, inputs;
  for (std::size_t i = 0; i < elements; ++i) {
    inputs.shrink(0), results.shrink(0);
    for (const values* operand : operands) inputs.push_back((*operand)[operand->size() == 1 ? 0 : i]);
    for (const instruction& c : program) results.push_back(scalar(c, results.view(), inputs.view()));
    y.push_back(results.back());
  }
  return y;
}

/// Evaluates every node for one sample. `input(index)` and `parameter(node)` return elements as spans of float;
/// `done(node index, values)` is called for each value.
template <class Input, class Parameter, class Done>
constexpr void evaluate(const graph_view& g, Input input, Parameter parameter, Done done) {
  detail::small_vector<values> all;
  const auto widen = [](std::span<const float> from) {
    values to;
    for (float f : from) to.push_back(static_cast<double>(f));
    return to;
  };
  std::size_t inputs = 0;
  const values none;
  for (std::uint32_t i = 0; i < g.nodes.size(); ++i) {
    const node_record& n = g.nodes[i];
    detail::small_vector<const values*> operands;
    for (std::uint32_t operand : g.operands(n)) operands.push_back(operand == no_node ? &none : &all[operand]);
    values y;
    switch (n.kind) {
      case op::input: y = widen(input(inputs++)); break;
      case op::parameter: y = widen(parameter(n)); break;
      case op::constant: y = widen(g.elements(n)); break;
      case op::dense: y = dense(*operands[0], *operands[1], *operands[2]); break;
      case op::map: y = map(operands.view(), g.program(n), n.dims.size()); break;
      case op::softmax: y = softmax(*operands[0], n.dims.sizes[n.dims.rank - 1]); break;
      case op::log_softmax: y = log_softmax(*operands[0], n.dims.sizes[n.dims.rank - 1]); break;
      case op::reshape: y = *operands[0]; break;
      case op::concat: y = concat(operands.view(), n.dims, n.axis); break;
    }
    done(i, y.view());
    all.push_back(y);
  }
}

}  // namespace inlay::reference
