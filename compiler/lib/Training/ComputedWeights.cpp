// SPDX-License-Identifier: Apache-2.0
// Weights that are computed from parameters: a function computes them before a step packs weights, and another one
// passes their gradients, sums over all samples, to the parameters behind the step.
#include "Gradients.h"
#include "mlir/IR/BuiltinOps.h"

namespace inlay::compiler {

using mlir::Value;

namespace {

/// The results of an imported network that are computed weights, with their places.
StateResults computedWeights(mlir::func::FuncOp network) {
  StateResults all;
  for (mlir::OpOperand &operand : network.front().getTerminator()->getOpOperands())
    if (auto place = network.getResultAttrOfType<mlir::IntegerAttr>(operand.getOperandNumber(), kComputedAttr))
      all.emplace_back(operand.get(), place.getInt());
  return all;
}

/// The function that computes the weights, whose arguments are learned.
mlir::func::FuncOp weightsOf(mlir::func::FuncOp network) {
  auto function = llvm::cast<mlir::func::FuncOp>(network->clone());
  const auto weights = computedWeights(function);
  // Where one weight is computed from another, the latter is not in its place yet.
  for (auto [value, place] : weights) stateAt(function, place).replaceAllUsesWith(value);
  returnStates(function, weights);
  eraseUnused(function);
  for (unsigned i = function.getNumArguments(); i-- > 0;)
    if (!isLearned(function.getArgument(i))) function.eraseArgument(i);
  return function;
}

/// Has a copy of the function that computes the weights add to the gradients of parameters instead.
mlir::LogicalResult differentiate(mlir::func::FuncOp function) {
  mlir::Location loc = function.getLoc();
  mlir::Operation *terminator = function.front().getTerminator();
  llvm::SmallVector<std::pair<Value, Value>> seeds;
  for (auto [i, value] : llvm::enumerate(llvm::to_vector(terminator->getOperands()))) {
    mlir::BlockArgument weight = stateAt(function, *stateOfResult(function, static_cast<unsigned>(i)));
    seeds.emplace_back(value, addState(function, weight.getType(), placeOfGradient(weight), loc));
  }
  BatchSums none(function, {});
  mlir::OpBuilder builder(terminator);
  GradientBuilder gradients(function, addGradientSums(function), none, builder);
  if (mlir::failed(gradients.run(seeds))) return mlir::failure();
  returnStates(function, changedGradients(gradients.results()));
  return mlir::success();
}

}  // namespace

int64_t placeOfGradient(mlir::BlockArgument learned) {
  auto function = llvm::cast<mlir::func::FuncOp>(learned.getOwner()->getParentOp());
  const int64_t place = *stateOfArgument(function, learned.getArgNumber());
  // The gradients of computed weights lie before these, those of parameters behind them.
  if (function.getArgAttr(learned.getArgNumber(), kComputedAttr))
    return place - function->getAttrOfType<mlir::IntegerAttr>(kComputedElementsAttr).getInt();
  return place + function->getAttrOfType<mlir::IntegerAttr>(kLearnedAttr).getInt();
}

mlir::LogicalResult separateComputedWeights(mlir::func::FuncOp network, llvm::StringRef step) {
  if (!network->hasAttr(kComputedElementsAttr)) return mlir::success();
  mlir::Builder builder(network.getContext());
  mlir::func::FuncOp weights = weightsOf(network), gradients = weights.clone();
  for (auto [function, role, name] :
       {std::tuple(weights, Role::weights, kHelpers[0]), std::tuple(gradients, Role::gradients, kHelpers[1])}) {
    function.setName((step + "." + name).str());
    function->setAttr(kRoleAttr, builder.getI64IntegerAttr(static_cast<int64_t>(role)));
    network->getParentOfType<mlir::ModuleOp>().push_back(function);
  }
  for (unsigned i = network.getNumResults(); i-- > 0;)
    if (network.getResultAttr(i, kComputedAttr)) {
      network.front().getTerminator()->eraseOperand(i);
      network.eraseResult(i);
    }
  eraseUnused(network);
  return differentiate(gradients);
}

}  // namespace inlay::compiler
