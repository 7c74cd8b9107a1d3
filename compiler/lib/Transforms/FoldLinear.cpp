// SPDX-License-Identifier: Apache-2.0
// Folds scaling, shifting and dense layers into the weights of a dense layer beside them.
#include "Affine.h"
#include "FoldedLayer.h"
#include "Inlay/Transforms/Folding.h"
#include "LinearReport.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_FOLDLINEARPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

using mlir::Value;

/// The most multiply-adds that the product of two layers' weights may take at compile time: a few seconds.
constexpr int64_t kMostWork = int64_t{1} << 35;

/// A constant in the place of `original`, of which it has the name. A layer without bias has none.
Value constantInPlaceOf(Value original, mlir::Operation *layer, llvm::ArrayRef<int64_t> shape,
                        std::vector<double> &&numbers, mlir::PatternRewriter &rewriter) {
  auto source = original ? original.getDefiningOp<ConstantOp>() : ConstantOp();
  return createConstant(rewriter, source ? source.getLoc() : layer->getLoc(),
                        source ? source.getNameAttr() : mlir::StringAttr(), shape,
                        computedIn(layer, Numbers(std::move(numbers))));
}

/// `like` with another name, input and weights.
DenseOp createDense(DenseOp like, llvm::StringRef name, Value input, mlir::StringAttr zeros, Linear &&linear,
                    mlir::PatternRewriter &rewriter) {
  const auto outputs = static_cast<int64_t>(linear.outputs), inputs = static_cast<int64_t>(linear.inputs);
  Value weight = constantInPlaceOf(like.getWeight(), like, {outputs, inputs}, std::move(linear.weight), rewriter);
  Value bias = constantInPlaceOf(like.getBias(), like, {outputs}, std::move(linear.bias), rewriter);
  return rewriter.create<DenseOp>(like.getLoc(), like.getType(), name, input, weight, bias, like.getExtras(), zeros);
}

/// Puts `folded` in the place of `dense`, with its epilogue.
mlir::LogicalResult replace(DenseOp dense, DenseOp folded, mlir::PatternRewriter &rewriter) {
  rewriter.inlineRegionBefore(dense.getEpilogue(), folded.getEpilogue(), folded.getEpilogue().end());
  rewriter.replaceOp(dense, folded);
  return mlir::success();
}

/// The normalisation of a layer's input: W (a x + c) + b = (W a) x + (W c + b).
struct FoldIntoNextDense : mlir::OpRewritePattern<DenseOp> {
  FoldIntoNextDense(mlir::MLIRContext *context, bool bf16) : OpRewritePattern(context), bf16(bf16) {}

  mlir::LogicalResult matchAndRewrite(DenseOp dense, mlir::PatternRewriter &rewriter) const override {
    auto map = dense.getInput().getDefiningOp<MapOp>();
    if (!map || !map->hasOneUse()) return rewriter.notifyMatchFailure(dense, "no map that only this layer reads");
    const auto isVariable = [](Value operand) { return !operand.getDefiningOp<ConstantOp>(); };
    const auto variable = llvm::find_if(map.getInputs(), isVariable);
    if (llvm::count_if(map.getInputs(), isVariable) != 1 || (*variable).getType() != map.getType())
      return rewriter.notifyMatchFailure(dense, "the map has more than one operand, or broadcasts it");
    const auto index = static_cast<unsigned>(variable - map.getInputs().begin());
    const auto known = affineScalars(map, map.getBody().getArgument(index));
    const auto change = known.find(llvm::cast<YieldOp>(map.getBody().front().getTerminator()).getValue());
    if (change == known.end() || change->second.isConstant())
      return rewriter.notifyMatchFailure(dense, "the map does more than scale and shift");
    std::optional<Linear> linear = linearOf(dense);
    if (!linear) return rewriter.notifyMatchFailure(dense, "the weights are not constant");
    FoldedLayer folded = foldScaledInput(*linear, *change->second.scale, change->second.shift, bf16);
    if (!folded) return rewriter.notifyMatchFailure(dense, folded.objection);
    return replace(
        dense, createDense(dense, dense.getLayer(), *variable, dense.getZerosAttr(), std::move(folded.layer), rewriter),
        rewriter);
  }

 private:
  bool bf16;
};

/// Batch norm after a dense layer or a convolution: a (W x + b) + c = (a W) x + (a b + c). What the map does besides
/// stays in it.
struct FoldIntoPreviousLayer : mlir::OpRewritePattern<MapOp> {
  FoldIntoPreviousLayer(mlir::MLIRContext *context, bool bf16) : OpRewritePattern(context), bf16(bf16) {}

  mlir::LogicalResult matchAndRewrite(MapOp map, mlir::PatternRewriter &rewriter) const override {
    const auto found = llvm::find_if(map.getInputs(), [&](Value operand) {
      auto layer = operand.getDefiningOp<EpilogueOp>();
      return layer && weightsOf(layer).first && layer->hasOneUse() && layer.getProgram().empty() &&
             operand.getType() == map.getType();
    });
    if (found == map.getInputs().end())
      return rewriter.notifyMatchFailure(map, "no layer without epilogue that only this map reads");
    auto layer = (*found).getDefiningOp<EpilogueOp>();
    const llvm::SmallVector<int64_t> frame = constantFrame(map);
    if (llvm::any_of(llvm::drop_begin(frame), [](int64_t size) { return size != 1; }))
      return rewriter.notifyMatchFailure(map, "the constants differ between the pixels of a channel");
    Value sum = map.getBody().getArgument(static_cast<unsigned>(found - map.getInputs().begin()));
    const auto known = affineScalars(map, sum);
    const auto isAffine = [&](Value value) {
      const auto scalar = known.find(value);
      return scalar != known.end() && !scalar->second.isConstant();
    };
    // The chain of affine scalars that starts with the sum. Each has only one reader, except perhaps the last.
    llvm::SmallVector<Value> chain;
    for (Value last = sum; last.hasOneUse();) {
      mlir::Operation *reader = *last.user_begin();
      if (reader->getNumResults() != 1 || !isAffine(reader->getResult(0))) break;
      chain.push_back(last = reader->getResult(0));
    }
    if (chain.empty()) return rewriter.notifyMatchFailure(map, "the map does not scale or shift the layer's sum");
    std::optional<Linear> linear = linearOf(layer);
    if (!linear) return rewriter.notifyMatchFailure(map, "the weights are not constant");
    // Folds as much of the chain as the rounding error permits.
    for (Value last : llvm::reverse(chain)) {
      const Affine &change = known.find(last)->second;
      FoldedLayer folded = foldScaledResult(*linear, *change.scale, change.shift, bf16);
      if (!folded) continue;
      mlir::OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPoint(layer);
      mlir::Operation *replacement = withWeights(layer, std::move(folded.layer), rewriter);
      rewriter.replaceAllUsesWith(last, sum);
      rewriter.replaceOp(layer, replacement);
      return mlir::success();
    }
    return rewriter.notifyMatchFailure(map, "the rounding error would be much larger");
  }

 private:
  bool bf16;

  /// A copy of `layer` with other numbers as weight and bias.
  static mlir::Operation *withWeights(mlir::Operation *layer, Linear &&linear, mlir::PatternRewriter &rewriter) {
    const auto [weight, bias] = weightsOf(layer);
    Value newWeight = constantInPlaceOf(weight, layer, sizesOf(weight), std::move(linear.weight), rewriter);
    Value newBias =
        constantInPlaceOf(bias, layer, {static_cast<int64_t>(linear.outputs)}, std::move(linear.bias), rewriter);
    mlir::Operation *copy = rewriter.clone(*layer);
    llvm::TypeSwitch<mlir::Operation *>(copy).Case<DenseOp, Conv2dOp, ConvTranspose2dOp>([&](auto op) {
      op.getWeightMutable().assign(newWeight);
      op.getBiasMutable().assign(newBias);
    });
    return copy;
  }
};

/// Two linear layers are one: W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2).
struct FoldDense : mlir::OpRewritePattern<DenseOp> {
  /// Why pairs stay two layers, by their second layer.
  using Reasons = llvm::DenseMap<mlir::Operation *, std::string>;

  FoldDense(mlir::MLIRContext *context, bool bf16, LinearReport &report, Reasons &reasons)
      : OpRewritePattern(context), bf16(bf16), report(report), reasons(reasons) {}

  mlir::LogicalResult matchAndRewrite(DenseOp second, mlir::PatternRewriter &rewriter) const override {
    reasons.erase(second);
    const std::optional<LinearPair> pair = LinearPair::endingWith(second);
    if (!pair || !pair->first->hasOneUse())
      return rewriter.notifyMatchFailure(second, "no dense layer without epilogue that only this layer reads");
    if (!pair->isWorthFolding()) return rewriter.notifyMatchFailure(second, "one layer would be more work than both");
    DenseOp first = pair->first;
    const auto keep = [&](std::string reason) {
      reasons[second] = reason;
      return rewriter.notifyMatchFailure(second, reason);
    };
    if (pair->middle > kMostWork / (pair->inputs * pair->outputs))
      return keep("multiplying their weights would take too long");
    std::optional<Linear> a = linearOf(first), b = linearOf(second);
    if (!a || !b) return keep("not all weights are constants");
    FoldedLayer product = foldPair(*a, *b, bf16);
    if (!product) return keep(product.objection);
    const std::string name = (first.getLayer() + "+" + second.getLayer()).str();
    report.folded(*pair);
    return replace(
        second, createDense(second, name, first.getInput(), first.getZerosAttr(), std::move(product.layer), rewriter),
        rewriter);
  }

 private:
  bool bf16;
  LinearReport &report;
  Reasons &reasons;
};

struct FoldLinearPass : impl::FoldLinearPassBase<FoldLinearPass> {
  FoldLinearPass() = default;
  FoldLinearPass(const FoldLinearPass &other) : FoldLinearPassBase(other) {}

  Option<bool> bf16Weights{*this, "bf16-weights", llvm::cl::desc("weights of layers will be stored as bf16"),
                           llvm::cl::init(false)};

  void runOnOperation() override {
    LinearReport report;
    FoldDense::Reasons reasons;
    mlir::RewritePatternSet after(&getContext()), before(&getContext());
    after.add<FoldIntoPreviousLayer>(&getContext(), bf16Weights);
    after.add<FoldDense>(&getContext(), bf16Weights, report, reasons);
    before.add<FoldIntoNextDense>(&getContext(), bf16Weights);
    const mlir::FrozenRewritePatternSet frozenAfter(std::move(after)), frozenBefore(std::move(before));
    // The shift of a layer's input goes into a bias that is computed from the weights as they are stored. So everything
    // that changes the weights comes first.
    for (bool changed = true; changed;) {
      changed = false;
      if (mlir::failed(mlir::applyPatternsAndFoldGreedily(getOperation(), frozenAfter)) ||
          mlir::failed(mlir::applyPatternsAndFoldGreedily(getOperation(), frozenBefore, {}, &changed)))
        return signalPassFailure();
    }
    for (DenseOp dense : getOperation().getOps<DenseOp>())
      if (const std::optional<LinearPair> pair = LinearPair::endingWith(dense))
        report.kept(*pair, reasons.lookup(dense));
    report.emit();
  }
};

}  // namespace

std::unique_ptr<mlir::Pass> createFoldLinearPass(bool bf16Weights) {
  auto pass = std::make_unique<FoldLinearPass>();
  pass->bf16Weights = bf16Weights;
  return pass;
}

}  // namespace inlay::compiler
