// SPDX-License-Identifier: Apache-2.0
// The elements of constants as numbers in double, stored once where all of them are equal.
#include "Numbers.h"

#include <cmath>

#include "Inlay/Dialect/ArgumentWeights.h"
#include "llvm/ADT/TypeSwitch.h"

namespace inlay::compiler {
namespace {

namespace arith = mlir::arith;

double minimum(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  return a < b || (a == b && std::signbit(a)) ? a : b;
}

/// Whether a comparison holds. Empty for a predicate that the graph does not have.
std::optional<bool> holds(arith::CmpFPredicate predicate, double a, double b) {
  switch (predicate) {
    case arith::CmpFPredicate::OLT: return a < b;
    case arith::CmpFPredicate::OLE: return a <= b;
    case arith::CmpFPredicate::OGT: return a > b;
    case arith::CmpFPredicate::OGE: return a >= b;
    case arith::CmpFPredicate::OEQ: return a == b;
    case arith::CmpFPredicate::UNE: return !(a == b);
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Numbers> numbersOf(mlir::Value value) {
  auto constant = value ? value.getDefiningOp<ConstantOp>() : ConstantOp();
  return constant && readsParameters(constant) ? std::nullopt : movableNumbersOf(value);
}

Numbers computedIn(mlir::Operation *op, const Numbers &numbers) {
  const int64_t parameters = argumentParametersOf(op);
  if (parameters == 0) return numbers;
  return Numbers::combine([&](double each) { return withoutIndex(each, parameters); }, numbers);
}

std::optional<Numbers> movableNumbersOf(mlir::Value value) {
  auto constant = value ? value.getDefiningOp<ConstantOp>() : ConstantOp();
  auto elements = constant ? llvm::dyn_cast<mlir::DenseElementsAttr>(constant.getValue()) : nullptr;
  if (!elements || !elements.getElementType().isF32()) return std::nullopt;
  const auto count = static_cast<size_t>(elements.getNumElements());
  if (elements.isSplat()) return Numbers(count, static_cast<double>(elements.getSplatValue<float>()));
  std::vector<double> numbers;
  numbers.reserve(count);
  for (float each : elements.getValues<float>()) numbers.push_back(static_cast<double>(each));
  return Numbers(std::move(numbers));
}

mlir::DenseElementsAttr elementsAttr(mlir::MLIRContext *context, llvm::ArrayRef<int64_t> shape,
                                     const Numbers &numbers) {
  const std::vector<float> values(numbers.stored().begin(), numbers.stored().end());
  auto type = mlir::RankedTensorType::get(shape, mlir::Float32Type::get(context));
  return mlir::DenseElementsAttr::get(type, llvm::ArrayRef(values));
}

ConstantOp createConstant(mlir::OpBuilder &builder, mlir::Location loc, mlir::StringAttr name,
                          llvm::ArrayRef<int64_t> shape, const Numbers &numbers) {
  mlir::DenseElementsAttr elements = elementsAttr(builder.getContext(), shape, numbers);
  return builder.create<ConstantOp>(loc, elements.getType(), name, elements);
}

std::optional<Numbers> evaluateScalar(mlir::Operation *op, llvm::ArrayRef<const Numbers *> operands, size_t size) {
  using Result = std::optional<Numbers>;
  const auto unary = [&](auto function) -> Result { return Numbers::combine(function, *operands[0]); };
  const auto binary = [&](auto function) -> Result { return Numbers::combine(function, *operands[0], *operands[1]); };
  return llvm::TypeSwitch<mlir::Operation *, Result>(op)
      .Case([&](arith::ConstantOp constant) -> Result {
        auto number = llvm::dyn_cast<mlir::FloatAttr>(constant.getValue());
        return number ? Result(Numbers(size, number.getValueAsDouble())) : std::nullopt;
      })
      .Case([&](arith::AddFOp) { return binary(std::plus<>()); })
      .Case([&](arith::SubFOp) { return binary(std::minus<>()); })
      .Case([&](arith::MulFOp) { return binary(std::multiplies<>()); })
      .Case([&](arith::DivFOp) { return binary(std::divides<>()); })
      .Case([&](arith::NegFOp) { return unary(std::negate<>()); })
      .Case([&](arith::MinimumFOp) { return binary(minimum); })
      .Case([&](arith::MaximumFOp) { return binary([](double a, double b) { return -minimum(-a, -b); }); })
      .Case([&](arith::CmpFOp compare) -> Result {
        if (!holds(compare.getPredicate(), 0, 0)) return std::nullopt;
        return binary([&](double a, double b) { return *holds(compare.getPredicate(), a, b) ? 1.0 : 0.0; });
      })
      .Case([&](arith::SelectOp) -> Result {
        const auto choose = [](double condition, double a, double b) { return condition != 0 ? a : b; };
        return Numbers::combine(choose, *operands[0], *operands[1], *operands[2]);
      })
      .Case([&](ActivationOp each) { return unary([&](double x) { return each.evaluate(x); }); })
      .Default([](mlir::Operation *) { return std::nullopt; });
}

}  // namespace inlay::compiler
