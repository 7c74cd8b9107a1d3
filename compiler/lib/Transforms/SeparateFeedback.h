// SPDX-License-Identifier: Apache-2.0
// Which ops of a network that reads states have to run step by step.
#ifndef INLAY_TRANSFORMS_SEPARATEFEEDBACK_H
#define INLAY_TRANSFORMS_SEPARATEFEEDBACK_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace inlay::compiler {

/// Divides a network that reads states into ops that run step by step and ops that compute a block of steps at once.
/// The former are those between a state and its next value. Each loop of them gets a number, kFeedbackAttr, and the ops
/// are reordered so that a loop's ops lie side by side. Returns false, and changes nothing, if blocks of steps would
/// not pay: no layer with more than `worthBlocks` bytes of weights is outside of the loops.
bool separateFeedback(mlir::func::FuncOp network, int64_t worthBlocks);

}  // namespace inlay::compiler

#endif  // INLAY_TRANSFORMS_SEPARATEFEEDBACK_H
