// SPDX-License-Identifier: Apache-2.0
// Reverse mode inside of a map: its scalar program gives one program for each operand's gradient.
#include "Gradients.h"
#include "mlir/IR/IRMapping.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
using mlir::Value;

Value createMap(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, mlir::ValueRange inputs,
                llvm::function_ref<Value(ScalarBuilder &, mlir::ValueRange)> body) {
  auto map = builder.create<MapOp>(loc, type, inputs);
  mlir::OpBuilder::InsertionGuard guard(builder);
  mlir::Block *block = builder.createBlock(&map.getBody());
  for (size_t i = 0; i < inputs.size(); ++i) block->addArgument(builder.getF32Type(), loc);
  ScalarBuilder scalars(builder, loc);
  Value result = body(scalars, block->getArguments());
  builder.create<YieldOp>(loc, result);
  return map;
}

namespace {

/// The gradients of the values of one program.
class ProgramGradients {
 public:
  /// Only what depends on `argument` has a gradient.
  ProgramGradients(mlir::BlockArgument argument, const mlir::IRMapping &forward, ScalarBuilder &b)
      : forward(forward), b(b), active{argument} {
    for (mlir::Operation &op : argument.getOwner()->without_terminator())
      if (llvm::any_of(op.getOperands(), [&](Value operand) { return active.contains(operand); }))
        active.insert(op.getResult(0));
  }

  void add(Value value, Value gradient) {
    if (!active.contains(value)) return;
    Value &sum = gradients[value];
    sum = sum ? b.add(sum, gradient) : gradient;
  }
  Value of(Value value) const { return gradients.lookup(value); }

  /// Adds to the gradients of the operands of `op`. Fails if it has no derivative.
  mlir::LogicalResult rule(mlir::Operation &op) {
    Value dy = of(op.getResult(0));
    if (!dy) return mlir::success();
    const auto x = [&](unsigned i) { return forward.lookup(op.getOperand(i)); };
    const auto give = [&](unsigned i, Value gradient) { add(op.getOperand(i), gradient); };
    if (llvm::isa<arith::AddFOp>(op)) {
      give(0, dy), give(1, dy);
    } else if (llvm::isa<arith::SubFOp>(op)) {
      give(0, dy), give(1, b.neg(dy));
    } else if (llvm::isa<arith::MulFOp>(op)) {
      give(0, b.mul(dy, x(1))), give(1, b.mul(dy, x(0)));
    } else if (llvm::isa<arith::DivFOp>(op)) {
      Value quotient = b.div(dy, x(1));
      give(0, quotient), give(1, b.neg(b.mul(quotient, b.div(x(0), x(1)))));
    } else if (llvm::isa<arith::MinimumFOp, arith::MaximumFOp>(op)) {
      // Equal sides share the gradient, as in PyTorch.
      const bool least = llvm::isa<arith::MinimumFOp>(op);
      const auto side = [&](unsigned mine, unsigned other) {
        using P = ScalarBuilder::Predicate;
        Value wins = b.compare(least ? P::OLT : P::OGT, x(mine), x(other));
        Value equal = b.compare(P::OEQ, x(mine), x(other));
        give(mine, b.select(wins, dy, b.select(equal, b.mul(dy, 0.5), b.number(0))));
      };
      side(0, 1), side(1, 0);
    } else if (auto select = llvm::dyn_cast<arith::SelectOp>(op)) {
      Value condition = forward.lookup(select.getCondition());
      give(1, b.select(condition, dy, b.number(0))), give(2, b.select(condition, b.number(0), dy));
    } else if (auto function = llvm::dyn_cast<ActivationOp>(op)) {
      Value gradient = gradientOfActivation(function, x(0), forward.lookup(op.getResult(0)), dy, b);
      if (!gradient) return mlir::failure();
      give(0, gradient);
    } else if (!llvm::isa<arith::ConstantOp>(op)) {
      return mlir::failure();
    }
    return mlir::success();
  }

 private:
  const mlir::IRMapping &forward;
  ScalarBuilder &b;
  llvm::DenseSet<Value> active;
  llvm::DenseMap<Value, Value> gradients;
};

/// Erases what nothing reads: ops, then arguments of the program with their operands. One operand stays.
void erasePurposeless(MapOp map) {
  mlir::Block &body = map.getBody().front();
  llvm::SmallVector<mlir::Operation *> ops;
  for (mlir::Operation &op : body.without_terminator()) ops.push_back(&op);
  for (mlir::Operation *op : llvm::reverse(ops))
    if (op->use_empty()) op->erase();
  for (unsigned i = body.getNumArguments(); i-- > 0;) {
    if (!body.getArgument(i).use_empty() || body.getNumArguments() == 1) continue;
    body.eraseArgument(i);
    map.getInputsMutable().erase(i);
  }
}

/// What the program of `map` has no derivative for, if the message can name it.
std::string advice(mlir::Operation &op) {
  auto function = llvm::dyn_cast<ActivationOp>(op);
  if (!function) return ("'" + op.getName().getStringRef() + "' has no gradient").str();
  const llvm::StringRef name = function.getFunction();
  const char *smooth = name == "step" ? "sigmoid" : "tanh";
  return ("'" + name + "' cannot be trained: its derivative is 0 everywhere; train with " + smooth +
          "(k x), or pass straight_through")
      .str();
}

}  // namespace

mlir::FailureOr<llvm::SmallVector<Value>> gradientsOfMap(MapOp map, Value dy, llvm::function_ref<bool(Value)> wanted,
                                                         mlir::OpBuilder &builder) {
  mlir::Location loc = map.getLoc();
  mlir::Block &program = map.getBody().front();
  auto yield = llvm::cast<YieldOp>(program.getTerminator());
  auto last = yield.getValue().getDefiningOp<ActivationOp>();
  llvm::SmallVector<Value> results;
  for (auto [index, operand] : llvm::enumerate(map.getInputs())) {
    results.emplace_back();
    if (!wanted(operand)) continue;
    // The arguments are dy, the map's own result, and its operands.
    llvm::SmallVector<Value> inputs{dy, map.getResult()};
    llvm::append_range(inputs, map.getInputs());
    bool failed = false, found = true;
    Value made = createMap(builder, loc, map.getType(), inputs, [&](ScalarBuilder &b, mlir::ValueRange arguments) {
      mlir::IRMapping forward;
      forward.map(program.getArguments(), arguments.drop_front(2));
      for (mlir::Operation &op : program.without_terminator()) {
        if (last && &op == last && !readsArgument(last))
          forward.map(op.getResult(0), arguments[1]);
        else
          builder.clone(op, forward);
      }
      ProgramGradients gradients(program.getArgument(static_cast<unsigned>(index)), forward, b);
      gradients.add(yield.getValue(), arguments[0]);
      for (mlir::Operation &op : llvm::reverse(program.without_terminator()))
        if (!failed && mlir::failed(gradients.rule(op))) {
          mlir::emitError(op.getLoc()) << describe(map) << advice(op);
          failed = true;
        }
      Value gradient = gradients.of(program.getArgument(static_cast<unsigned>(index)));
      found = gradient != nullptr;
      return found ? gradient : b.number(0);
    });
    if (failed) return mlir::failure();
    if (!found) {
      made.getDefiningOp()->erase();
      continue;
    }
    erasePurposeless(made.getDefiningOp<MapOp>());
    results.back() = made;
  }
  return results;
}

}  // namespace inlay::compiler
