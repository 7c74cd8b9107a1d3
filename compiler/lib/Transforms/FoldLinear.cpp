// SPDX-License-Identifier: Apache-2.0
// Folds scaling, shifting and dense layers into the weights of a dense layer beside them.
#include <cmath>
#include <map>

#include "Affine.h"
#include "ScalarProgram.h"
#include "llvm/Support/FormatVariadic.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_FOLDLINEARPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

using mlir::Value;

/// Largest constant, in units of the normalised input, that a normalisation may subtract and still be folded: x - mean
/// has no rounding error where x is near the mean, while weight * x - weight * mean has up to this factor of it.
constexpr double kLargestShift = 64;

/// The weights of a dense layer, in double; the bias is 0 where there is none.
struct Linear {
  int64_t outputs, inputs;
  Numbers weight, bias;
};

std::optional<Linear> linearOf(DenseOp dense) {
  std::optional<Numbers> weight = numbersOf(dense.getWeight());
  const int64_t outputs = elementsOf(dense.getResult());
  std::optional<Numbers> bias = Numbers(static_cast<size_t>(outputs), 0.0);
  if (dense.getBias()) bias = numbersOf(dense.getBias());
  if (!weight || !bias) return std::nullopt;
  return Linear{outputs, elementsOf(dense.getInput()), std::move(*weight), std::move(*bias)};
}

/// `like` with another name, input and weights. Null where a weight is not finite: the folding would make other NaN
/// and infinities of it.
DenseOp createDense(DenseOp like, llvm::StringRef name, Value input, mlir::StringAttr zeros, const Linear &linear,
                    mlir::PatternRewriter &rewriter) {
  const auto finite = [](double each) { return std::isfinite(static_cast<float>(each)); };
  if (!llvm::all_of(linear.weight, finite) || !llvm::all_of(linear.bias, finite)) return {};
  const auto constant = [&](llvm::ArrayRef<int64_t> shape, const Numbers &numbers, Value original) -> Value {
    auto source = original ? original.getDefiningOp<ConstantOp>() : ConstantOp();
    return createConstant(rewriter, source ? source.getLoc() : like.getLoc(),
                          source ? source.getNameAttr() : mlir::StringAttr(), shape, numbers);
  };
  Value weight = constant({linear.outputs, linear.inputs}, linear.weight, like.getWeight());
  Value bias = constant({linear.outputs}, linear.bias, like.getBias());
  return rewriter.create<DenseOp>(like.getLoc(), like.getType(), name, input, weight, bias, like.getExtras(), zeros);
}

/// Puts `folded` in the place of `dense`, with its epilogue.
mlir::LogicalResult replace(DenseOp dense, DenseOp folded, mlir::PatternRewriter &rewriter) {
  if (!folded) return rewriter.notifyMatchFailure(dense, "a folded weight is not finite");
  rewriter.inlineRegionBefore(dense.getEpilogue(), folded.getEpilogue(), folded.getEpilogue().end());
  rewriter.replaceOp(dense, folded);
  return mlir::success();
}

/// The normalisation of a layer's input: W (a x + c) + b = (W a) x + (W c + b).
struct FoldIntoNextDense : mlir::OpRewritePattern<DenseOp> {
  using OpRewritePattern::OpRewritePattern;

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
    const auto &[scale, shift] = change->second;
    if (!llvm::all_of(shift, [](double each) { return std::abs(each) <= kLargestShift; }))
      return rewriter.notifyMatchFailure(dense, "the map subtracts too much");
    std::optional<Linear> linear = linearOf(dense);
    if (!linear) return rewriter.notifyMatchFailure(dense, "the weights are not constant");
    for (size_t n = 0; n < linear->bias.size(); ++n)
      for (size_t k = 0; k < scale.size(); ++k) {
        double &weight = linear->weight[n * scale.size() + k];
        linear->bias[n] += weight * shift[k];
        weight *= scale[k];
      }
    return replace(dense, createDense(dense, dense.getLayer(), *variable, dense.getZerosAttr(), *linear, rewriter),
                   rewriter);
  }
};

/// Batch norm after a layer: a (W x + b) + c = (a W) x + (a b + c). What the map does besides stays in it.
struct FoldIntoPreviousDense : mlir::OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(MapOp map, mlir::PatternRewriter &rewriter) const override {
    const auto found = llvm::find_if(map.getInputs(), [&](Value operand) {
      auto dense = operand.getDefiningOp<DenseOp>();
      return dense && dense->hasOneUse() && dense.getEpilogue().empty() && operand.getType() == map.getType();
    });
    if (found == map.getInputs().end())
      return rewriter.notifyMatchFailure(map, "no dense layer without epilogue that only this map reads");
    auto dense = (*found).getDefiningOp<DenseOp>();
    Value sum = map.getBody().getArgument(static_cast<unsigned>(found - map.getInputs().begin()));
    const auto known = affineScalars(map, sum);
    const auto isAffine = [&](Value value) {
      const auto scalar = known.find(value);
      return scalar != known.end() && !scalar->second.isConstant();
    };
    // The last affine scalar of a chain that starts with the sum and has no other reader on its way.
    Value last = sum;
    while (last.hasOneUse()) {
      mlir::Operation *reader = *last.user_begin();
      if (reader->getNumResults() != 1 || !isAffine(reader->getResult(0))) break;
      last = reader->getResult(0);
    }
    if (last == sum) return rewriter.notifyMatchFailure(map, "the map does not scale or shift the layer's sum");
    std::optional<Linear> linear = linearOf(dense);
    if (!linear) return rewriter.notifyMatchFailure(map, "the weights are not constant");
    const auto &[scale, shift] = known.find(last)->second;
    const auto inputs = static_cast<size_t>(linear->inputs);
    for (size_t n = 0; n < scale.size(); ++n) {
      for (size_t k = 0; k < inputs; ++k) linear->weight[n * inputs + k] *= scale[n];
      linear->bias[n] = linear->bias[n] * scale[n] + shift[n];
    }
    mlir::OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(dense);
    DenseOp folded = createDense(dense, dense.getLayer(), dense.getInput(), dense.getZerosAttr(), *linear, rewriter);
    if (!folded) return rewriter.notifyMatchFailure(map, "a folded weight is not finite");
    rewriter.replaceAllUsesWith(last, sum);
    rewriter.replaceOp(dense, folded);
    return mlir::success();
  }
};

/// What only constants make in a map's program becomes a constant operand: 1 / sqrt(variance + eps).
struct FoldConstantScalars : mlir::OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(MapOp map, mlir::PatternRewriter &rewriter) const override {
    const auto known = affineScalars(map, {});
    for (mlir::Operation &op : map.getBody().front().without_terminator()) {
      if (llvm::isa<mlir::arith::ConstantOp>(op)) continue;
      Value scalar = op.getResult(0);
      const auto found = known.find(scalar);
      const bool last = llvm::any_of(op.getUsers(), [&](mlir::Operation *user) {
        return user->getNumResults() == 0 || !known.contains(user->getResult(0));
      });
      if (found == known.end() || !last) continue;
      Value constant = createConstant(
          rewriter, op.getLoc(), {}, llvm::cast<mlir::RankedTensorType>(map.getType()).getShape(), found->second.shift);
      rewriter.modifyOpInPlace(map, [&] {
        map.getInputsMutable().append(constant);
        rewriter.replaceAllUsesWith(scalar, map.getBody().addArgument(rewriter.getF32Type(), op.getLoc()));
      });
      return mlir::success();
    }
    return rewriter.notifyMatchFailure(map, "nothing is made of constants alone");
  }
};

/// Two dense layers with nothing nonlinear between them.
struct LinearPair {
  DenseOp first, second;
  int64_t inputs, middle, outputs;

  static std::optional<LinearPair> endingWith(DenseOp second) {
    auto first = second.getInput().getDefiningOp<DenseOp>();
    if (!first || !first.getEpilogue().empty()) return std::nullopt;
    return LinearPair{first, second, elementsOf(first.getInput()), elementsOf(first.getResult()),
                      elementsOf(second.getResult())};
  }
  int64_t work() const { return inputs * middle + middle * outputs; }
  int64_t workOfOne() const { return inputs * outputs; }
  bool isWorthFolding() const { return workOfOne() < work(); }
};

/// What the user is told of the linear layers of a network.
class LinearReport {
 public:
  void folded(LinearPair pair) {
    add(pair, llvm::formatv(", which takes {0} multiply-adds instead of {1}: inlayc makes one layer of them, whose "
                            "weights are multiplied in double and rounded once; results differ by rounding. If both "
                            "are meant to count, put an activation between them",
                            pair.workOfOne(), pair.work()));
  }
  void kept(LinearPair pair) {
    const std::string reason =
        !pair.isWorthFolding()
            ? llvm::formatv("one would take {0} multiply-adds instead of {1}", pair.workOfOne(), pair.work()).str()
        : !pair.first->hasOneUse() ? llvm::formatv("'{0}' has other readers", pair.first.getLayer()).str()
        : linearOf(pair.first) && linearOf(pair.second) ? "a weight of the product would not be finite"
                                                        : "not all weights are constants";
    add(pair, ". Put an activation between them. inlayc keeps both, because " + reason);
  }
  /// In the order of the source, and of one place in the order of what happened.
  void emit() const {
    for (const auto &[position, entry] : entries) mlir::emitRemark(entry.first) << entry.second;
  }

 private:
  std::multimap<std::pair<unsigned, unsigned>, std::pair<mlir::Location, std::string>> entries;  // by line and column

  void add(LinearPair pair, std::string outcome) {
    mlir::Location loc = pair.second.getLoc();
    auto at = loc->findInstanceOf<mlir::FileLineColLoc>();
    entries.emplace(at ? std::pair(at.getLine(), at.getColumn()) : std::pair(0u, 0u),
                    std::pair(loc, introduction(pair) + outcome));
  }

  static std::string introduction(LinearPair pair) {
    return llvm::formatv(
        "network '{0}': layer '{1}' follows layer '{2}' with no activation between them. Two linear layers are one: "
        "{3} -> {4} -> {5} can express no more than a dense layer {3} -> {5}",
        pair.second->getParentOfType<mlir::func::FuncOp>().getName(), pair.second.getLayer(), pair.first.getLayer(),
        pair.inputs, pair.middle, pair.outputs);
  }
};

/// Two linear layers are one: W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2).
struct FoldDense : mlir::OpRewritePattern<DenseOp> {
  FoldDense(mlir::MLIRContext *context, LinearReport &report) : OpRewritePattern(context), report(report) {}

  mlir::LogicalResult matchAndRewrite(DenseOp second, mlir::PatternRewriter &rewriter) const override {
    const std::optional<LinearPair> pair = LinearPair::endingWith(second);
    if (!pair || !pair->first->hasOneUse())
      return rewriter.notifyMatchFailure(second, "no dense layer without epilogue that only this layer reads");
    if (!pair->isWorthFolding()) return rewriter.notifyMatchFailure(second, "one layer would be more work than both");
    DenseOp first = pair->first;
    const auto [inputs, middle, outputs] = std::tuple(pair->inputs, pair->middle, pair->outputs);
    std::optional<Linear> a = linearOf(first), b = linearOf(second);
    if (!a || !b) return rewriter.notifyMatchFailure(second, "the weights are not constant");
    Linear product{outputs, inputs, Numbers(static_cast<size_t>(outputs * inputs), 0.0), b->bias};
    const auto k = static_cast<size_t>(inputs), m = static_cast<size_t>(middle);
    for (size_t n = 0; n < product.bias.size(); ++n)
      for (size_t j = 0; j < m; ++j) {
        const double factor = b->weight[n * m + j];
        product.bias[n] += factor * a->bias[j];
        for (size_t i = 0; i < k; ++i) product.weight[n * k + i] += factor * a->weight[j * k + i];
      }
    const std::string name = (first.getLayer() + "+" + second.getLayer()).str();
    DenseOp folded = createDense(second, name, first.getInput(), first.getZerosAttr(), product, rewriter);
    if (folded) report.folded(*pair);
    return replace(second, folded, rewriter);
  }

 private:
  LinearReport &report;
};

struct FoldLinearPass : impl::FoldLinearPassBase<FoldLinearPass> {
  void runOnOperation() override {
    mlir::RewritePatternSet patterns(&getContext());
    LinearReport report;
    patterns.add<FoldIntoNextDense, FoldIntoPreviousDense, FoldConstantScalars>(&getContext());
    patterns.add<FoldDense>(&getContext(), report);
    if (mlir::failed(mlir::applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    for (DenseOp dense : getOperation().getOps<DenseOp>())
      if (const std::optional<LinearPair> pair = LinearPair::endingWith(dense)) report.kept(*pair);
    report.emit();
  }
};

}  // namespace
}  // namespace inlay::compiler
