// SPDX-License-Identifier: Apache-2.0
// Makes a network of whole sequences from a network of steps, for gradients through time. What leads from a state to
// its next value is repeated for each step; all else computes a value for all steps at once, behind an axis for them.
#include "Gradients.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/IRMapping.h"

namespace inlay::compiler {
namespace {

using mlir::Location;
using mlir::Operation;
using mlir::Value;

/// The weight [N, C, K] of a causal convolution whose dense layer reads it as [N, K C], or null.
Value weightOfTaps(DenseOp op) {
  auto reshape = op.getWeight().getDefiningOp<ReshapeOp>();
  auto permute = reshape ? reshape.getInput().getDefiningOp<PermuteOp>() : PermuteOp();
  if (!permute || permute.getAxes() != llvm::ArrayRef<int64_t>{0, 2, 1} || !isLearned(permute.getInput())) return {};
  return permute.getInput();
}

/// A convolution of the signal `image` [C, 1, L] with `before` zeros in front.
Value convolution(llvm::StringRef layer, Value image, Value weight, Value bias, int64_t before, int64_t dilation,
                  int64_t groups, TensorEmitter emit) {
  const int64_t taps = sizesOf(weight)[3];
  const int64_t length = sizesOf(image)[2] + before - (taps - 1) * dilation;
  return emit.rewriter.create<Conv2dOp>(emit.loc, emit.tensor({sizesOf(weight)[0], 1, length}), layer, image, weight,
                                        bias, mlir::ValueRange(), /*stride_h=*/1, /*stride_w=*/1, /*padding_top=*/0,
                                        /*padding_left=*/before, /*padding_bottom=*/0, /*padding_right=*/0,
                                        /*dilation_h=*/1, dilation, groups);
}

class StepsRunner {
 public:
  StepsRunner(mlir::func::FuncOp network, int64_t steps)
      : network(network), steps(steps), terminator(network.front().getTerminator()), builder(network.getContext()) {}

  void run() {
    for (Operation &op : network.front().without_terminator()) original.push_back(&op);
    bindStates();
    findMoving();
    builder.setInsertionPoint(terminator);
    llvm::SmallVector<Value> results;
    for (auto [i, value] : llvm::enumerate(terminator->getOperands()))
      if (!isNext[static_cast<unsigned>(i)]) results.push_back(value);
    // The inputs become sequences first. The original ops, which read them as steps, are erased in the end.
    for (mlir::BlockArgument argument : network.getArguments())
      if (!isLearned(argument) && !next.contains(argument)) argument.setType(withSteps(argument.getType()));
    for (Value &result : results) result = sequenceOf(result);
    finish(results);
  }

 private:
  mlir::func::FuncOp network;
  int64_t steps;
  Operation *terminator;
  mlir::IRRewriter builder;
  llvm::SmallVector<Operation *> original;
  llvm::DenseMap<Value, Value> next, initial;  // of each state
  llvm::BitVector isNext;                      // by result: a state's next or first value
  llvm::DenseSet<Value> moving;                // differ from step to step
  llvm::DenseMap<Operation *, bool> inSteps;   // whether an op is repeated for each step
  llvm::DenseMap<Value, Value> sequences;
  llvm::DenseMap<std::pair<Value, int64_t>, Value> single;  // by value and step

  static mlir::RankedTensorType tensor(mlir::Type type) { return llvm::cast<mlir::RankedTensorType>(type); }
  mlir::RankedTensorType withSteps(mlir::Type type, int64_t count = 0) const {
    llvm::SmallVector<int64_t> sizes{count == 0 ? steps : count};
    llvm::append_range(sizes, tensor(type).getShape());
    return tensor(type).clone(sizes);
  }
  Value reshape(Value value, mlir::Type type, Location loc) {
    return TensorEmitter{builder, loc}.reshape(value, tensor(type).getShape());
  }
  Value zeros(mlir::Type type, Location loc) {
    return builder.create<ConstantOp>(loc, type, mlir::StringAttr(), mlir::DenseElementsAttr::get(tensor(type), 0.0f));
  }

  void bindStates() {
    isNext.resize(network.getNumResults());
    for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
      const auto number = static_cast<unsigned>(i);
      auto first = network.getResultAttrOfType<mlir::IntegerAttr>(number, kInitialAttr);
      const std::optional<int64_t> place = stateOfResult(network, number);
      if (first || place) isNext.set(number);
      if (first)
        initial[stateAt(network, first.getInt())] = value;
      else if (place)
        next[stateAt(network, *place)] = value;
    }
  }

  /// Finds what differs from step to step, and which of these ops are repeated for each step.
  void findMoving() {
    for (mlir::BlockArgument argument : network.getArguments())
      if (!isLearned(argument)) moving.insert(argument);
    for (Operation *op : original)
      if (llvm::isa<HistoryOp>(op) ||
          llvm::any_of(op->getOperands(), [&](Value operand) { return moving.contains(operand); }))
        moving.insert(op->getResult(0));
    llvm::DenseMap<Value, llvm::SmallVector<Value>> statesThatBecome;
    for (auto [state, value] : next) statesThatBecome[value].push_back(state);
    for (Operation *op : original) inSteps[op] = !hasSequence(*op) || reachesItself(op, statesThatBecome);
  }

  /// Whether an op's result leads to its own operands in a later step.
  static bool reachesItself(Operation *op, const llvm::DenseMap<Value, llvm::SmallVector<Value>> &statesThatBecome) {
    llvm::DenseSet<Value> reached;
    llvm::SmallVector<Value> pending{op->getResult(0)};
    while (!pending.empty()) {
      Value value = pending.pop_back_val();
      if (!reached.insert(value).second) continue;
      for (Operation *user : value.getUsers()) {
        if (user == op) return true;
        if (user->getNumResults() == 1) pending.push_back(user->getResult(0));
      }
      if (auto found = statesThatBecome.find(value); found != statesThatBecome.end())
        llvm::append_range(pending, found->second);
    }
    return false;
  }

  bool isStill(Value value) const { return !moving.contains(value); }

  /// The value of step `t`. Steps are asked for in ascending order.
  Value stepOf(Value value, int64_t t) {
    if (isStill(value)) return value;
    const std::pair key{value, t};
    if (Value found = single.lookup(key)) return found;
    Value made;
    Operation *op = value.getDefiningOp();
    if (auto state = next.find(value); state != next.end())
      made = t > 0 ? stepOf(state->second, t - 1) : firstOf(value);
    else if (!op || !inSteps[op])
      made = rowOf(sequenceOf(value), t);
    else if (auto history = llvm::dyn_cast<HistoryOp>(op))
      made = tapsOf(history, t);
    else
      made = copyOf(op, [&](Value operand) { return stepOf(operand, t); })->getResult(0);
    return single[key] = made;
  }
  /// The type of one step of a sequence.
  static mlir::RankedTensorType stepType(Value sequence) {
    return typeOf(sequence).clone(sizesOf(sequence).drop_front());
  }
  Value firstOf(Value state) {
    if (Value given = initial.lookup(state)) return given;
    return zeros(state.getType(), state.getLoc());
  }
  Value rowOf(Value sequence, int64_t t) {
    TensorEmitter emit{builder, sequence.getLoc()};
    return emit.reshape(emit.slice(sequence, /*axis=*/0, t, /*length=*/1), stepType(sequence).getShape());
  }
  /// The value of step `t` as a sequence of one step.
  Value stepAsRow(Value value, int64_t t) {
    return reshape(stepOf(value, t), withSteps(value.getType(), 1), value.getLoc());
  }
  Value tapsOf(HistoryOp op, int64_t t) {
    llvm::SmallVector<Value> rows;
    const auto taps = static_cast<int64_t>(op.getTaps()), dilation = static_cast<int64_t>(op.getDilation());
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int64_t at = t - (taps - 1 - tap) * dilation;
      rows.push_back(at < 0 ? zeros(withSteps(op.getInput().getType(), 1), op.getLoc()) : stepAsRow(op.getInput(), at));
    }
    return builder.create<ConcatOp>(op.getLoc(), op.getType(), rows, /*axis=*/0);
  }
  Operation *copyOf(Operation *op, llvm::function_ref<Value(Value)> operandOf) {
    mlir::IRMapping mapping;
    for (Value operand : op->getOperands()) mapping.map(operand, operandOf(operand));
    return builder.clone(*op, mapping);
  }

  /// The value of all steps.
  Value sequenceOf(Value value) {
    if (Value found = sequences.lookup(value)) return found;
    Operation *op = value.getDefiningOp();
    Value made;
    if (isStill(value)) {
      made = createMap(builder, value.getLoc(), withSteps(value.getType()), {value},
                       [](ScalarBuilder &, mlir::ValueRange v) { return v[0]; });
    } else if (!op && !next.contains(value)) {
      made = value;
    } else if (op && !inSteps[op]) {
      made = llvm::TypeSwitch<Operation *, Value>(op)
                 .Case<MapOp, DenseOp, Conv2dOp, HistoryOp, SoftmaxOp, ReduceOp, NormalizeOp, ReshapeOp, PermuteOp,
                       ConcatOp, SliceOp, PadOp, EmbeddingOp>([&](auto each) { return overSteps(each); });
    } else {
      llvm::SmallVector<Value> rows;
      for (int64_t t = 0; t < steps; ++t) rows.push_back(stepAsRow(value, t));
      made = builder.create<ConcatOp>(value.getLoc(), withSteps(value.getType()), rows, /*axis=*/0);
    }
    return sequences[value] = made;
  }

  // What each op is with an axis for the steps in front.

  /// Whether an op has such a form.
  bool hasSequence(Operation &op) {
    const auto fits = [](Value value) { return sizesOf(value).size() < max_rank; };
    if (!fits(op.getResult(0)) || !llvm::all_of(op.getOperands(), fits)) return false;
    return llvm::TypeSwitch<Operation *, bool>(&op)
        .Case<MapOp, HistoryOp, SoftmaxOp, ReduceOp, NormalizeOp, ReshapeOp, PermuteOp, ConcatOp, SliceOp, PadOp>(
            [](auto) { return true; })
        .Case([&](DenseOp dense) {
          return sizesOf(dense.getInput()).size() == 1 && isParameter(dense.getWeight()) && hasStillBias(dense);
        })
        .Case([&](EmbeddingOp embedding) { return isStill(embedding.getWeight()); })
        .Case([&](Conv2dOp conv) { return signalBehind(conv).first && hasStillBias(conv); })
        .Default([](Operation *) { return false; });
  }
  template <class Layer>
  bool hasStillBias(Layer layer) const {
    return !layer.getBias() || isStill(layer.getBias());
  }
  static bool isParameter(Value weight) {
    return isLearned(behindReshapes(weight)) || weight.getDefiningOp<ConstantOp>();
  }

  Value overSteps(MapOp op) {
    const size_t rank = sizesOf(op.getResult()).size();
    llvm::SmallVector<Value> operands;
    for (Value operand : op.getInputs()) {
      if (isStill(operand)) {
        operands.push_back(operand);
        continue;
      }
      // Ones behind the steps, so that the last axes meet those of the result.
      Value sequence = sequenceOf(operand);
      llvm::SmallVector<int64_t> sizes(sizesOf(sequence));
      sizes.insert(sizes.begin() + 1, rank + 1 - sizes.size(), 1);
      operands.push_back(reshape(sequence, typeOf(sequence).clone(sizes), op.getLoc()));
    }
    auto made = builder.create<MapOp>(op.getLoc(), withSteps(op.getType()), operands);
    mlir::IRMapping mapping;
    op.getBody().cloneInto(&made.getBody(), mapping);
    return made;
  }

  /// The rows of a sequence as an image [C, 1, steps]. It is an image of one line with its channels first, so that the
  /// layout phase, which puts them last, copies nothing.
  static Value lineOf(Value rows, int64_t steps, TensorEmitter emit) {
    return emit.permute(emit.reshape(rows, {1, steps, elementsOf(rows) / steps}), {2, 0, 1});
  }
  /// And back.
  Value rowsOf(Value line, mlir::Type type, Location loc) {
    return reshape(TensorEmitter{builder, loc}.permute(line, {1, 2, 0}), type, loc);
  }

  /// A dense layer for all steps is a convolution with one tap.
  Value overSteps(DenseOp op) {
    Location loc = op.getLoc();
    const int64_t features = sizesOf(op.getWeight())[0], inputs = sizesOf(op.getWeight())[1];
    Value weight = reshape(op.getWeight(), typeOf(op.getWeight()).clone({features, inputs, 1, 1}), loc);
    Value made = convolution(op.getLayer(), lineOf(sequenceOf(op.getInput()), steps, {builder, loc}), weight,
                             op.getBias(), /*before=*/0,
                             /*dilation=*/1, /*groups=*/1, {builder, loc});
    return rowsOf(made, withSteps(op.getType()), loc);
  }

  /// The value [C], and its history, that a convolution reads as an image [C, 1, taps]. The latter is null for one tap.
  std::pair<Value, HistoryOp> signalBehind(Conv2dOp op) {
    llvm::ArrayRef<int64_t> image = sizesOf(op.getInput()), weight = sizesOf(op.getWeight());
    const bool whole = image[1] == 1 && weight[2] == 1 && image[2] == weight[3] && op.getPaddingLeft() == 0 &&
                       op.getPaddingRight() == 0 && op.getPaddingTop() == 0 && op.getPaddingBottom() == 0 &&
                       op.getDilationW() == 1;
    auto turned = behindReshapes(op.getInput()).getDefiningOp<PermuteOp>();
    if (!whole || !isStill(op.getWeight()) || !turned || turned.getAxes() != llvm::ArrayRef<int64_t>{1, 0} ||
        sizesOf(turned.getInput()) != llvm::ArrayRef<int64_t>{image[2], image[0]})
      return {};
    Value seen = behindReshapes(turned.getInput());
    auto history = seen.getDefiningOp<HistoryOp>();
    if (history && sizesOf(history) == llvm::ArrayRef<int64_t>{image[2], image[0]})
      return {history.getInput(), history};
    if (image[2] == 1) return {seen, HistoryOp()};
    return {};
  }

  /// A causal convolution for all steps is one of the sequence.
  Value overSteps(Conv2dOp op) {
    Location loc = op.getLoc();
    auto [signal, history] = signalBehind(op);
    const int64_t dilation = history ? static_cast<int64_t>(history.getDilation()) : 1;
    Value made =
        convolution(op.getLayer(), lineOf(sequenceOf(signal), steps, {builder, loc}), op.getWeight(), op.getBias(),
                    /*before=*/(sizesOf(op.getWeight())[3] - 1) * dilation, dilation,
                    static_cast<int64_t>(op.getGroups()), {builder, loc});
    return rowsOf(made, withSteps(op.getType()), loc);
  }

  Value overSteps(HistoryOp op) {
    Location loc = op.getLoc();
    Value x = sequenceOf(op.getInput());
    llvm::SmallVector<int64_t> withTap(sizesOf(x)), none(sizesOf(x).size(), 0);
    withTap.insert(withTap.begin() + 1, 1);
    llvm::SmallVector<Value> taps;
    const auto count = static_cast<int64_t>(op.getTaps());
    for (int64_t tap = 0; tap < count; ++tap) {
      const int64_t ago = std::min(steps, (count - 1 - tap) * static_cast<int64_t>(op.getDilation()));
      Value past = x;
      if (ago == steps) {
        past = zeros(x.getType(), loc);
      } else if (ago > 0) {
        llvm::SmallVector<int64_t> low = none;
        low[0] = ago;
        past = TensorEmitter{builder, loc}.slice(x, /*axis=*/0, /*start=*/0, steps - ago);
        past = builder.create<PadOp>(loc, x.getType(), past, low, none, llvm::APFloat(0.0f));
      }
      taps.push_back(reshape(past, typeOf(x).clone(withTap), loc));
    }
    return builder.create<ConcatOp>(loc, withSteps(op.getType()), taps, /*axis=*/1);
  }

  /// A copy of `op` for sequences, whose attributes that count axes the caller moves.
  template <class Op>
  Op copyOver(Op op) {
    Operation *made = copyOf(op, [&](Value operand) {
      return llvm::isa<EmbeddingOp>(op.getOperation()) && isStill(operand) ? operand : sequenceOf(operand);
    });
    made->getResult(0).setType(withSteps(op.getType()));
    return llvm::cast<Op>(made);
  }
  Value overSteps(SoftmaxOp op) { return copyOver(op); }
  Value overSteps(EmbeddingOp op) { return copyOver(op); }
  Value overSteps(ReshapeOp op) { return copyOver(op); }
  Value overSteps(ReduceOp op) {
    auto made = copyOver(op);
    made.setAxes(op.getAxes() << 1);
    return made;
  }
  template <class Op>
  Value withLaterAxis(Op op) {
    auto made = copyOver(op);
    made.setAxis(op.getAxis() + 1);
    return made;
  }
  Value overSteps(NormalizeOp op) { return withLaterAxis(op); }
  Value overSteps(ConcatOp op) { return withLaterAxis(op); }
  Value overSteps(SliceOp op) { return withLaterAxis(op); }
  Value overSteps(PermuteOp op) {
    auto made = copyOver(op);
    llvm::SmallVector<int64_t> axes{0};
    for (int64_t axis : op.getAxes()) axes.push_back(axis + 1);
    made.setAxes(axes);
    return made;
  }
  Value overSteps(PadOp op) {
    auto made = copyOver(op);
    llvm::SmallVector<int64_t> low{0}, high{0};
    llvm::append_range(low, op.getLow()), llvm::append_range(high, op.getHigh());
    made.setLow(low), made.setHigh(high);
    return made;
  }

  /// Returns `results` in place of the old ones, and erases what only those needed.
  void finish(llvm::ArrayRef<Value> results) {
    terminator->setOperands(results);
    eraseUnused(network);
    llvm::BitVector states(network.getNumArguments());
    for (mlir::BlockArgument argument : network.getArguments())
      if (next.contains(argument)) states.set(argument.getArgNumber());
    network.eraseArguments(states);
    network.eraseResults(isNext);
    network.setFunctionType(builder.getFunctionType(network.front().getArgumentTypes(), terminator->getOperandTypes()));
  }
};

}  // namespace

void convolveTaps(mlir::func::FuncOp network) {
  for (DenseOp op : llvm::make_early_inc_range(network.getOps<DenseOp>())) {
    Value weight = weightOfTaps(op);
    if (!weight) continue;
    mlir::IRRewriter rewriter(op);
    TensorEmitter emit{rewriter, op.getLoc()};
    const int64_t features = sizesOf(weight)[0], channels = sizesOf(weight)[1], taps = sizesOf(weight)[2];
    Value rows = emit.reshape(op.getInput(), {taps, channels});
    Value image = emit.reshape(emit.permute(rows, {1, 0}), {channels, 1, taps});
    Value made = convolution(op.getLayer(), image, emit.reshape(weight, {features, channels, 1, taps}), op.getBias(),
                             /*before=*/0, /*dilation=*/1, /*groups=*/1, emit);
    op.replaceAllUsesWith(emit.reshape(made, sizesOf(op.getResult())));
    op.erase();
  }
}

void runOverSteps(mlir::func::FuncOp network, int64_t steps) { StepsRunner(network, steps).run(); }

}  // namespace inlay::compiler
