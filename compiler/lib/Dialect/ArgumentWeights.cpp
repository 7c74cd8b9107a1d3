// SPDX-License-Identifier: Apache-2.0
// Elements that stand for those of weights which a kernel takes as an argument.
#include "Inlay/Dialect/ArgumentWeights.h"

#include <bit>

namespace inlay::compiler {

/// The bits of the negative number that is nearest to 0. It stands for the first float.
static constexpr uint32_t kFirst = 0x80000001;

int64_t argumentParametersOf(mlir::Operation *op) {
  auto network = llvm::isa<mlir::func::FuncOp>(op) ? llvm::cast<mlir::func::FuncOp>(op)
                                                   : op->getParentOfType<mlir::func::FuncOp>();
  auto parameters = network ? network->getAttrOfType<mlir::IntegerAttr>(kParametersAttr) : mlir::IntegerAttr();
  return parameters ? parameters.getInt() : 0;
}

float elementFor(int64_t index) { return std::bit_cast<float>(kFirst + static_cast<uint32_t>(index)); }

std::optional<int64_t> parameterIndexOf(float element, int64_t parameters) {
  const int64_t index = int64_t{std::bit_cast<uint32_t>(element)} - int64_t{kFirst};
  if (index < 0 || index >= parameters) return std::nullopt;
  return index;
}

bool readsParameters(ConstantOp constant) {
  const int64_t parameters = argumentParametersOf(constant);
  auto elements = llvm::dyn_cast<mlir::DenseElementsAttr>(constant.getValue());
  if (parameters == 0 || !elements || !elements.getElementType().isF32()) return false;
  return llvm::any_of(elements.getValues<float>(),
                      [&](float each) { return parameterIndexOf(each, parameters).has_value(); });
}

double withoutIndex(double number, int64_t parameters) {
  return parameterIndexOf(static_cast<float>(number), parameters) ? 0 : number;
}

}  // namespace inlay::compiler
