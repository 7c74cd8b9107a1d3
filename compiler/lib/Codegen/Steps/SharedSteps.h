// SPDX-License-Identifier: Apache-2.0
// Ops of one kernel that need the same code: it is emitted once, as a function that is told where the values lie.
#ifndef INLAY_CODEGEN_SHAREDSTEPS_H
#define INLAY_CODEGEN_SHAREDSTEPS_H

#include "Kernel/KernelContext.h"

namespace inlay::compiler {

/// Groups the ops of a kernel by the code that they need.
class SharedSteps {
 public:
  /// Only `ops` for which `mayShare` holds are put into groups.
  SharedSteps(llvm::ArrayRef<mlir::Operation *> ops, llvm::function_ref<bool(mlir::Operation &)> mayShare);

  /// The first of several ops that need the code of `op`; null where no other op needs it.
  mlir::Operation *representativeOf(mlir::Operation &op) const { return representatives.lookup(&op); }

 private:
  llvm::DenseMap<mlir::Operation *, mlir::Operation *> representatives;
};

/// What a step is told about one of its op's values: the memory of a constant, where another value starts, or nothing
/// for an input of the network and for packed weights.
enum class StepArgument { none, memory, start };
StepArgument stepArgumentOf(mlir::Value value);

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_SHAREDSTEPS_H
