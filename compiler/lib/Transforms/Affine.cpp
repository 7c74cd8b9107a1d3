// SPDX-License-Identifier: Apache-2.0
// What a scalar program does to one of its arguments, where it only scales and shifts it.
#include "Affine.h"

#include "llvm/ADT/TypeSwitch.h"

namespace inlay::compiler {
namespace {

namespace arith = mlir::arith;

template <class Op>
Numbers combine(const Numbers &a, const Numbers &b, Op op) {
  Numbers result(a.size());
  for (size_t i = 0; i < a.size(); ++i) result[i] = op(a[i], b[i]);
  return result;
}

Affine plus(const Affine &a, const Affine &b, double sign) {
  const auto add = [&](double x, double y) { return x + sign * y; };
  const Numbers zero(a.shift.size(), 0.0);
  Affine sum{{}, combine(a.shift, b.shift, add)};
  if (!a.isConstant() || !b.isConstant())
    sum.scale = combine(a.isConstant() ? zero : a.scale, b.isConstant() ? zero : b.scale, add);
  return sum;
}

Affine times(const Affine &a, const Numbers &factor) {
  return {a.isConstant() ? Numbers() : combine(a.scale, factor, std::multiplies<>()),
          combine(a.shift, factor, std::multiplies<>())};
}

std::optional<Affine> product(const Affine &a, const Affine &b) {
  if (b.isConstant()) return times(a, b.shift);
  if (a.isConstant()) return times(b, a.shift);
  return std::nullopt;
}

std::optional<Affine> quotient(const Affine &a, const Affine &b) {
  if (!b.isConstant()) return std::nullopt;
  Numbers inverse = b.shift;
  for (double &each : inverse) each = 1 / each;
  return times(a, inverse);
}

/// An activation of constants.
std::optional<Affine> activation(ActivationOp op, const Affine &input) {
  if (!input.isConstant()) return std::nullopt;
  Affine result = input;
  for (double &each : result.shift) each = op.evaluate(each);
  return result;
}

}  // namespace

std::optional<Numbers> numbersOf(mlir::Value value) {
  auto constant = value ? value.getDefiningOp<ConstantOp>() : ConstantOp();
  auto elements = constant ? llvm::dyn_cast<mlir::DenseElementsAttr>(constant.getValue()) : nullptr;
  if (!elements) return std::nullopt;
  Numbers numbers;
  numbers.reserve(static_cast<size_t>(elements.getNumElements()));
  for (float each : elements.getValues<float>()) numbers.push_back(static_cast<double>(each));
  return numbers;
}

ConstantOp createConstant(mlir::OpBuilder &builder, mlir::Location loc, mlir::StringAttr name,
                          llvm::ArrayRef<int64_t> shape, const Numbers &numbers) {
  const std::vector<float> values(numbers.begin(), numbers.end());
  auto type = mlir::RankedTensorType::get(shape, builder.getF32Type());
  return builder.create<ConstantOp>(loc, type, name, mlir::DenseElementsAttr::get(type, llvm::ArrayRef(values)));
}

llvm::DenseMap<mlir::Value, Affine> affineScalars(MapOp map, mlir::Value variable) {
  const auto size = static_cast<size_t>(elementsOf(map.getResult()));
  llvm::DenseMap<mlir::Value, Affine> known;
  for (auto [operand, argument] : llvm::zip_equal(map.getInputs(), map.getBody().getArguments())) {
    if (argument == variable) {
      known[argument] = {Numbers(size, 1.0), Numbers(size, 0.0)};
    } else if (std::optional<Numbers> numbers = numbersOf(operand)) {
      if (numbers->size() != size) numbers = Numbers(size, numbers->front());
      known[argument] = {{}, std::move(*numbers)};
    }
  }
  for (mlir::Operation &op : map.getBody().front().without_terminator()) {
    if (!llvm::all_of(op.getOperands(), [&](mlir::Value operand) { return known.contains(operand); })) continue;
    const auto in = [&](unsigned i) -> const Affine & { return known.find(op.getOperand(i))->second; };
    auto result =
        llvm::TypeSwitch<mlir::Operation *, std::optional<Affine>>(&op)
            .Case([&](arith::ConstantOp constant) -> std::optional<Affine> {
              auto number = llvm::dyn_cast<mlir::FloatAttr>(constant.getValue());
              return number ? std::optional(Affine{{}, Numbers(size, number.getValueAsDouble())}) : std::nullopt;
            })
            .Case([&](arith::AddFOp) { return plus(in(0), in(1), 1); })
            .Case([&](arith::SubFOp) { return plus(in(0), in(1), -1); })
            .Case([&](arith::NegFOp) { return times(in(0), Numbers(size, -1.0)); })
            .Case([&](arith::MulFOp) { return product(in(0), in(1)); })
            .Case([&](arith::DivFOp) { return quotient(in(0), in(1)); })
            .Case([&](ActivationOp each) { return activation(each, in(0)); })
            .Default([](mlir::Operation *) { return std::nullopt; });
    if (result) known[op.getResult(0)] = std::move(*result);
  }
  return known;
}

}  // namespace inlay::compiler
