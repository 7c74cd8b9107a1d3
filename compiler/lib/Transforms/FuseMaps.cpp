// SPDX-License-Identifier: Apache-2.0
// Merges a pointwise map into the only map that uses it.
#include "ScalarProgram.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_FUSEMAPSPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

struct FuseProducerMap : mlir::OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(MapOp consumer, mlir::PatternRewriter &rewriter) const override {
    auto fusible = [&](mlir::Value operand) {
      // A producer with a second reader would be computed twice. A producer of one element would be computed for every
      // element.
      auto producer = operand.getDefiningOp<MapOp>();
      return producer && operand.hasOneUse() && operand.getType() == consumer.getType();
    };
    auto found = llvm::find_if(consumer.getInputs(), fusible);
    if (found == consumer.getInputs().end())
      return rewriter.notifyMatchFailure(consumer, "no operand is a map of the same shape that only this map uses");
    auto producer = (*found).getDefiningOp<MapOp>();

    auto fused = rewriter.create<MapOp>(rewriter.getFusedLoc({producer.getLoc(), consumer.getLoc()}),
                                        consumer.getType(), mlir::ValueRange());
    ProgramBuilder program(rewriter, fused.getBody(), /*fixed=*/0, fused.getLoc());
    llvm::SmallVector<mlir::Value> inner, outer;
    for (mlir::Value operand : producer.getInputs()) inner.push_back(program.scalarOf(operand));
    mlir::Value between = program.append(producer.getBody(), inner);
    for (mlir::Value operand : consumer.getInputs())
      outer.push_back(operand == *found ? between : program.scalarOf(operand));
    program.yield(program.append(consumer.getBody(), outer));
    fused.getInputsMutable().assign(program.getOperands());
    rewriter.replaceOp(consumer, fused);
    rewriter.eraseOp(producer);
    return mlir::success();
  }
};

struct FuseMapsPass : impl::FuseMapsPassBase<FuseMapsPass> {
  void runOnOperation() override {
    mlir::RewritePatternSet patterns(&getContext());
    patterns.add<FuseProducerMap>(&getContext());
    if (mlir::failed(mlir::applyPatternsAndFoldGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};

}  // namespace
}  // namespace inlay::compiler
