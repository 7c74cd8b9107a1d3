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

/// Where the weights of parameters are: constants of the object, or in the caller's memory, where they are trained.
enum class Weights { constants, learned };

/// Appends the network to `module` as a function of its name. The graph must have passed the reader's checks; a
/// parameter that is absent or has another number of elements is diagnosed by name.
/// Learned parameters are arguments behind the inputs, states that no op changes, and have no values yet.
mlir::FailureOr<mlir::func::FuncOp> importGraph(const graph_view &graph, ParameterLookup parameters,
                                                mlir::ModuleOp module, Weights weights = Weights::constants);

}  // namespace inlay::compiler

#endif  // INLAY_IMPORT_IMPORTGRAPH_H
