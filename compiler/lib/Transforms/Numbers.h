// SPDX-License-Identifier: Apache-2.0
// The elements of constants as numbers in double, stored once where all of them are equal.
#ifndef INLAY_TRANSFORMS_NUMBERS_H
#define INLAY_TRANSFORMS_NUMBERS_H

#include <optional>
#include <vector>

#include "Inlay/Transforms/Passes.h"

namespace inlay::compiler {

/// Elements of a tensor in row-major order. Equal elements are stored once, so that a number that is broadcast to a
/// large tensor takes no more memory than the number.
class Numbers {
 public:
  Numbers() = default;
  Numbers(size_t count, double all) : values{all}, count(count) {}
  explicit Numbers(std::vector<double> each) : values(std::move(each)), count(values.size()) {}

  size_t size() const { return count; }
  bool isSplat() const { return values.size() == 1; }
  double operator[](size_t i) const { return values[isSplat() ? 0 : i]; }
  /// The stored numbers: one if all are equal.
  llvm::ArrayRef<double> stored() const { return values; }
  /// A copy of all elements, one by one.
  std::vector<double> expanded() const { return isSplat() ? std::vector<double>(count, values.front()) : values; }

  /// Result of `op` on the elements of each operand; all operands have one size.
  template <class Op, class... Operands>
  static Numbers combine(Op op, const Numbers &first, const Operands &...rest) {
    Numbers result(first.size(), 0.0);
    if (!(first.isSplat() && ... && rest.isSplat())) result.values.resize(first.size());
    for (size_t i = 0; i < result.values.size(); ++i) result.values[i] = op(first[i], rest[i]...);
    return result;
  }

 private:
  std::vector<double> values;
  size_t count = 0;
};

/// The elements of an f32 constant, to compute with. Empty if `value` is none, or has elements that are not known
/// before the weights are packed (ArgumentWeights.h).
std::optional<Numbers> numbersOf(mlir::Value value);

/// The same for a pass that only moves elements, so that they need not be known.
std::optional<Numbers> movableNumbersOf(mlir::Value value);

/// The result of arithmetic in the network around `op`, as it may be stored there (withoutIndex()).
Numbers computedIn(mlir::Operation *op, const Numbers &numbers);

/// The reverse: the numbers, rounded to f32, as elements of a tensor of `shape`.
mlir::DenseElementsAttr elementsAttr(mlir::MLIRContext *context, llvm::ArrayRef<int64_t> shape, const Numbers &numbers);

/// A constant with these elements. `name` may be null.
ConstantOp createConstant(mlir::OpBuilder &builder, mlir::Location loc, mlir::StringAttr name,
                          llvm::ArrayRef<int64_t> shape, const Numbers &numbers);

/// The result of a scalar operation of a map's program on constant operands, in double. Empty for an operation that is
/// not known here. Literals have `size` elements.
std::optional<Numbers> evaluateScalar(mlir::Operation *op, llvm::ArrayRef<const Numbers *> operands, size_t size);

}  // namespace inlay::compiler

#endif  // INLAY_TRANSFORMS_NUMBERS_H
