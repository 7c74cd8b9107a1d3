// SPDX-License-Identifier: Apache-2.0
// The list of a row's elements that are not zero, for layers that skip the others.
#ifndef INLAY_CODEGEN_EMITNONZEROS_H
#define INLAY_CODEGEN_EMITNONZEROS_H

#include "KernelContext.h"

namespace inlay::compiler {

class NonzeroList {
 public:
  /// Emits the code that makes the list of the only row of `row` in `scratch`, at element `base`: values, and `part`
  /// elements further their places.
  NonzeroList(KernelContext &context, mlir::Location loc, const RowView &row, mlir::Value scratch, int64_t base,
              int64_t part);

  mlir::Value count;                     // of type index
  mlir::Value value(mlir::Value index);  // the element, a scalar
  mlir::Value place(mlir::Value index);  // its column; 0 for up to one vector past the end

 private:
  KernelContext &context;
  mlir::Location loc;
  mlir::Value scratch;
  int64_t values, places;
  mlir::Value at(int64_t base, mlir::Value index);
  void appendKept(mlir::Value keep, mlir::Value all, mlir::Value position);
};

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_EMITNONZEROS_H
