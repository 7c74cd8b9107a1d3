// SPDX-License-Identifier: Apache-2.0
// Moves the map after a dense layer into the layer's epilogue.
#include "ScalarProgram.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_FUSEEPILOGUEPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

struct FuseMapIntoDense : mlir::OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(MapOp map, mlir::PatternRewriter &rewriter) const override {
    // A map may read several dense layers, as a residual between two layers does. The layer that is computed last takes
    // the map into its epilogue. The others are complete by then, so the epilogue can read them.
    DenseOp dense;
    for (mlir::Value operand : map.getInputs()) {
      auto candidate = operand.getDefiningOp<DenseOp>();
      if (!candidate || !operand.hasOneUse() || operand.getType() != map.getType()) continue;
      if (!dense || dense->isBeforeInBlock(candidate)) dense = candidate;
    }
    if (!dense)
      return rewriter.notifyMatchFailure(map, "no operand is a dense layer of the same shape that only this map uses");

    auto fused = rewriter.create<DenseOp>(rewriter.getFusedLoc({dense.getLoc(), map.getLoc()}), dense.getType(),
                                          dense.getLayer(), dense.getInput(), dense.getWeight(), dense.getBias(),
                                          mlir::ValueRange(), dense.getZerosAttr());
    ProgramBuilder program(rewriter, fused.getEpilogue(), /*fixed=*/1, fused.getLoc());
    mlir::Value sum = program.getBlock().getArgument(0);
    if (!dense.getEpilogue().empty()) {
      llvm::SmallVector<mlir::Value> arguments = {sum};
      for (mlir::Value extra : dense.getExtras()) arguments.push_back(program.scalarOf(extra));
      sum = program.append(dense.getEpilogue(), arguments);
    }
    llvm::SmallVector<mlir::Value> arguments;
    for (mlir::Value operand : map.getInputs())
      arguments.push_back(operand == dense.getResult() ? sum : program.scalarOf(operand));
    program.yield(program.append(map.getBody(), arguments));
    fused.getExtrasMutable().assign(program.getOperands());
    rewriter.replaceOp(map, fused);
    rewriter.eraseOp(dense);
    return mlir::success();
  }
};

struct FuseEpiloguePass : impl::FuseEpiloguePassBase<FuseEpiloguePass> {
  void runOnOperation() override {
    mlir::RewritePatternSet patterns(&getContext());
    patterns.add<FuseMapIntoDense>(&getContext());
    if (mlir::failed(mlir::applyPatternsAndFoldGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};

}  // namespace
}  // namespace inlay::compiler
