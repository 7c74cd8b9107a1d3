// SPDX-License-Identifier: Apache-2.0
// From the graph contract to the inlay dialect.
#ifndef INLAY_IMPORT_IMPORTGRAPH_H
#define INLAY_IMPORT_IMPORTGRAPH_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include "inlay/operations.hpp"

namespace inlay::compiler {

/// Elements of the parameter `name`, row-major; empty if there is no such parameter.
using ParameterLookup = llvm::function_ref<llvm::ArrayRef<float>(llvm::StringRef name)>;

/// Appends the network to `module` as a function of its name. The graph must have passed the reader's checks; a
/// parameter that is absent or has another number of elements is diagnosed by name.
mlir::FailureOr<mlir::func::FuncOp> importGraph(const graph_view &graph, ParameterLookup parameters,
                                                mlir::ModuleOp module);

}  // namespace inlay::compiler

#endif  // INLAY_IMPORT_IMPORTGRAPH_H
