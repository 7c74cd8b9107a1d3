// SPDX-License-Identifier: Apache-2.0
// Registration of the inlay dialect and its attributes.
#include "Inlay/Dialect/InlayDialect.h"

#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/DialectImplementation.h"

#include "Inlay/Dialect/InlayDialect.cpp.inc"

#include "Inlay/Dialect/InlayEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "Inlay/Dialect/InlayAttributes.cpp.inc"

namespace inlay::compiler {

void InlayDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Inlay/Dialect/InlayAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Inlay/Dialect/InlayOps.cpp.inc"
      >();
}

mlir::Operation *InlayDialect::materializeConstant(mlir::OpBuilder &builder, mlir::Attribute value, mlir::Type type,
                                                   mlir::Location loc) {
  if (auto number = llvm::dyn_cast<mlir::FloatAttr>(value))
    return builder.create<mlir::arith::ConstantOp>(loc, type, number);
  if (auto elements = llvm::dyn_cast<mlir::ElementsAttr>(value))
    return builder.create<ConstantOp>(loc, type, mlir::StringAttr(), elements);
  return nullptr;
}

const activation_row *findActivation(llvm::StringRef name) {
  for (const activation_row &row : activation_table)
    if (llvm::StringRef(row.name.data(), row.name.size()) == name) return &row;
  return nullptr;
}

}  // namespace inlay::compiler
