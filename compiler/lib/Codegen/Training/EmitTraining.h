// SPDX-License-Identifier: Apache-2.0
// The functions of a training step beside the kernels of its network.
#ifndef INLAY_CODEGEN_EMITTRAINING_H
#define INLAY_CODEGEN_EMITTRAINING_H

#include "Inlay/Network/Summary.h"
#include "Kernel/KernelContext.h"
#include "mlir/IR/BuiltinOps.h"

namespace inlay::compiler {

/// Emits `<name>_begin(memory, scratch)`, which packs the weights that kernels read and, for training, sets gradients
/// and loss to 0. For training also `<name>_update_sgd(memory, settings)` and `<name>_update_adam(memory, settings)`,
/// which change the parameters. `network` has been through the plan phase.
void emitTraining(mlir::func::FuncOp network, const NetworkSummary &summary, VectorFeatures features,
                  mlir::ModuleOp module);

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_EMITTRAINING_H
