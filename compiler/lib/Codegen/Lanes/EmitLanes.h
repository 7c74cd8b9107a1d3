// SPDX-License-Identifier: Apache-2.0
// Kernels that compute several samples side by side: each lane of a register belongs to a sample of its own. In a
// network of few features the other kernels leave most lanes empty, and wait for one layer after the other.
#ifndef INLAY_CODEGEN_EMITLANES_H
#define INLAY_CODEGEN_EMITLANES_H

#include "Inlay/Network/Summary.h"
#include "Kernel/KernelContext.h"

namespace inlay::compiler {

/// Emits `<name>_lanes`, which computes `summary.samplesInLanes` samples, and `<name>_lanes_part`, which computes the
/// number of samples that it is told, at least 1. Their arguments are the inputs, the outputs and the scratch memory,
/// which they do not use. `constants` has the memory of each constant.
mlir::LogicalResult emitLanes(mlir::func::FuncOp network, const NetworkSummary &summary, VectorFeatures features,
                              const llvm::MapVector<mlir::Value, mlir::memref::GlobalOp> &constants);

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_EMITLANES_H
