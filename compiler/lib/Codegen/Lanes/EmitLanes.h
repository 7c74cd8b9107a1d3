// SPDX-License-Identifier: Apache-2.0
// Kernels that compute several samples, or streams, side by side: each lane of a register belongs to one of its own. In
// a network of few features the other kernels leave most lanes empty, and wait for one layer after the other.
#ifndef INLAY_CODEGEN_EMITLANES_H
#define INLAY_CODEGEN_EMITLANES_H

#include "Inlay/Network/Summary.h"
#include "Kernel/ConstantMemory.h"
#include "Kernel/KernelContext.h"

namespace inlay::compiler {

/// Creates a function with a kernel's pointers and as many numbers behind them, and leaves the builder in it.
using KernelMaker =
    llvm::function_ref<mlir::func::FuncOp(const std::string &name, int64_t numbers, mlir::OpBuilder &builder)>;

/// Emits `<name>_lanes`, which computes `summary.samplesInLanes` samples, and `<name>_lanes_part`, which computes the
/// number of samples that it is told, at least 1. They do not use the scratch memory. `constants` has the memory of
/// each constant.
mlir::LogicalResult emitLanes(mlir::func::FuncOp network, const NetworkSummary &summary, VectorFeatures features,
                              const ConstantMemory &constants, KernelMaker create);

/// Emits `<name>_voices`, which runs streams with a memory each. It is told how many streams, from 1 to
/// `summary.voicesInLanes`, and how many steps, at least 1. The memories lie one behind the other, and so do the steps
/// of each stream.
mlir::LogicalResult emitVoices(mlir::func::FuncOp network, const NetworkSummary &summary, VectorFeatures features,
                               const ConstantMemory &constants, KernelMaker create);

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_EMITLANES_H
