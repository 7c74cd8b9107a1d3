// SPDX-License-Identifier: Apache-2.0
// Makes the training step of an imported network: a copy with target, loss and gradients in place of its outputs.
#include "Inlay/Training/Training.h"

#include "Gradients.h"

namespace inlay::compiler {
namespace {

using mlir::Value;

/// Whether a network remembers something from step to step.
bool hasState(mlir::func::FuncOp network) {
  return !network.getOps<HistoryOp>().empty() ||
         llvm::any_of(network.getArguments(), [&](mlir::BlockArgument argument) {
           return !isLearned(argument) && stateOfArgument(network, argument.getArgNumber());
         });
}

/// What cannot be trained, whatever the loss is.
mlir::LogicalResult check(mlir::func::FuncOp network, loss which, int64_t steps) {
  const auto refuse = [&](const llvm::Twine &why) {
    mlir::emitError(network.getLoc()) << "network '" << network.getName() << "' cannot be trained: " << why;
    return mlir::failure();
  };
  unsigned outputs = 0;
  while (outputs < network.getNumResults() && network.getResultAttr(outputs, kNameAttr)) ++outputs;
  if (outputs != 1)
    return refuse("it has " + llvm::Twine(outputs) +
                  " outputs; give it one, such as the loss itself with --loss=output");
  if (network->getAttrOfType<mlir::IntegerAttr>(kLearnedAttr).getInt() == 0)
    return refuse("it has no parameters; constants in the source stay as they are");
  if (hasState(network) != (steps > 0))
    return refuse(steps > 0 ? "it has no state, so it has no steps; leave out --steps"
                            : "it has state, so its samples are sequences; say of how many steps: --steps=64");
  if (steps > 0)
    for (mlir::BlockArgument argument : network.getArguments()) {
      if (isBatchStatistic(argument))
        return refuse("'" + nameOf(argument) +
                      "' is a statistic of batches, which a network with state cannot compute; use layer_norm");
      if (!isLearned(argument) && sizesOf(argument).size() == max_rank)
        return refuse("its inputs get an axis for the steps, and '" + nameOf(argument) + "' has " +
                      llvm::Twine(max_rank) + " axes already; flatten it");
    }
  if (which != loss::output) return mlir::success();
  if (elementsOf(network.front().getTerminator()->getOperand(0)) != 1)
    return refuse("with --loss=output its output is the loss, which must be one number");
  return mlir::success();
}

/// Whether an op reads the value, other than views that nothing reads.
bool isRead(Value value) {
  return llvm::any_of(value.getUsers(), [](mlir::Operation *op) {
    return !llvm::isa<ReshapeOp, PermuteOp>(op) || isRead(op->getResult(0));
  });
}

/// The parts of a parameter that is the weight of a layer with groups are arguments of their own. So nothing else may
/// read the whole.
mlir::LogicalResult checkOverlaps(mlir::func::FuncOp network) {
  struct Range {
    int64_t first, last;
    mlir::BlockArgument parameter;
  };
  llvm::SmallVector<Range> read;
  for (mlir::BlockArgument argument : network.getArguments())
    if (isLearned(argument) && isRead(argument)) {
      const int64_t first = *stateOfArgument(network, argument.getArgNumber());
      read.push_back({first, first + elementsOf(argument), argument});
    }
  llvm::sort(read, [](const Range &a, const Range &b) { return a.first < b.first; });
  for (size_t i = 1; i < read.size(); ++i)
    if (read[i].first < read[i - 1].last) {
      const llvm::StringRef name = nameOf(read[i].parameter);
      mlir::emitError(network.getLoc()) << "network '" << network.getName() << "' cannot be trained: "
                                        << (name.empty() ? "a weight that is computed from parameters"
                                                         : ("'" + name + "'").str())
                                        << " is the weight of a layer with groups, and something else reads it, too; "
                                           "give that a parameter of its own";
      return mlir::failure();
    }
  return mlir::success();
}

/// Puts the loss in place of the function's output, and the target behind its inputs.
mlir::LogicalResult addLoss(mlir::func::FuncOp function, loss which) {
  mlir::Operation *terminator = function.front().getTerminator();
  mlir::OpBuilder builder(terminator);
  Value prediction = terminator->getOperand(0), target;
  if (mlir::Type type = typeOfTarget(which, prediction)) {
    unsigned number = 0;
    while (number < function.getNumArguments() && !stateOfArgument(function, number)) ++number;
    function.insertArgument(number, type, builder.getDictionaryAttr({}), function.getLoc());
    function.setArgAttr(number, kNameAttr, builder.getStringAttr("target"));
    target = function.getArgument(number);
  }
  mlir::FailureOr<Value> value = lossOf(which, prediction, target, builder);
  if (mlir::failed(value)) return mlir::failure();
  terminator->setOperand(0, *value);
  // The loss may have replaced a last activation.
  eraseUnused(function);
  return mlir::success();
}

}  // namespace

void eraseUnused(mlir::func::FuncOp function) {
  llvm::SmallVector<mlir::Operation *> ops;
  for (mlir::Operation &op : function.front().without_terminator()) ops.push_back(&op);
  for (mlir::Operation *op : llvm::reverse(ops))
    if (op->use_empty()) op->erase();
}

void returnStates(mlir::func::FuncOp function, const StateResults &results) {
  mlir::Builder builder(function.getContext());
  llvm::SmallVector<Value> values;
  llvm::SmallVector<mlir::DictionaryAttr> attributes;
  for (auto [value, place] : results) {
    values.push_back(value);
    attributes.push_back(builder.getDictionaryAttr(builder.getNamedAttr(kStateAttr, builder.getI64IntegerAttr(place))));
  }
  function.front().getTerminator()->setOperands(values);
  function.setFunctionType(builder.getFunctionType(function.getArgumentTypes(), mlir::ValueRange(values).getTypes()));
  function.setAllResultAttrs(attributes);
}

llvm::MapVector<Value, Value> addGradientSums(mlir::func::FuncOp function) {
  llvm::MapVector<Value, Value> sums;
  for (unsigned i = 0, count = function.getNumArguments(); i < count; ++i) {
    mlir::BlockArgument parameter = function.getArgument(i);
    if (isLearned(parameter) && !isBatchStatistic(parameter) && !parameter.use_empty())
      sums[parameter] = addState(function, parameter.getType(), placeOfGradient(parameter), function.getLoc());
  }
  return sums;
}

StateResults changedGradients(const llvm::MapVector<Value, Value> &sums) {
  StateResults changed;
  for (auto [parameter, sum] : sums)
    if (sum.getDefiningOp()) changed.emplace_back(sum, placeOfGradient(llvm::cast<mlir::BlockArgument>(parameter)));
  return changed;
}

Value addState(mlir::func::FuncOp function, mlir::Type type, int64_t place, mlir::Location loc) {
  mlir::Builder builder(function.getContext());
  const unsigned number = function.getNumArguments();
  function.insertArgument(number, type, builder.getDictionaryAttr({}), loc);
  function.setArgAttr(number, kStateAttr, builder.getI64IntegerAttr(place));
  return function.getArgument(number);
}

mlir::LogicalResult buildTraining(mlir::func::FuncOp network, loss which, int64_t steps) {
  // The loss is a part of the name, and so is the number of steps: a program that expects others does not link.
  const std::string_view named = loss_names[static_cast<size_t>(which)];
  std::string step = (network.getName() + "_train_" + llvm::StringRef(named.data(), named.size())).str();
  if (steps > 0) step += "_" + std::to_string(steps) + "_steps";
  if (mlir::failed(separateComputedWeights(network, step))) return mlir::failure();
  if (mlir::failed(check(network, which, steps))) return mlir::failure();
  convolveTaps(network);
  mlir::MLIRContext *context = network.getContext();
  mlir::Builder attributes(context);
  mlir::Location loc = network.getLoc();
  auto function = llvm::cast<mlir::func::FuncOp>(network->clone());
  network->getParentOfType<mlir::ModuleOp>().push_back(function);
  function.setName(step);
  network.setName((network.getName() + "_predict").str());
  const auto setRole = [&](mlir::func::FuncOp of, Role role) {
    of->setAttr(kRoleAttr, attributes.getI64IntegerAttr(static_cast<int64_t>(role)));
  };
  setRole(network, Role::prediction), setRole(function, Role::training);

  if (mlir::failed(addLoss(function, which))) return mlir::failure();
  if (steps > 0) runOverSteps(network, steps), runOverSteps(function, steps);
  splitLearnedLayers(network), splitLearnedLayers(function);
  if (mlir::failed(checkOverlaps(function))) return mlir::failure();
  const training_layout layout{
      static_cast<uint64_t>(function->getAttrOfType<mlir::IntegerAttr>(kLearnedAttr).getInt())};
  BatchSums batchSums(function, layout);
  if (mlir::failed(normalizeByBatches(function, batchSums))) return mlir::failure();
  mlir::Operation *terminator = function.front().getTerminator();
  mlir::OpBuilder builder(terminator);

  // The gradients and the loss are states: each sample adds to them.
  llvm::MapVector<Value, Value> sums = addGradientSums(function);
  Value loss = terminator->getOperand(0);
  if (steps > 0) loss = reduceAll(loss, ops::reduction::mean, builder, loss.getLoc());
  const auto lossPlace = static_cast<int64_t>(layout.loss_sum());
  Value lossSum = addState(function, loss.getType(), lossPlace, loc);
  GradientBuilder gradients(function, sums, batchSums, builder);
  if (mlir::failed(gradients.run(loss))) return mlir::failure();
  lossSum = builder.create<AccumulateOp>(loc, lossSum.getType(), lossSum, loss, Value(), WindowAttr());

  StateResults results = changedGradients(gradients.results());
  results.emplace_back(lossSum, lossPlace);
  llvm::append_range(results, batchSums.results());
  returnStates(function, results);
  expandLearnedTransposed(network), expandLearnedTransposed(function);
  return mlir::success();
}

}  // namespace inlay::compiler
