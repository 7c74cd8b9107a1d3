// SPDX-License-Identifier: Apache-2.0
// Weights in the order in which a layer needs them if its input is in a register: each step multiplies the register
// with its lanes in another order, so that every lane meets every element once.
#ifndef INLAY_CODEGEN_ROTATEDWEIGHTS_H
#define INLAY_CODEGEN_ROTATEDWEIGHTS_H

#include "Inlay/Dialect/InlayDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace inlay::compiler {

/// Lanes that a register shuffles among themselves faster than across it: 128 bits.
inline constexpr int64_t kLanesOfGroup = 4;

/// The lane that step k of a rotated layer has in `lane`. The groups of four lanes are rotated by k / 4, and the lanes
/// within each group by k % 4.
int64_t rotatedLane(int64_t lane, int64_t k, int64_t lanes);

/// Whether a rotated layer rotates its sums instead of its input within the groups. The sums of steps with the same
/// k % 4 are added first, so three of them are rotated for each vector of features, where a register of eight inputs
/// takes six shuffles. So this pays where there is one such vector. The weights of step k then lie in the lanes that
/// k % 4 rotations bring to their features.
bool rotatesSums(ContractionOp layer);

/// Adds a constant with the rotated weights for each layer whose input a kernel of a single row keeps in a register.
/// Returns the constants by layer.
llvm::DenseMap<mlir::Operation *, ConstantOp> addRotatedWeights(mlir::func::FuncOp network);

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_ROTATEDWEIGHTS_H
