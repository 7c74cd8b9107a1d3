// SPDX-License-Identifier: Apache-2.0
// Runs pointwise programs of the f32 engine: one vectorised loop per instruction, over blocks that stay in the
// first-level cache.
#include <Eigen/Core>
#include <algorithm>

#include "baseline.hpp"

namespace inlay {
namespace {

constexpr Eigen::Index kBlock = 256;
using block = Eigen::Array<float, kBlock, 1>;
using blocks = std::vector<block, Eigen::aligned_allocator<block>>;

/// Applies an activation: in Eigen's vectorised form if there is one, else by the table's formula, element by element.
void apply(const instruction& c, const block& x, block& y) {
  switch (c.function) {
    case activation::relu: y = (x < 0.0f).select(block::Zero(), x); return;
    case activation::leaky_relu: y = (x < 0.0f).select(c.p0 * x, x); return;
    // Eigen's exponentials do not go below about 1e-38; the right result goes to 0.
    case activation::exp: y = (x < -104.0f).select(block::Zero(), x.exp()); return;
    case activation::tanh: y = (x.isNaN()).select(x, x.tanh()); return;
    case activation::sigmoid: {
      // Eigen's logistic() is a polynomial, whose error is absolute: where the result is small, few digits are right.
      const block e = (x < -104.0f).select(block::Zero(), (-x.abs()).exp());
      y = (x.isNaN()).select(x, (x < 0.0f).select(e, block::Ones()) / (1.0f + e));
      return;
    }
    case activation::step: y = (x.isNaN()).select(x, (x > c.p0).select(block::Ones(), block::Zero())); return;
    case activation::softplus: {
      if (c.p0 != 1.0f) break;  // beta x may overflow in f32
      const block soft =
          (x < 0.0f).select(block::Zero(), x) + (x < -104.0f).select(block::Zero(), (-x.abs()).exp().log1p());
      y = (x > c.p1).select(x, soft);
      return;
    }
    default: break;
  }
  const activation_row& row = row_of(c.function);
  y = x.unaryExpr([&](float v) {
    return static_cast<float>(
        row.formula(static_cast<double>(v), static_cast<double>(c.p0), static_cast<double>(c.p1)));
  });
}

void run_instruction(const instruction& c, const blocks& results, const blocks& operands, block& y) {
  const auto flag = [](const auto& condition) { return condition.select(block::Ones(), block::Zero()); };
  const auto a = [&]() -> const block& { return results[c.a]; };
  const auto b = [&]() -> const block& { return results[c.b]; };
  switch (c.code) {
    case scalar_op::operand: y = operands[c.a]; break;
    case scalar_op::literal: y = block::Constant(c.p0); break;
    case scalar_op::add: y = a() + b(); break;
    case scalar_op::subtract: y = a() - b(); break;
    case scalar_op::multiply: y = a() * b(); break;
    case scalar_op::divide: y = a() / b(); break;
    case scalar_op::minimum: y = (a() < b() || a().isNaN()).select(a(), b()); break;
    case scalar_op::maximum: y = (a() > b() || a().isNaN()).select(a(), b()); break;
    case scalar_op::less: y = flag(a() < b()); break;
    case scalar_op::less_equal: y = flag(a() <= b()); break;
    case scalar_op::greater: y = flag(a() > b()); break;
    case scalar_op::greater_equal: y = flag(a() >= b()); break;
    case scalar_op::equal: y = flag(a() == b()); break;
    case scalar_op::not_equal: y = flag(a() != b()); break;
    case scalar_op::select: y = (a() != 0.0f).select(b(), results[c.c]); break;
    case scalar_op::apply: apply(c, a(), y); break;
  }
}

}  // namespace

void run_pointwise(std::span<const instruction> program, std::span<const pointwise_operand> operands,
                   std::size_t elements, std::size_t batch, float* result) {
  static thread_local blocks results, inputs;
  results.resize(std::max(results.size(), program.size()));
  inputs.resize(std::max(inputs.size(), operands.size()));
  // If no operand is shared or broadcast, the batch is one long row.
  const bool flat = std::ranges::all_of(operands, [&](const pointwise_operand& o) { return o.row_stride == elements; });
  const std::size_t rows = flat ? 1 : batch, length = flat ? batch * elements : elements;
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t start = 0; start < length; start += kBlock) {
      const std::size_t count = std::min<std::size_t>(kBlock, length - start);
      for (std::size_t i = 0; i < operands.size(); ++i) {
        const float* from = operands[i].data + row * operands[i].row_stride;
        if (operands[i].broadcast) {
          inputs[i].setConstant(*from);
        } else {
          std::copy_n(from + start, count, inputs[i].data());
          std::fill(inputs[i].data() + count, inputs[i].data() + kBlock, 0.0f);
        }
      }
      for (std::size_t i = 0; i < program.size(); ++i) run_instruction(program[i], results, inputs, results[i]);
      std::copy_n(results[program.size() - 1].data(), count, result + row * length + start);
    }
}

}  // namespace inlay
