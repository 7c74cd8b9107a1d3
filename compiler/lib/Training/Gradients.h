// SPDX-License-Identifier: Apache-2.0
// Reverse mode: the rules of ops, of pointwise programs and of activations.
#ifndef INLAY_TRAINING_GRADIENTS_H
#define INLAY_TRAINING_GRADIENTS_H

#include "Inlay/Dialect/InlayDialect.h"
#include "Inlay/Dialect/TensorEmitter.h"
#include "ScalarBuilder.h"
#include "inlay/graph_training.hpp"
#include "inlay/ops/reduce.hpp"
#include "llvm/ADT/MapVector.h"

namespace inlay::compiler {

/// Erases ops that nothing reads.
void eraseUnused(mlir::func::FuncOp function);

/// Adds an argument that is a state at `place` of the memory.
mlir::Value addState(mlir::func::FuncOp function, mlir::Type type, int64_t place, mlir::Location loc);

/// Where the gradient of a learned argument lies.
int64_t placeOfGradient(mlir::BlockArgument learned);

/// The reshapes behind `value`, and what they reshape.
inline mlir::Value behindReshapes(mlir::Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>()) value = reshape.getInput();
  return value;
}

/// Values that are the next ones of states, with the places of these.
using StateResults = llvm::SmallVector<std::pair<mlir::Value, int64_t>>;
/// Makes `results` all results of a function.
void returnStates(mlir::func::FuncOp function, const StateResults &results);

/// Adds a state for the gradient of each parameter that `function` reads and an optimizer changes.
llvm::MapVector<mlir::Value, mlir::Value> addGradientSums(mlir::func::FuncOp function);
/// Those sums to which something was added.
StateResults changedGradients(const llvm::MapVector<mlir::Value, mlir::Value> &sums);

/// Takes what computes weights from parameters out of `network`, which then reads these weights as it reads parameters.
/// The helpers of `step`, the name of the training step, compute them and their gradients.
mlir::LogicalResult separateComputedWeights(mlir::func::FuncOp network, llvm::StringRef step);

/// Sums over the samples of a batch that its samples read. They lie in the memory, where `<network>_begin` clears them.
class BatchSums {
 public:
  BatchSums(mlir::func::FuncOp function, const training_layout &layout);
  /// The sum of `value`.
  mlir::Value of(mlir::Value value, mlir::OpBuilder &builder, mlir::Location loc);
  /// `state`, which lies at `place`, after the sum of `value` was added to it.
  mlir::Value into(mlir::Value state, int64_t place, mlir::Value value, mlir::OpBuilder &builder, mlir::Location loc);
  /// All of them, with their places.
  llvm::ArrayRef<std::pair<mlir::Value, int64_t>> results() const { return all; }

 private:
  mlir::func::FuncOp function;
  int64_t next;  // place
  llvm::SmallVector<std::pair<mlir::Value, int64_t>> all;
};

/// Has batch norms normalise by the statistics of the batch, and learn the running ones. Diagnoses other ops that read
/// those.
mlir::LogicalResult normalizeByBatches(mlir::func::FuncOp function, BatchSums &sums);

/// The gradients of a function's parameters, found from the last op to the first.
class GradientBuilder {
 public:
  /// `sums` are the states to which the parameters' gradients are added.
  GradientBuilder(mlir::func::FuncOp function, const llvm::MapVector<mlir::Value, mlir::Value> &sums,
                  BatchSums &batchSums, mlir::OpBuilder &builder);

  /// Goes through the ops from `loss`, one number, back to the parameters. Diagnoses an op without a gradient.
  mlir::LogicalResult run(mlir::Value loss);
  /// The same from several values, whose gradients are known.
  mlir::LogicalResult run(llvm::ArrayRef<std::pair<mlir::Value, mlir::Value>> seeds);

  /// Each parameter's sum, after the sample's gradient was added to it.
  const llvm::MapVector<mlir::Value, mlir::Value> &results() const { return sums; }

 private:
  mlir::func::FuncOp function;
  mlir::OpBuilder &builder;
  llvm::MapVector<mlir::Value, mlir::Value> sums;
  BatchSums &batchSums;
  llvm::DenseSet<mlir::Value> active;  // depend on a parameter
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::Value>> gradients;
  /// What the many steps of a sequence add to a parameter's gradient: values, or products of two vectors.
  struct Additions {
    llvm::SmallVector<mlir::Value> left, right;
  };
  llvm::DenseSet<mlir::Value> readOften;                     // parameters that the steps of a sequence share
  llvm::MapVector<mlir::Value, Additions> values, products;  // by parameter

  void addToSum(mlir::Value parameter, mlir::Value left, mlir::Value right, WindowAttr window);
  /// Adds to a parameter's gradient, or remembers it if there is more to come.
  void accumulate(mlir::Value parameter, mlir::Value left, mlir::Value right, WindowAttr window);
  /// Adds what was remembered, all steps together.
  void addTogether();

  /// Adds to the gradient of `value`.
  void add(mlir::Value value, mlir::Value gradient);
  mlir::Value sumOf(llvm::ArrayRef<mlir::Value> terms, mlir::Location loc);
  /// The gradient of an operand that an op repeats along axes: its sum along these.
  mlir::Value reducedTo(mlir::Type type, mlir::Value gradient, mlir::Location loc);
  mlir::Value reshaped(mlir::Value value, mlir::Type type, mlir::Location loc);

  /// Adds the products of `dy` and `x` to the gradient of a layer's weight. Diagnoses a weight that has no place.
  mlir::LogicalResult addProduct(mlir::Operation *op, mlir::Value weight, mlir::Value dy, mlir::Value x,
                                 WindowAttr window);

  // The rules: each adds to the gradients of the op's operands.
  mlir::LogicalResult rule(DenseOp op, mlir::Value dy);
  mlir::LogicalResult rule(MapOp op, mlir::Value dy);
  mlir::LogicalResult rule(SoftmaxOp op, mlir::Value dy);
  mlir::LogicalResult rule(ReshapeOp op, mlir::Value dy);
  mlir::LogicalResult rule(PermuteOp op, mlir::Value dy);
  mlir::LogicalResult rule(ConcatOp op, mlir::Value dy);
  mlir::LogicalResult rule(SliceOp op, mlir::Value dy);
  mlir::LogicalResult rule(PadOp op, mlir::Value dy);
  mlir::LogicalResult rule(ReduceOp op, mlir::Value dy);
  mlir::LogicalResult rule(NormalizeOp op, mlir::Value dy);
  mlir::LogicalResult rule(Conv2dOp op, mlir::Value dy);
  mlir::LogicalResult rule(ConvTranspose2dOp op, mlir::Value dy);
  mlir::LogicalResult rule(MaxPoolOp op, mlir::Value dy);
  mlir::LogicalResult rule(AvgPoolOp op, mlir::Value dy);
  mlir::LogicalResult rule(ResampleOp op, mlir::Value dy);
  mlir::LogicalResult rule(EmbeddingOp op, mlir::Value dy);
  mlir::LogicalResult rule(AccumulateOp op, mlir::Value dy);
};

inline mlir::RankedTensorType typeOf(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()); }

/// The sum of `value` along the axes whose bits are set. With `keepdim` these stay, with size 1.
mlir::Value sumAlong(mlir::Value value, uint32_t axes, bool keepdim, mlir::OpBuilder &builder, mlir::Location loc);

/// Makes a convolution of each dense layer that is one: a causal convolution's, whose weight [N, C, taps] it reads with
/// the taps before the channels. The convolution reads the parameter itself.
void convolveTaps(mlir::func::FuncOp network);

/// Makes a network of sequences from one of steps: inputs and outputs get an axis of so many steps in front, and states
/// become values. Each sample begins with the states' first values.
void runOverSteps(mlir::func::FuncOp network, int64_t steps);

/// One number of all elements: their sum, their mean or an extreme.
mlir::Value reduceAll(mlir::Value value, ops::reduction kind, mlir::OpBuilder &builder, mlir::Location loc);

/// Makes several layers of each one with groups and a learned weight, whose weights are parts of the parameter. Layers
/// with transposed weights become ones that the layout phase packs. Changes the arguments of `function`.
void splitLearnedLayers(mlir::func::FuncOp function);
/// Makes convolutions of the transposed convolutions that are left, after the gradients were found.
void expandLearnedTransposed(mlir::func::FuncOp function);

/// What `layer`, a convolution or a transposed one, does the other way round: each pixel of `image` is spread over a
/// window of the result, with the taps and channels that `weight` [channels of image, channels of result / groups,
/// kernel height, kernel width] has for the way from the result to the image.
template <class Layer>
mlir::Value adjointConvolution(Layer layer, mlir::Value image, mlir::Value weight, mlir::Value bias, int64_t groups,
                               mlir::RankedTensorType type, llvm::StringRef name, mlir::OpBuilder &builder);

/// "layer 'fc1': " or the kind of an op, for messages.
std::string describe(mlir::Operation *op);

/// The gradient of each operand of `map` for which `wanted` holds, of the result's shape; null where it is 0 and where
/// it is not wanted. Fails on a function that has none.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> gradientsOfMap(MapOp map, mlir::Value dy,
                                                               llvm::function_ref<bool(mlir::Value)> wanted,
                                                               mlir::OpBuilder &builder);

/// `dy` times the derivative of `op` at x, where y is the activation's value. Null if it has none to train with.
mlir::Value gradientOfActivation(ActivationOp op, mlir::Value x, mlir::Value y, mlir::Value dy, ScalarBuilder &b);
/// Whether that formula reads x. If not, the layer before the activation need not keep it.
bool readsArgument(ActivationOp op);

/// The loss of one sample, one number, for `prediction` and, except for loss::output, `target`. Fails on a prediction
/// that does not fit.
mlir::FailureOr<mlir::Value> lossOf(loss which, mlir::Value prediction, mlir::Value target, mlir::OpBuilder &builder);
/// The type of a target for this prediction; null for loss::output.
mlir::Type typeOfTarget(loss which, mlir::Value prediction);

}  // namespace inlay::compiler

#endif  // INLAY_TRAINING_GRADIENTS_H
