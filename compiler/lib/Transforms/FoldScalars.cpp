// SPDX-License-Identifier: Apache-2.0
// Computes what depends on constants alone inside of maps, and stores a repeated number only once.
#include "Affine.h"
#include "FoldedLayer.h"
#include "Inlay/Dialect/ArgumentWeights.h"
#include "Inlay/Transforms/Folding.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_FOLDSCALARSPASS
#include "Inlay/Transforms/Folding.h.inc"

namespace {

using mlir::Value;

Value createLiteral(mlir::PatternRewriter &rewriter, mlir::Block &body, mlir::Location loc, double number) {
  mlir::OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(&body);
  return rewriter.create<mlir::arith::ConstantOp>(loc, rewriter.getF32FloatAttr(static_cast<float>(number)));
}

/// A scalar of a map's program that depends on constants alone, such as 1 / sqrt(variance + eps), becomes a constant
/// operand, or a literal if it is the same for all elements.
struct FoldConstantScalars : mlir::OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(MapOp map, mlir::PatternRewriter &rewriter) const override {
    const auto known = affineScalars(map, {});
    mlir::Block &body = map.getBody().front();
    for (mlir::Operation &op : body.without_terminator()) {
      if (llvm::isa<mlir::arith::ConstantOp>(op) || !op.getResult(0).getType().isF32()) continue;
      Value scalar = op.getResult(0);
      const auto found = known.find(scalar);
      const bool last = llvm::any_of(op.getUsers(), [&](mlir::Operation *user) {
        return user->getNumResults() == 0 || !known.contains(user->getResult(0));
      });
      if (found == known.end() || !last) continue;
      const Numbers &numbers = found->second.shift;
      if (numbers.isSplat()) {
        rewriter.replaceAllUsesWith(scalar, createLiteral(rewriter, body, op.getLoc(), numbers[0]));
        return mlir::success();
      }
      Value constant = createConstant(rewriter, op.getLoc(), {}, constantFrame(map), computedIn(map, numbers));
      rewriter.modifyOpInPlace(map, [&] {
        map.getInputsMutable().append(constant);
        rewriter.replaceAllUsesWith(scalar, body.addArgument(rewriter.getF32Type(), op.getLoc()));
      });
      return mlir::success();
    }
    return rewriter.notifyMatchFailure(map, "nothing is made of constants alone");
  }
};

/// A constant operand whose elements are equal becomes a literal in the program. One operand always stays.
struct UseLiterals : mlir::OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(MapOp map, mlir::PatternRewriter &rewriter) const override {
    mlir::Block &body = map.getBody().front();
    for (auto [operand, argument] : llvm::zip_equal(map.getInputs(), body.getArguments())) {
      if (argument.use_empty() || body.getNumArguments() == 1) continue;
      std::optional<mlir::FloatAttr> number = repeatedNumber(operand);
      if (!number) continue;
      rewriter.replaceAllUsesWith(argument,
                                  createLiteral(rewriter, body, operand.getLoc(), number->getValueAsDouble()));
      return mlir::success();
    }
    return rewriter.notifyMatchFailure(map, "no operand repeats one number");
  }

  static std::optional<mlir::FloatAttr> repeatedNumber(Value value) {
    auto constant = value.getDefiningOp<ConstantOp>();
    auto elements = constant ? llvm::dyn_cast<mlir::DenseElementsAttr>(constant.getValue()) : nullptr;
    if (!elements || !elements.isSplat() || !elements.getElementType().isF32()) return std::nullopt;
    if (readsParameters(constant)) return std::nullopt;
    return elements.getSplatValue<mlir::FloatAttr>();
  }
};

/// A constant of at least this many equal elements is written at run time instead of being stored in the object.
constexpr int64_t kLargeConstant = 4096;

/// A large constant of equal elements becomes a map that repeats one number. Layers keep it as a constant, because they
/// pack their weights.
void repeatAtRunTime(ConstantOp constant, mlir::IRRewriter &rewriter) {
  std::optional<mlir::FloatAttr> number = UseLiterals::repeatedNumber(constant);
  if (!number || elementsOf(constant) < kLargeConstant) return;
  const auto isWeight = [](mlir::OpOperand &use) {
    const auto [weight, bias] = weightsOf(use.getOwner());
    return use.get() == weight || use.get() == bias;
  };
  if (llvm::all_of(constant->getUses(), isWeight)) return;
  mlir::Location loc = constant.getLoc();
  rewriter.setInsertionPointAfter(constant);
  auto one = mlir::RankedTensorType::get({1}, rewriter.getF32Type());
  Value source =
      rewriter.create<ConstantOp>(loc, one, constant.getNameAttr(), mlir::DenseElementsAttr::get(one, *number));
  auto repeated = rewriter.create<MapOp>(loc, constant.getType(), source);
  {
    mlir::OpBuilder::InsertionGuard guard(rewriter);
    mlir::Block *body = rewriter.createBlock(&repeated.getBody(), {}, {rewriter.getF32Type()}, {loc});
    rewriter.create<YieldOp>(loc, body->getArgument(0));
  }
  rewriter.replaceUsesWithIf(constant.getResult(), repeated.getResult(),
                             [&](mlir::OpOperand &use) { return !isWeight(use); });
}

struct FoldScalarsPass : impl::FoldScalarsPassBase<FoldScalarsPass> {
  void runOnOperation() override {
    mlir::RewritePatternSet patterns(&getContext());
    patterns.add<FoldConstantScalars, UseLiterals>(&getContext());
    if (mlir::failed(mlir::applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    mlir::IRRewriter rewriter(&getContext());
    for (ConstantOp constant : llvm::make_early_inc_range(getOperation().getOps<ConstantOp>()))
      repeatAtRunTime(constant, rewriter);
  }
};

}  // namespace
}  // namespace inlay::compiler
