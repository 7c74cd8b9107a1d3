// SPDX-License-Identifier: Apache-2.0
// Softmax over the last dimension: maximum, exponentials and their sum, division.
#include "KernelContext.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;

namespace {

/// Folds `elements` into one vector: `step` combines the running value with each vector of the row.
Value accumulate(Location loc, KernelContext &context, int64_t elements, Value initial,
                 llvm::function_ref<Value(Value running, Value column, int64_t live)> step) {
  mlir::OpBuilder &builder = context.builder;
  const int64_t lanes = context.features.lanes, whole = elements / lanes * lanes;
  Value running = initial;
  if (whole == lanes) {
    running = step(running, context.index(0, loc), lanes);
  } else if (whole > 0) {
    auto loop = builder.create<mlir::scf::ForOp>(loc, context.index(0, loc), context.index(whole, loc),
                                                 context.index(lanes, loc), mlir::ValueRange(running));
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    Value next = step(loop.getRegionIterArg(0), loop.getInductionVar(), lanes);
    builder.create<mlir::scf::YieldOp>(loc, next);
    running = loop.getResult(0);
  }
  if (whole < elements) running = step(running, context.index(whole, loc), elements - whole);
  return running;
}

}  // namespace

void emitSoftmax(SoftmaxOp op, KernelContext &context, ViewLookup views) {
  Location loc = op.getLoc();
  mlir::OpBuilder &builder = context.builder;
  const int64_t lanes = context.features.lanes;
  auto type = llvm::cast<mlir::RankedTensorType>(op.getType());
  const int64_t length = type.getShape().back(), groups = type.getNumElements() / length;
  constexpr float kLowest = -std::numeric_limits<float>::infinity();

  context.forEachRow(loc, [&](Value row) {
    context.forEach(loc, groups, 1, [&](Value group) {
      RowView source = views(op.getInput()), target = views(op.getResult());
      if (groups > 1) target.padded = false;  // the next group follows directly
      Value start = builder.createOrFold<arith::MulIOp>(loc, group, context.index(length, loc));
      auto at = [&](Value column) -> Value { return builder.createOrFold<arith::AddIOp>(loc, start, column); };

      Value highest = accumulate(loc, context, length, context.splat(loc, kLowest, lanes),
                                 [&](Value running, Value column, int64_t live) -> Value {
                                   Value x = context.load(loc, source, row, at(column), lanes, live, kLowest);
                                   x = context.fillDead(loc, x, live, kLowest);
                                   return builder.create<arith::MaximumFOp>(loc, running, x);
                                 });
      Value maximum = builder.create<vector::ReductionOp>(loc, vector::CombiningKind::MAXIMUMF, highest);
      Value maximums = context.broadcast(loc, maximum, lanes);

      const bool logarithm = op.getLogarithm();
      auto shift = [&](Value column, int64_t live) -> Value {
        return builder.create<arith::SubFOp>(loc, context.load(loc, source, row, at(column), lanes, live), maximums);
      };
      Value sums =
          accumulate(loc, context, length, context.splat(loc, 0.0f, lanes),
                     [&](Value running, Value column, int64_t live) -> Value {
                       Value e = emitExp(shift(column, live), builder, loc, context.features);
                       if (!logarithm) context.store(loc, target, row, at(column), e, live);
                       return builder.create<arith::AddFOp>(loc, running, context.fillDead(loc, e, live, 0.0f));
                     });
      // Lanes are added pairwise, which is both faster and more exact than one after the other.
      auto fastmath = arith::FastMathFlags::reassoc;
      Value sum = builder.create<vector::ReductionOp>(loc, vector::CombiningKind::ADD, sums, fastmath);
      Value sumOfAll = context.broadcast(loc, sum, lanes);
      if (logarithm) sumOfAll = emitLog(sumOfAll, builder, loc, context.features);

      context.forEachVector(loc, length, [&](Value column, int64_t live) {
        Value y;
        if (logarithm)
          y = builder.create<arith::SubFOp>(loc, shift(column, live), sumOfAll);
        else
          y = builder.create<arith::DivFOp>(loc, context.load(loc, target, row, at(column), lanes, live), sumOfAll);
        context.store(loc, target, row, at(column), y, live);
      });
    });
  });
}

}  // namespace inlay::compiler
