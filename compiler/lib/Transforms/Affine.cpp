// SPDX-License-Identifier: Apache-2.0
// The scale and shift that a scalar program applies to one of its arguments.
#include "Affine.h"

#include "llvm/ADT/TypeSwitch.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

namespace inlay::compiler {
namespace {

namespace arith = mlir::arith;

Affine sum(const Affine &a, const Affine &b, double sign) {
  const auto add = [&](double x, double y) { return x + sign * y; };
  const Numbers zero(a.shift.size(), 0.0);
  Affine result{{}, Numbers::combine(add, a.shift, b.shift)};
  if (!a.isConstant() || !b.isConstant())
    result.scale = Numbers::combine(add, a.isConstant() ? zero : *a.scale, b.isConstant() ? zero : *b.scale);
  return result;
}

Affine times(const Affine &a, const Numbers &factor) {
  Affine result{{}, Numbers::combine(std::multiplies<>(), a.shift, factor)};
  if (!a.isConstant()) result.scale = Numbers::combine(std::multiplies<>(), *a.scale, factor);
  return result;
}

/// The result of an operation with at least one operand that depends on the variable.
std::optional<Affine> affine(mlir::Operation *op, llvm::ArrayRef<const Affine *> in) {
  using Result = std::optional<Affine>;
  return llvm::TypeSwitch<mlir::Operation *, Result>(op)
      .Case([&](arith::AddFOp) { return sum(*in[0], *in[1], 1); })
      .Case([&](arith::SubFOp) { return sum(*in[0], *in[1], -1); })
      .Case([&](arith::NegFOp) { return times(*in[0], Numbers(in[0]->shift.size(), -1.0)); })
      .Case([&](arith::MulFOp) -> Result {
        if (in[1]->isConstant()) return times(*in[0], in[1]->shift);
        return in[0]->isConstant() ? Result(times(*in[1], in[0]->shift)) : std::nullopt;
      })
      .Case([&](arith::DivFOp) -> Result {
        if (!in[1]->isConstant()) return std::nullopt;
        return times(*in[0], Numbers::combine([](double each) { return 1 / each; }, in[1]->shift));
      })
      .Default([](mlir::Operation *) { return std::nullopt; });
}

}  // namespace

llvm::SmallVector<int64_t> constantFrame(MapOp map) {
  llvm::SmallVector<int64_t> frame(sizesOf(map.getResult()).size(), 1);
  for (mlir::Value operand : map.getInputs()) {
    if (elementsOf(operand) == 1 || !operand.getDefiningOp<ConstantOp>()) continue;
    llvm::ArrayRef<int64_t> shape = sizesOf(operand);
    for (auto [size, of] : llvm::zip_equal(llvm::MutableArrayRef(frame).take_back(shape.size()), shape))
      size = std::max(size, of);
  }
  return frame;
}

Numbers broadcastTo(const Numbers &numbers, llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> to) {
  const auto size = static_cast<size_t>(mlir::ShapedType::getNumElements(to));
  if (numbers.isSplat()) return Numbers(size, numbers[0]);
  if (numbers.size() == size) return numbers;
  llvm::SmallVector<int64_t> strides(to.size(), 0);
  const llvm::SmallVector<int64_t> own = mlir::computeStrides(from);
  for (size_t axis = 0; axis < from.size(); ++axis)
    if (from[axis] != 1) strides[to.size() - from.size() + axis] = own[axis];
  std::vector<double> result;
  result.reserve(size);
  forEachPlace(to, strides, [&](size_t place) { result.push_back(numbers[place]); });
  return Numbers(std::move(result));
}

llvm::DenseMap<mlir::Value, Affine> affineScalars(MapOp map, mlir::Value variable) {
  const llvm::SmallVector<int64_t> frame = constantFrame(map);
  const auto size = static_cast<size_t>(mlir::ShapedType::getNumElements(frame));
  llvm::DenseMap<mlir::Value, Affine> known;
  for (auto [operand, argument] : llvm::zip_equal(map.getInputs(), map.getBody().getArguments())) {
    if (argument == variable) {
      known[argument] = {Numbers(size, 1.0), Numbers(size, 0.0)};
    } else if (std::optional<Numbers> numbers = numbersOf(operand)) {
      known[argument] = {{}, broadcastTo(*numbers, sizesOf(operand), frame)};
    }
  }
  for (mlir::Operation &op : map.getBody().front().without_terminator()) {
    if (!llvm::all_of(op.getOperands(), [&](mlir::Value operand) { return known.contains(operand); })) continue;
    llvm::SmallVector<const Affine *> operands;
    llvm::SmallVector<const Numbers *> constants;
    for (mlir::Value operand : op.getOperands()) {
      operands.push_back(&known.find(operand)->second);
      if (operands.back()->isConstant()) constants.push_back(&operands.back()->shift);
    }
    std::optional<Affine> result;
    if (constants.size() < operands.size())
      result = affine(&op, operands);
    else if (std::optional<Numbers> numbers = evaluateScalar(&op, constants, size))
      result = Affine{{}, std::move(*numbers)};
    if (result) known[op.getResult(0)] = std::move(*result);
  }
  return known;
}

}  // namespace inlay::compiler
