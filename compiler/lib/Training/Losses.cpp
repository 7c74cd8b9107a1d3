// SPDX-License-Identifier: Apache-2.0
// The losses, as ops on one sample. Their gradients follow from these ops.
#include "Gradients.h"
#include "inlay/operations.hpp"
#include "mlir/IR/IRMapping.h"

namespace inlay::compiler {

using mlir::Location;
using mlir::Value;

Value reduceAll(Value value, ops::reduction kind, mlir::OpBuilder &builder, Location loc) {
  const size_t rank = sizesOf(value).size();
  if (rank == 0) return value;
  return builder.create<ReduceOp>(loc, typeOf(value).clone(llvm::ArrayRef<int64_t>{}), value,
                                  static_cast<int64_t>(kind), (int64_t{1} << rank) - 1, /*keepdim=*/0);
}

namespace {

/// Cross entropy finds the class by multiplying with a row of the identity, which so many classes would make large.
constexpr int64_t kMostClasses = 1024;

/// What a final sigmoid is applied to; the prediction itself without one.
Value beforeSigmoid(Value prediction, mlir::OpBuilder &builder) {
  auto map = prediction.getDefiningOp<MapOp>();
  if (!map) return prediction;
  auto yield = llvm::cast<YieldOp>(map.getBody().front().getTerminator());
  auto last = yield.getValue().getDefiningOp<ActivationOp>();
  if (!last || last.getRow().id != activation::sigmoid) return prediction;
  return createMap(builder, map.getLoc(), map.getType(), map.getInputs(),
                   [&](ScalarBuilder &, mlir::ValueRange arguments) -> Value {
                     mlir::IRMapping forward;
                     forward.map(map.getBody().front().getArguments(), arguments);
                     for (mlir::Operation &op : map.getBody().front().without_terminator())
                       if (&op != last) builder.clone(op, forward);
                     return forward.lookup(last.getInput());
                   });
}

/// -log of the softmax's element at the target.
mlir::FailureOr<Value> crossEntropy(Value prediction, Value target, mlir::OpBuilder &builder) {
  Location loc = prediction.getLoc();
  auto type = llvm::cast<mlir::RankedTensorType>(prediction.getType());
  if (type.getRank() != 1 || type.getDimSize(0) > kMostClasses) {
    mlir::emitError(loc)
        << "cross_entropy: expected one number for each of at most " << kMostClasses << " classes, found " << type
        << "; give the network such an output, or compute the loss in the network and use --loss=output";
    return mlir::failure();
  }
  // A network that ends in softmax is trained on what comes before it: PyTorch's loss takes logits.
  auto softmax = prediction.getDefiningOp<SoftmaxOp>();
  Value logarithms = prediction;
  if (!softmax || !softmax.getLogarithm())
    logarithms = builder.create<SoftmaxOp>(loc, type, softmax ? softmax.getInput() : prediction, /*logarithm=*/true);
  const int64_t classes = type.getDimSize(0);
  std::vector<float> identity(static_cast<size_t>(classes * classes), 0.0f);
  for (int64_t i = 0; i < classes; ++i) identity[static_cast<size_t>(i * classes + i)] = 1;
  auto square = mlir::RankedTensorType::get({classes, classes}, builder.getF32Type());
  Value rows = builder.create<ConstantOp>(loc, square, mlir::StringAttr(),
                                          mlir::DenseElementsAttr::get(square, llvm::ArrayRef<float>(identity)));
  Value chosen = builder.create<EmbeddingOp>(loc, type, target, rows);
  Value terms = createMap(builder, loc, type, {logarithms, chosen},
                          [](ScalarBuilder &b, mlir::ValueRange v) { return b.mul(b.neg(v[0]), v[1]); });
  return reduceAll(terms, ops::reduction::sum, builder, loc);
}

}  // namespace

mlir::Type typeOfTarget(loss which, Value prediction) {
  if (which == loss::output) return {};
  if (which != loss::cross_entropy) return prediction.getType();
  return mlir::RankedTensorType::get({}, mlir::IntegerType::get(prediction.getContext(), 32));
}

mlir::FailureOr<Value> lossOf(loss which, Value prediction, Value target, mlir::OpBuilder &builder) {
  Location loc = prediction.getLoc();
  const auto meanOf = [&](Value of, llvm::function_ref<Value(ScalarBuilder &, Value, Value)> term) -> Value {
    Value terms = createMap(builder, loc, of.getType(), {of, target},
                            [&](ScalarBuilder &b, mlir::ValueRange v) { return term(b, v[0], v[1]); });
    return reduceAll(terms, ops::reduction::mean, builder, loc);
  };
  switch (which) {
    case loss::mse:
      return meanOf(prediction, [](ScalarBuilder &b, Value y, Value t) { return b.apply("square", b.sub(y, t)); });
    case loss::cross_entropy: return crossEntropy(prediction, target, builder);
    case loss::bce:
      return meanOf(beforeSigmoid(prediction, builder),
                    [](ScalarBuilder &b, Value z, Value t) { return b.sub(b.apply("softplus", z), b.mul(z, t)); });
    case loss::huber:
      return meanOf(prediction, [](ScalarBuilder &b, Value y, Value t) {
        Value distance = b.sub(y, t), size = b.apply("abs", distance);
        Value far = b.sub(size, b.number(0.5)), near = b.mul(b.apply("square", distance), 0.5);
        return b.select(b.less(size, 1), near, far);
      });
    case loss::hinge:
      return meanOf(prediction, [](ScalarBuilder &b, Value y, Value t) {
        return b.apply("relu", b.sub(b.number(1), b.mul(y, t)));
      });
    case loss::output:
      if (elementsOf(prediction) == 1) return prediction;
      mlir::emitError(loc) << "--loss=output: the network's output is the loss and must be one number, found "
                           << prediction.getType();
      return mlir::failure();
  }
  return mlir::failure();
}

}  // namespace inlay::compiler
