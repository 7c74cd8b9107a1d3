// SPDX-License-Identifier: Apache-2.0
// Batch norms in a training step normalise by the mean and the variance of the batch, and learn the running ones
// (Ioffe, Szegedy 2015, as torch.nn.BatchNorm2d has them).
#include "Gradients.h"
#include "inlay/operations.hpp"

namespace inlay::compiler {

using mlir::Location;
using mlir::LogicalResult;
using mlir::Value;

BatchSums::BatchSums(mlir::func::FuncOp function, const training_layout &layout)
    : function(function), next(static_cast<int64_t>(layout.batch_sums())) {}

Value BatchSums::of(Value value, mlir::OpBuilder &builder, Location loc) {
  const int64_t place = next;
  next += static_cast<int64_t>(inlay::detail::in_lines(static_cast<uint64_t>(elementsOf(value))));
  Value state = addState(function, value.getType(), place, loc);
  return into(state, place, value, builder, loc);
}

Value BatchSums::into(Value state, int64_t place, Value value, mlir::OpBuilder &builder, Location loc) {
  Value sum = builder.create<AccumulateOp>(loc, state.getType(), state, value, Value(), WindowAttr());
  all.emplace_back(sum, place);
  return sum;
}

namespace {

/// PyTorch's: what a step adds of the batch's statistics to the running ones.
constexpr double kMomentum = 0.1;

/// The parameter that `value` views in another shape, if it is a statistic; null if not.
mlir::BlockArgument statisticBehind(Value value) {
  if (auto reshape = value.getDefiningOp<ReshapeOp>()) value = reshape.getInput();
  return isBatchStatistic(value) ? llvm::cast<mlir::BlockArgument>(value) : mlir::BlockArgument();
}

/// What a map normalises, and by which statistics.
struct Normalization {
  mlir::OpOperand *x = nullptr, *mean = nullptr, *variance = nullptr;
  mlir::BlockArgument runningMean, runningVariance;  // which the latter two view
};

/// Recognises a map that computes (x - running_mean) times something with rsqrt(running_var + eps), where nothing else
/// of it reads the statistics, and these have an element for each channel of x, the first axis. Otherwise all are null.
Normalization normalizationOf(MapOp map) {
  Normalization found;
  mlir::Block &program = map.getBody().front();
  const auto soleUser = [](Value value) { return value.hasOneUse() ? *value.user_begin() : nullptr; };
  llvm::SmallVector<int64_t> channels(sizesOf(map.getResult()).size(), 1);
  if (channels.empty()) return found;
  channels.front() = sizesOf(map.getResult()).front();
  for (auto [operand, inside] : llvm::zip_equal(map->getOpOperands(), program.getArguments())) {
    mlir::BlockArgument statistic = statisticBehind(operand.get());
    if (!statistic) continue;
    mlir::Operation *user = soleUser(inside);
    if (!user || sizesOf(statistic).size() != 1 || sizesOf(operand.get()) != llvm::ArrayRef<int64_t>(channels))
      return {};
    if (is_running_mean(nameOf(statistic))) {
      auto centred = llvm::dyn_cast<mlir::arith::SubFOp>(user);
      auto x = centred ? llvm::dyn_cast<mlir::BlockArgument>(centred.getLhs()) : mlir::BlockArgument();
      if (found.mean || !x || x.getOwner() != &program || centred.getRhs() != inside) return {};
      found.mean = &operand, found.runningMean = statistic, found.x = &map->getOpOperand(x.getArgNumber());
    } else {
      auto sum = llvm::dyn_cast<mlir::arith::AddFOp>(user);
      Value other = !sum ? Value() : sum.getLhs() == inside ? sum.getRhs() : sum.getLhs();
      auto root = sum ? llvm::dyn_cast_if_present<ActivationOp>(soleUser(sum.getResult())) : ActivationOp();
      if (found.variance || !root || root.getFunction() != "rsqrt" || !other.getDefiningOp<mlir::arith::ConstantOp>())
        return {};
      found.variance = &operand, found.runningVariance = statistic;
    }
  }
  if (!found.mean || !found.variance || found.x->get().getType() != map.getType() || isLearned(found.x->get()))
    return {};
  return found;
}

class BatchNormalizer {
 public:
  BatchNormalizer(mlir::func::FuncOp function, BatchSums &sums) : function(function), sums(sums), builder(function) {}

  LogicalResult run() {
    for (MapOp map : llvm::make_early_inc_range(function.getOps<MapOp>())) {
      mlir::BlockArgument statistic;
      for (Value operand : map.getInputs())
        if (mlir::BlockArgument each = statisticBehind(operand)) statistic = each;
      if (!statistic) continue;
      const Normalization found = normalizationOf(map);
      if (!found.mean) return refuse(statistic);
      if (!done.insert(found.runningMean).second || !done.insert(found.runningVariance).second)
        return refuse(found.runningMean);
      normalize(map, found);
    }
    for (mlir::BlockArgument argument : function.getArguments())
      if (isBatchStatistic(argument) && llvm::any_of(argument.getUsers(), [&](mlir::Operation *op) {
            return !llvm::isa<ReshapeOp>(op) ? !own.contains(op) : !op->use_empty();
          }))
        return refuse(argument);
    return mlir::success();
  }

  bool found() const { return !done.empty(); }

 private:
  mlir::func::FuncOp function;
  BatchSums &sums;
  mlir::OpBuilder builder;
  Value samples;                          // their number
  llvm::DenseSet<Value> done;             // statistics
  llvm::DenseSet<mlir::Operation *> own;  // ops that learn running statistics

  LogicalResult refuse(mlir::BlockArgument statistic) {
    mlir::emitError(function.getLoc())
        << "network '" << function.getName() << "' cannot be trained: '" << nameOf(statistic)
        << "' is a statistic of batches, which one batch_norm computes for itself; use batch_norm, give each its own "
           "name, and other parameters a name that does not end in running_mean or running_var";
    return mlir::failure();
  }

  /// Has `op` read the statistics of the batch, which are computed before it, in place of the running ones.
  void normalize(MapOp op, const Normalization &found) {
    Location loc = op.getLoc();
    builder.setInsertionPoint(op);
    if (!samples) {
      auto type = mlir::RankedTensorType::get({1}, builder.getF32Type());
      Value one = builder.create<ConstantOp>(loc, type, mlir::StringAttr(), mlir::DenseElementsAttr::get(type, 1.0f));
      samples = sums.of(one, builder, loc);
    }
    Value x = found.x->get();
    mlir::RankedTensorType channels = typeOf(found.runningMean);
    const double pixels = static_cast<double>(elementsOf(x)) / static_cast<double>(elementsOf(found.runningMean));
    // In the shape in which the op reads the running statistics.
    const auto spread = [&](Value value) -> Value {
      mlir::Type type = found.mean->get().getType();
      return value.getType() == type ? value : builder.create<ReshapeOp>(loc, type, value).getResult();
    };
    // The sum over the batch for each channel.
    const auto total = [&](Value value) {
      const uint32_t axes = (1u << sizesOf(x).size()) - 2;  // all but the first
      return sums.of(axes == 0 ? value : sumAlong(value, axes, /*keepdim=*/false, builder, loc), builder, loc);
    };
    const auto average = [&](Value sum) {
      return createMap(builder, loc, channels, {sum, samples},
                       [&](ScalarBuilder &b, mlir::ValueRange v) { return b.div(v[0], b.mul(v[1], pixels)); });
    };
    Value sum = total(x), mean = spread(average(sum));
    Value squares = createMap(builder, loc, x.getType(), {x, mean}, [](ScalarBuilder &b, mlir::ValueRange v) {
      Value centred = b.sub(v[0], v[1]);
      return b.mul(centred, centred);
    });
    Value sumOfSquares = total(squares), variance = spread(average(sumOfSquares));
    found.mean->set(mean), found.variance->set(variance);

    // Each sample adds its part of the step, momentum * (new - old) / samples. PyTorch's running variance is that of
    // the samples without bias.
    const auto learn = [&](mlir::BlockArgument running, Value total, double without) {
      Value part =
          createMap(builder, loc, channels, {running, total, samples}, [&](ScalarBuilder &b, mlir::ValueRange v) {
            Value all = b.mul(v[2], pixels), count = b.sub(all, b.number(without));
            Value now = b.div(v[1], b.select(b.less(count, 1), b.number(1), count));
            return b.div(b.mul(b.sub(now, v[0]), kMomentum), v[2]);
          });
      own.insert(part.getDefiningOp());
      Value next = sums.into(running, *stateOfArgument(function, running.getArgNumber()), part, builder, loc);
      own.insert(next.getDefiningOp());
    };
    builder.setInsertionPointAfter(op);
    learn(found.runningMean, sum, 0);
    learn(found.runningVariance, sumOfSquares, 1);
  }
};

}  // namespace

LogicalResult normalizeByBatches(mlir::func::FuncOp function, BatchSums &sums) {
  BatchNormalizer normalizer(function, sums);
  if (mlir::failed(normalizer.run())) return mlir::failure();
  if (normalizer.found()) function->setAttr(kWholeBatchAttr, mlir::UnitAttr::get(function.getContext()));
  return mlir::success();
}

}  // namespace inlay::compiler
