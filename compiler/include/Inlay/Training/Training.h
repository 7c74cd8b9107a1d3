// SPDX-License-Identifier: Apache-2.0
// From a network to its training step: loss, and gradients in reverse mode.
#ifndef INLAY_TRAINING_TRAINING_H
#define INLAY_TRAINING_TRAINING_H

#include "inlay/graph_training.hpp"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace inlay::compiler {

/// Makes two functions of an imported network with learned weights (Weights::learned). `network` itself becomes
/// `<name>_predict`. The module gets `<name>_train_<loss>`, whose inputs are the network's and the target, and whose
/// results are the next values of states: each parameter's gradient and the loss, both summed over the samples. An op
/// without a gradient is diagnosed by its layer.
///
/// With `steps`, which a network with state needs, a sample is a sequence of so many steps from the states' first
/// values on: inputs, output and target have an axis for them in front, and the loss is the mean over the steps.
mlir::LogicalResult buildTraining(mlir::func::FuncOp network, loss which, int64_t steps = 0);

}  // namespace inlay::compiler

#endif  // INLAY_TRAINING_TRAINING_H
