// SPDX-License-Identifier: Apache-2.0
// Reductions: sums, means, extremes and their places, over any axes.
#include "Ops/ReductionNest.h"
#include "inlay/ops/reduce.hpp"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;
using ops::reduction;
using State = ReductionNest::State;

namespace {

class ReduceEmitter {
 public:
  ReduceEmitter(ReduceOp op, KernelContext &context, ViewLookup views)
      : context(context),
        builder(context.builder),
        loc(op.getLoc()),
        kind(static_cast<reduction>(op.getKind())),
        source(views(op.getInput())),
        target(views(op.getResult())),
        nest(loc, context, axesOf(op, source.line), /*operands=*/2) {
    if (!nest.isOneGroup())
      target.padded = false;  // behind a group's last vector lies the next group, or another value
  }

  void run() {
    const int64_t lanes = nest.getLanes();
    context.forEachRow(loc, [&](Value row) {
      nest.forEachRuns([&](const ReductionNest::Runs &runs) {
        const auto step = [&](State &state, const ReductionNest::Element &element) { take(state, row, element); };
        const auto combine = [&](State &into, const State &from) { join(into, from); };
        for (auto [i, state] : llvm::enumerate(nest.reduce(runs, initial(), step, combine))) {
          Value first = context.plus(loc, runs.starts[1], static_cast<int64_t>(i) * lanes), all = finish(state);
          if (nest.isAcross()) {
            context.store(loc, target, row, first, all, std::min(lanes, runs.live - static_cast<int64_t>(i) * lanes));
          } else {
            Value one = builder.create<vector::ExtractOp>(loc, all, 0);
            builder.create<mlir::memref::StoreOp>(loc, one, target.memory, context.address(loc, target, row, first));
          }
        }
      });
    });
  }

 private:
  KernelContext &context;
  mlir::OpBuilder &builder;
  Location loc;
  const reduction kind;
  RowView source, target;
  ReductionNest nest;

  /// The operand's axes, with their strides in the operand, whose lines may lie apart, and in the result.
  static llvm::SmallVector<NestAxis> axesOf(ReduceOp op, int64_t line) {
    llvm::SmallVector<NestAxis> axes;
    int64_t stride = 1, kept = 1;
    llvm::ArrayRef<int64_t> sizes = sizesOf(op.getInput());
    for (size_t axis = sizes.size(); axis-- > 0; stride *= sizes[axis]) {
      const bool reduced = (op.getAxes() >> axis & 1) != 0;
      if (axis == 0 && line != 0) stride = line;
      axes.push_back({sizes[axis], reduced, {stride, reduced ? 0 : kept}});
      if (!reduced) kept *= sizes[axis];
    }
    std::reverse(axes.begin(), axes.end());
    return axes;
  }

  mlir::VectorType places() const { return mlir::VectorType::get({nest.getLanes()}, builder.getI32Type()); }
  Value splat(int32_t number) {
    return builder.create<arith::ConstantOp>(loc, mlir::DenseElementsAttr::get(places(), number));
  }
  Value compare(arith::CmpFPredicate predicate, Value a, Value b) {
    return builder.create<arith::CmpFOp>(loc, predicate, a, b);
  }
  Value select(Value condition, Value yes, Value no) {
    return builder.create<arith::SelectOp>(loc, condition, yes, no);
  }
  Value either(Value a, Value b) { return builder.create<arith::OrIOp>(loc, a, b); }
  Value both(Value a, Value b) { return builder.create<arith::AndIOp>(loc, a, b); }
  Value isNan(Value x) { return compare(arith::CmpFPredicate::UNO, x, x); }
  Value isNumber(Value x) { return compare(arith::CmpFPredicate::ORD, x, x); }

  State initial() {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const int64_t lanes = nest.getLanes();
    switch (kind) {
      case reduction::sum:
      case reduction::mean: return {context.splat(loc, 0, lanes)};
      case reduction::amax: return {context.splat(loc, -kInfinity, lanes)};
      case reduction::amin: return {context.splat(loc, kInfinity, lanes)};
      case reduction::argmax: return {context.splat(loc, -kInfinity, lanes), splat(0)};
    }
    llvm_unreachable("not a reduction");
  }

  /// Dead lanes repeat a live one. That changes no extreme; and its place only to one behind the live one's, which is
  /// in another lane.
  void take(State &state, Value row, const ReductionNest::Element &element) {
    const int64_t lanes = nest.getLanes();
    State taken = {context.load(loc, source, row, element.place, lanes, element.live)};
    if (kind == reduction::argmax) {
      Value number = builder.create<arith::IndexCastOp>(loc, builder.getI32Type(), element.number);
      Value all = builder.create<vector::BroadcastOp>(loc, places(), number);
      if (!nest.isAcross()) {
        llvm::SmallVector<int32_t> each;
        for (int32_t lane = 0; lane < lanes; ++lane) each.push_back(lane);
        Value ascending =
            builder.create<arith::ConstantOp>(loc, mlir::DenseElementsAttr::get(places(), llvm::ArrayRef(each)));
        all = builder.create<arith::AddIOp>(loc, all, ascending);
      }
      taken.push_back(all);
      // Later elements of a chain have higher numbers, so an equal one changes nothing.
      const Value x = taken[0], best = state[0];
      Value further = either(compare(arith::CmpFPredicate::OGT, x, best), both(isNan(x), isNumber(best)));
      state = {select(further, x, best), select(further, taken[1], state[1])};
      return;
    }
    if (!nest.isAcross() && (kind == reduction::sum || kind == reduction::mean))
      taken[0] = context.fillDead(loc, taken[0], element.live, 0);
    join(state, taken);
  }

  void join(State &into, const State &from) {
    const Value a = into[0], b = from[0];
    switch (kind) {
      case reduction::sum:
      case reduction::mean: into[0] = builder.create<arith::AddFOp>(loc, a, b); return;
      case reduction::amax:
      case reduction::amin: {
        // A NaN on the left stays, because it compares as no; one on the right is taken.
        const auto order = kind == reduction::amax ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
        into[0] = select(isNan(b), b, select(compare(order, b, a), b, a));
        return;
      }
      case reduction::argmax: {
        Value lower = builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, from[1], into[1]);
        Value equal = either(compare(arith::CmpFPredicate::OEQ, a, b), both(isNan(a), isNan(b)));
        Value further = either(compare(arith::CmpFPredicate::OGT, b, a), both(isNan(b), isNumber(a)));
        Value takes = either(further, both(equal, lower));
        into = {select(takes, b, a), select(takes, from[1], into[1])};
        return;
      }
    }
  }

  Value finish(const State &state) {
    const int64_t lanes = nest.getLanes();
    if (kind == reduction::argmax) return builder.create<arith::SIToFPOp>(loc, context.vectorType(lanes), state[1]);
    if (kind != reduction::mean) return state[0];
    return builder.create<arith::DivFOp>(loc, state[0],
                                         context.splat(loc, static_cast<float>(nest.getLength()), lanes));
  }
};

}  // namespace

void emitReduce(ReduceOp op, KernelContext &context, ViewLookup views) { ReduceEmitter(op, context, views).run(); }

}  // namespace inlay::compiler
