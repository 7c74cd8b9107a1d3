// SPDX-License-Identifier: Apache-2.0
// Vector form of the activation table.
#ifndef INLAY_CODEGEN_ACTIVATIONS_H
#define INLAY_CODEGEN_ACTIVATIONS_H

#include "Inlay/Codegen/VectorBuilder.h"
#include "Inlay/Dialect/InlayDialect.h"

namespace inlay::compiler {

/// Emits `op` on vectors `x` of `features.lanes` elements each, inline, from arithmetic alone.
VectorBuilder::Vectors emitActivation(ActivationOp op, VectorBuilder::Vectors x, mlir::OpBuilder &builder,
                                      VectorFeatures features);

/// Whether there is a form for a single element that is shorter than that for vectors.
bool hasSingleForm(ActivationOp op);
/// Emits `op` on one f32. Its table is a constant of the module that the builder inserts into.
mlir::Value emitSingleActivation(ActivationOp op, mlir::Value x, mlir::OpBuilder &builder);

/// Whether a scalar program has an activation of more than a few instructions.
bool isCostly(mlir::Region &program);
/// Whether the AVX-512 forms of all costly activations of a program also exist for eight lanes, with the same results.
bool runsInHalfRegisters(mlir::Region &program);

/// exp and log at the `exact` tier, for softmax and its logarithm.
mlir::Value emitExp(mlir::Value x, mlir::OpBuilder &builder, mlir::Location loc, VectorFeatures features);
mlir::Value emitLog(mlir::Value x, mlir::OpBuilder &builder, mlir::Location loc, VectorFeatures features);

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_ACTIVATIONS_H
