// SPDX-License-Identifier: Apache-2.0
// The list of a row's elements that are not zero, for layers that skip the others.
#ifndef INLAY_CODEGEN_EMITNONZEROS_H
#define INLAY_CODEGEN_EMITNONZEROS_H

#include "Kernel/KernelContext.h"

namespace inlay::compiler {

class NonzeroList {
 public:
  /// A list of the nonzeros in `row`, the input of `layer`, for a kernel of one row. The list is in the scratch memory.
  NonzeroList(KernelContext &context, ContractionOp layer, const RowView &row);

  /// Emits the code that makes the list.
  void make();
  /// keepCount() stores the count in the scratch memory. recall() loads it in another kernel.
  void keepCount();
  void recall();

  mlir::Value count;                     // of type index
  mlir::Value value(mlir::Value index);  // the element, a scalar
  mlir::Value place(mlir::Value index);  // its column; 0 for up to one vector past the end

 private:
  KernelContext &context;
  mlir::Location loc;
  mlir::Value scratch;
  RowView row;
  int64_t values, places, kept;  // elements of the scratch memory; the last is the count
  mlir::Value at(int64_t base, mlir::Value index);
  void appendKept(mlir::Value keep, mlir::Value all, mlir::Value position);
};

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_EMITNONZEROS_H
