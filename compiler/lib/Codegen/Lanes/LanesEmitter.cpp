// SPDX-License-Identifier: Apache-2.0
// Emits the ops of a network with a sample in each lane.
#include "Lanes/LanesEmitter.h"

#include <utility>

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace memref = mlir::memref;
namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;

namespace {

/// Features that are summed at the same time. So many sums keep two multiply-add units of latency 4 busy.
constexpr int64_t kFeatures = 8;

/// With a costly epilogue the sums take the smaller part of the time, and a loop over few features has shorter code.
constexpr int64_t kFeaturesOfCostly = 4;

/// Terms of a sum that are added without a loop.
constexpr int64_t kUnrolledDepth = 16;

Value viewedBy(Value value) {
  mlir::Operation *op = value.getDefiningOp();
  return op ? llvm::cast<KernelOp>(op).getViewed() : Value();
}

/// The runs that an axis divides a value into.
int64_t runsBefore(Value value, uint64_t axis) {
  return mlir::ShapedType::getNumElements(sizesOf(value).take_front(axis));
}

}  // namespace

LanesEmitter::LanesEmitter(mlir::func::FuncOp network, mlir::func::FuncOp kernel, KernelContext &context,
                           const ConstantMemory &constants, Value scratch)
    : network(network),
      kernel(kernel),
      context(context),
      builder(context.builder),
      lanes(context.features.lanes),
      scratch(scratch),
      memory(constants.emitIn(kernel, builder)) {}

mlir::LogicalResult LanesEmitter::emitOps() {
  for (mlir::Operation &op : network.front().without_terminator()) {
    if (!llvm::cast<KernelOp>(op).hasKernel()) continue;
    const bool known =
        llvm::TypeSwitch<mlir::Operation *, bool>(&op)
            .Case<ContractionOp, MapOp, SoftmaxOp, ConcatOp, SliceOp>([&](auto o) { return emit(o), true; })
            .Default(false);
    if (!known) return op.emitOpError("cannot be computed with a sample in each lane");
  }
  return mlir::success();
}

Value LanesEmitter::stateOf(Value value) {
  mlir::Operation *op = value.getDefiningOp();
  auto place = op ? op->getAttrOfType<PlacementAttr>(kPlacementAttr) : PlacementAttr();
  if (!place || place.getRoot() != "state") return {};
  return stateAt(network, place.getIndex());
}

LanesEmitter::Buffer LanesEmitter::bufferOf(Value value) {
  // The planner computes the next value of a state in the state's memory only where no op reads the state later.
  if (Value state = stateOf(value)) return bufferOf(state);
  Buffer &buffer = buffers[value];
  if (buffer.memory) return buffer;
  const int64_t elements = elementsOf(value);
  if (scratch) return buffer = {scratch, std::exchange(inScratch, inScratch + elements)};
  mlir::OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&kernel.front());
  auto type = mlir::MemRefType::get({elements * lanes}, builder.getF32Type());
  return buffer = {builder.create<memref::AllocaOp>(network.getLoc(), type, builder.getI64IntegerAttr(64))};
}

void LanesEmitter::store(Location loc, Value value, Value element, Value all) {
  const Buffer buffer = bufferOf(value);
  builder.create<vector::StoreOp>(loc, all, buffer.memory,
                                  context.times(loc, context.plus(loc, element, buffer.start), lanes));
}

Value LanesEmitter::broadcast(Location loc, Value constant, Value position) {
  Value buffer = memory.lookup(constant);
  Value element = builder.create<memref::LoadOp>(loc, buffer, position);
  if (!element.getType().isF32()) {  // the bits of bf16 are the upper half of those of f32
    Value word = builder.create<arith::ExtUIOp>(loc, builder.getI32Type(), element);
    Value half = builder.create<arith::ConstantIntOp>(loc, 16, 32);
    element =
        builder.create<arith::BitcastOp>(loc, builder.getF32Type(), builder.create<arith::ShLIOp>(loc, word, half));
  }
  return context.broadcast(loc, element, lanes);
}

Value LanesEmitter::load(Location loc, Value value, Value element) {
  if (elementsOf(value) == 1) element = context.index(0, loc);
  while (Value viewed = viewedBy(value)) {
    element = context.plus(loc, element, llvm::cast<KernelOp>(value.getDefiningOp()).getViewedOffset());
    value = viewed;
  }
  if (value.getDefiningOp<ConstantOp>()) return broadcast(loc, value, element);
  const Buffer buffer = bufferOf(value);
  return builder.create<vector::LoadOp>(loc, context.vectorType(lanes), buffer.memory,
                                        context.times(loc, context.plus(loc, element, buffer.start), lanes));
}

void LanesEmitter::finish(Location loc, mlir::Region &program, llvm::SmallVector<Vectors> arguments, Value result,
                          Value first) {
  const size_t ways = context.features.avx512 ? 4 : 2, all = arguments.front().size();
  for (size_t begin = 0; begin < all; begin += ways) {
    llvm::SmallVector<Vectors> some;
    for (const Vectors &argument : arguments)
      some.emplace_back(llvm::ArrayRef(argument).slice(begin, std::min(ways, all - begin)));
    // The form for a single element takes one lane.
    const Vectors results = program.empty() ? some.front() : context.inlineProgram(program, some, lanes, lanes);
    for (auto [i, each] : llvm::enumerate(results))
      store(loc, result, context.plus(loc, first, static_cast<int64_t>(begin + i)), each);
  }
}

llvm::SmallVector<LanesEmitter::Vectors> LanesEmitter::argumentsOf(Location loc, mlir::ValueRange operands, Value first,
                                                                   int64_t count) {
  llvm::SmallVector<Vectors> arguments;
  for (Value operand : operands) {
    Vectors &vectors = arguments.emplace_back();
    for (int64_t i = 0; i < count; ++i) vectors.push_back(load(loc, operand, context.plus(loc, first, i)));
  }
  return arguments;
}

void LanesEmitter::forEachGroup(Location loc, int64_t elements, int64_t group,
                                llvm::function_ref<void(Value, int64_t)> body) {
  const int64_t whole = elements / group * group;
  context.forEach(loc, whole, group, [&](Value first) { body(first, group); });
  if (whole < elements) body(context.index(whole, loc), elements - whole);
}

void LanesEmitter::emit(MapOp map) {
  Location loc = map.getLoc();
  forEachGroup(loc, elementsOf(map.getResult()), kFeaturesOfCostly, [&](Value first, int64_t count) {
    finish(loc, map.getBody(), argumentsOf(loc, map.getInputs(), first, count), map.getResult(), first);
  });
}

void LanesEmitter::emit(SoftmaxOp op) {
  const int64_t length = op.getType().getShape().back();
  context.forEach(op.getLoc(), elementsOf(op.getResult()) / length, 1,
                  [&](Value group) { emit(op, context.times(op.getLoc(), group, length), length); });
}

/// The softmax of the elements from `start` on. The maximum passes over a NaN; the sum does not.
void LanesEmitter::emit(SoftmaxOp op, Value start, int64_t length) {
  Location loc = op.getLoc();
  const auto place = [&](Value i) { return context.plus(loc, start, i); };
  const auto x = [&](Value i) { return load(loc, op.getInput(), place(i)); };
  const auto shifted = [&](Value i, Value maximum) -> Value {
    return builder.create<arith::SubFOp>(loc, x(i), maximum);
  };
  llvm::SmallVector<Value> maximum = {x(context.index(0, loc))};
  context.forEach(loc, context.index(1, loc), context.index(length, loc), 1, maximum, [&](Value i) {
    Value each = x(i), greater = builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT, maximum[0], each);
    maximum[0] = builder.create<arith::SelectOp>(loc, greater, maximum[0], each);
  });
  llvm::SmallVector<Value> sum = {context.splat(loc, 0, lanes)};
  context.forEach(loc, length, 1, sum, [&](Value i) {
    Value power = emitExp(shifted(i, maximum[0]), builder, loc, context.features);
    if (!op.getLogarithm()) store(loc, op.getResult(), place(i), power);
    sum[0] = builder.create<arith::AddFOp>(loc, sum[0], power);
  });
  Value logarithm = op.getLogarithm() ? emitLog(sum[0], builder, loc, context.features) : Value();
  context.forEach(loc, length, 1, [&](Value i) {
    Value each = logarithm ? builder.create<arith::SubFOp>(loc, shifted(i, maximum[0]), logarithm).getResult()
                           : builder.create<arith::DivFOp>(loc, load(loc, op.getResult(), place(i)), sum[0]);
    store(loc, op.getResult(), place(i), each);
  });
}

void LanesEmitter::copyRuns(Location loc, int64_t runs, int64_t length, Value source, int64_t from, int64_t fromPeriod,
                            Value target, int64_t to, int64_t toPeriod) {
  context.forEach(loc, runs, 1, [&](Value run) {
    context.forEach(loc, length, 1, [&](Value i) {
      const auto place = [&](int64_t start, int64_t period) {
        return context.plus(loc, context.plusTimes(loc, i, run, period), start);
      };
      store(loc, target, place(to, toPeriod), load(loc, source, place(from, fromPeriod)));
    });
  });
}

void LanesEmitter::emit(ConcatOp op) {
  const int64_t runs = runsBefore(op.getResult(), op.getAxis()), period = elementsOf(op.getResult()) / runs;
  int64_t first = 0;
  for (Value piece : op.getInputs()) {
    const int64_t length = elementsOf(piece) / runs;
    copyRuns(op.getLoc(), runs, length, piece, 0, length, op.getResult(), first, period);
    first += length;
  }
}

void LanesEmitter::emit(SliceOp op) {
  const int64_t runs = runsBefore(op.getResult(), op.getAxis()), length = elementsOf(op.getResult()) / runs;
  const int64_t first = static_cast<int64_t>(op.getStart()) * (length / static_cast<int64_t>(op.getLength()));
  copyRuns(op.getLoc(), runs, length, op.getInput(), first, elementsOf(op.getInput()) / runs, op.getResult(), 0,
           length);
}

void LanesEmitter::emit(ContractionOp layer) {
  Location loc = layer.getLoc();
  const int64_t width = layer.getFeatures(), panel = static_cast<int64_t>(layer.getPanel());
  const int64_t padded = static_cast<int64_t>(llvm::alignTo(width, layer.getVectorLength()));
  const int64_t group = isCostly(layer.getEpilogue()) ? kFeaturesOfCostly : kFeatures;
  for (int64_t start = 0; start < width; start += panel) {
    const int64_t panelWidth = std::min(panel, padded - start);
    forEachGroup(loc, std::min(panel, width - start), group, [&](Value inPanel, int64_t count) {
      Value first = context.plus(loc, inPanel, start);
      llvm::SmallVector<Vectors> arguments = argumentsOf(loc, layer.getExtras(), first, count);
      Value weights = context.plus(loc, inPanel, start * layer.getDepth());
      arguments.insert(arguments.begin(), sums(layer, first, count, weights, panelWidth));
      finish(loc, layer.getEpilogue(), arguments, layer.getResult(), first);
    });
  }
}

LanesEmitter::Vectors LanesEmitter::sums(ContractionOp layer, Value first, int64_t count, Value weights,
                                         int64_t stride) {
  Location loc = layer.getLoc();
  const int64_t depth = layer.getDepth();
  // Few features are summed in several chains, which do not wait for each other.
  const int64_t chains = std::clamp<int64_t>(kFeatures / count, 1, std::max<int64_t>(1, depth / 2));
  llvm::SmallVector<Value> accumulators;
  for (int64_t i = 0; i < count; ++i)
    accumulators.push_back(layer.getBias() ? broadcast(loc, layer.getBias(), context.plus(loc, first, i))
                                           : context.splat(loc, 0, lanes));
  for (int64_t i = count; i < chains * count; ++i) accumulators.push_back(context.splat(loc, 0, lanes));
  const auto step = [&](Value k, int64_t chain) {
    Value x = load(loc, layer.getInput(), k);
    for (int64_t i = 0; i < count; ++i) {
      Value place = layer.getAlongInputs()
                        ? context.plusTimes(loc, k, context.plus(loc, first, i), layer.getFeatureStride())
                        : context.plus(loc, context.plusTimes(loc, weights, k, stride), i);
      Value weight = broadcast(loc, layer.getWeight(), place);
      Value &sum = accumulators[static_cast<size_t>(chain * count + i)];
      sum = builder.create<vector::FMAOp>(loc, x, weight, sum);
    }
  };
  const int64_t ofIteration = depth <= kUnrolledDepth ? depth : chains, whole = depth / ofIteration * ofIteration;
  context.forEach(loc, whole, ofIteration, accumulators, [&](Value k) {
    for (int64_t i = 0; i < ofIteration; ++i) step(context.plus(loc, k, i), i % chains);
  });
  for (int64_t k = whole; k < depth; ++k) step(context.index(k, loc), k % chains);
  for (int64_t chain = 1; chain < chains; ++chain)
    for (int64_t i = 0; i < count; ++i) {
      Value &sum = accumulators[static_cast<size_t>(i)];
      sum = builder.create<arith::AddFOp>(loc, sum, accumulators[static_cast<size_t>(chain * count + i)]);
    }
  return Vectors(llvm::ArrayRef(accumulators).take_front(static_cast<size_t>(count)));
}

}  // namespace inlay::compiler
