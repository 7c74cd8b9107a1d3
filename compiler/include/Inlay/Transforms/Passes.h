// SPDX-License-Identifier: Apache-2.0
// Declarations and registration of the compiler's passes.
#ifndef INLAY_TRANSFORMS_PASSES_H
#define INLAY_TRANSFORMS_PASSES_H

#include <memory>

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

#include "Inlay/Dialect/InlayDialect.h"

namespace inlay::compiler {

#define GEN_PASS_DECL
#include "Inlay/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Inlay/Transforms/Passes.h.inc"

}  // namespace inlay::compiler

#endif  // INLAY_TRANSFORMS_PASSES_H
