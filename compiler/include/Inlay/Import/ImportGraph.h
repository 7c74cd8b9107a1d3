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

/// Where the weights of parameters are: constants of the object; in the caller's memory, where they are trained; or in
/// a block that kernels take as an argument.
enum class Weights { constants, learned, argument };

/// Appends the network to `module` as a function of its name. The graph must have passed the reader's checks; a
/// parameter that is absent or has another number of elements is diagnosed by name.
/// Learned parameters are arguments behind the inputs, states that no op changes, and have no values yet. Parameters
/// that are an argument of the kernels are constants whose elements name the parameters' floats (ArgumentWeights.h). A
/// network that cannot have them is diagnosed.
mlir::FailureOr<mlir::func::FuncOp> importGraph(const graph_view &graph, ParameterLookup parameters,
                                                mlir::ModuleOp module, Weights weights = Weights::constants);

}  // namespace inlay::compiler

#endif  // INLAY_IMPORT_IMPORTGRAPH_H
