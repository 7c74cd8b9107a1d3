// SPDX-License-Identifier: Apache-2.0
// Registration of the inlay dialect and its attributes.
#include "Inlay/Dialect/InlayDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "Inlay/Dialect/InlayDialect.cpp.inc"

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

const activation_row *findActivation(llvm::StringRef name) {
  for (const activation_row &row : activation_table)
    if (llvm::StringRef(row.name.data(), row.name.size()) == name) return &row;
  return nullptr;
}

}  // namespace inlay::compiler
