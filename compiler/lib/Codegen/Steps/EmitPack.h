// SPDX-License-Identifier: Apache-2.0
// Packing the weights that kernels take as an argument.
#ifndef INLAY_CODEGEN_EMITPACK_H
#define INLAY_CODEGEN_EMITPACK_H

#include "Inlay/Network/Summary.h"
#include "Kernel/ConstantMemory.h"

namespace inlay::compiler {

/// Emits `<name>_pack(parameters, block)`, which makes the block of weights that the kernels read, and adds the
/// constants in the block to `constants`.
void emitPack(mlir::func::FuncOp network, const NetworkSummary &summary, mlir::ModuleOp module,
              ConstantMemory &constants);

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_EMITPACK_H
