// SPDX-License-Identifier: Apache-2.0
// Emits kernels with a sample in each lane. A value of N elements is N vectors in a buffer of the kernel; what is small
// enough LLVM keeps in registers. The weights are those of the other kernels: each is read as one element and
// multiplies the same input of all samples.
#include "Lanes/EmitLanes.h"

#include "Lanes/Transpose.h"
#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace memref = mlir::memref;
namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;
using Vectors = VectorBuilder::Vectors;

namespace {

/// Features that are summed at the same time. So many sums keep two multiply-add units of latency 4 busy.
constexpr int64_t kFeatures = 8;

/// With a costly epilogue the sums take the smaller part of the time, and a loop over few features has shorter code.
constexpr int64_t kFeaturesOfCostly = 4;

/// Terms of a sum that are added without a loop.
constexpr int64_t kUnrolledDepth = 16;

class LanesEmitter {
 public:
  LanesEmitter(mlir::func::FuncOp network, const NetworkSummary &summary, mlir::func::FuncOp kernel,
               KernelContext &context, const llvm::MapVector<Value, memref::GlobalOp> &constants)
      : network(network),
        summary(summary),
        kernel(kernel),
        context(context),
        builder(context.builder),
        lanes(context.features.lanes) {
    for (auto [constant, global] : constants)
      memory[constant] = builder.create<memref::GetGlobalOp>(global.getLoc(), global.getType(), global.getName());
  }

  mlir::LogicalResult run() {
    Location loc = network.getLoc();
    for (mlir::BlockArgument input : network.getArguments()) {
      Value buffer = bufferOf(input);
      loadTransposed(context, loc, kernel.getArgument(input.getArgNumber()), elementsOf(input), lanes,
                     [&](int64_t element, Value each) { store(loc, buffer, context.index(element, loc), each); });
    }
    for (mlir::Operation &op : network.front().without_terminator()) {
      auto kernelOp = llvm::cast<KernelOp>(op);
      if (auto layer = llvm::dyn_cast<ContractionOp>(op))
        emit(layer);
      else if (auto map = llvm::dyn_cast<MapOp>(op))
        emit(map);
      else if (auto softmax = llvm::dyn_cast<SoftmaxOp>(op))
        emit(softmax);
      else if (kernelOp.hasKernel())
        return op.emitOpError("cannot be computed with a sample in each lane");
    }
    for (auto [i, output] : llvm::enumerate(network.front().getTerminator()->getOperands()))
      storeTransposed(context, loc, kernel.getArgument(static_cast<unsigned>(summary.inputs.size() + i)),
                      elementsOf(output), lanes,
                      [&](int64_t element) { return load(loc, output, context.index(element, loc)); });
    return mlir::success();
  }

 private:
  mlir::func::FuncOp network;
  const NetworkSummary &summary;
  mlir::func::FuncOp kernel;
  KernelContext &context;
  mlir::OpBuilder &builder;
  const int64_t lanes;
  llvm::DenseMap<Value, Value> memory;  // the buffer of each value, and the constants

  Value bufferOf(Value value) {
    Value &buffer = memory[value];
    if (buffer) return buffer;
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&kernel.front());
    auto type = mlir::MemRefType::get({elementsOf(value) * lanes}, builder.getF32Type());
    return buffer = builder.create<memref::AllocaOp>(network.getLoc(), type, builder.getI64IntegerAttr(64));
  }

  void store(Location loc, Value buffer, Value element, Value all) {
    builder.create<vector::StoreOp>(loc, all, buffer, context.times(loc, element, lanes));
  }

  /// One element of a constant in all lanes.
  Value broadcast(Location loc, Value constant, Value position) {
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

  /// Element `element` of a value, for all samples. A value of one element is broadcast.
  Value load(Location loc, Value value, Value element) {
    if (elementsOf(value) == 1) element = context.index(0, loc);
    while (Value viewed = viewedBy(value)) {
      element = context.plus(loc, element, llvm::cast<KernelOp>(value.getDefiningOp()).getViewedOffset());
      value = viewed;
    }
    if (value.getDefiningOp<ConstantOp>()) return broadcast(loc, value, element);
    return builder.create<vector::LoadOp>(loc, context.vectorType(lanes), bufferOf(value),
                                          context.times(loc, element, lanes));
  }

  static Value viewedBy(Value value) {
    mlir::Operation *op = value.getDefiningOp();
    return op ? llvm::cast<KernelOp>(op).getViewed() : Value();
  }

  /// Runs a program on elements of its operands and stores the results, `first` and those behind it.
  void finish(Location loc, mlir::Region &program, llvm::SmallVector<Vectors> arguments, Value result, Value first) {
    const size_t ways = context.features.avx512 ? 4 : 2, all = arguments.front().size();
    for (size_t begin = 0; begin < all; begin += ways) {
      llvm::SmallVector<Vectors> some;
      for (const Vectors &argument : arguments)
        some.emplace_back(llvm::ArrayRef(argument).slice(begin, std::min(ways, all - begin)));
      // The form for a single element takes one lane.
      const Vectors results = program.empty() ? some.front() : context.inlineProgram(program, some, lanes, lanes);
      for (auto [i, each] : llvm::enumerate(results))
        store(loc, bufferOf(result), context.plus(loc, first, static_cast<int64_t>(begin + i)), each);
    }
  }

  /// Elements `first` and behind of all operands, `count` of each.
  llvm::SmallVector<Vectors> argumentsOf(Location loc, mlir::ValueRange operands, Value first, int64_t count) {
    llvm::SmallVector<Vectors> arguments;
    for (Value operand : operands) {
      Vectors &vectors = arguments.emplace_back();
      for (int64_t i = 0; i < count; ++i) vectors.push_back(load(loc, operand, context.plus(loc, first, i)));
    }
    return arguments;
  }

  /// Runs `body(first, count)` for `elements` elements, `group` at a time.
  void forEachGroup(Location loc, int64_t elements, int64_t group, llvm::function_ref<void(Value, int64_t)> body) {
    const int64_t whole = elements / group * group;
    context.forEach(loc, whole, group, [&](Value first) { body(first, group); });
    if (whole < elements) body(context.index(whole, loc), elements - whole);
  }

  void emit(MapOp map) {
    Location loc = map.getLoc();
    forEachGroup(loc, elementsOf(map.getResult()), kFeaturesOfCostly, [&](Value first, int64_t count) {
      finish(loc, map.getBody(), argumentsOf(loc, map.getInputs(), first, count), map.getResult(), first);
    });
  }

  void emit(SoftmaxOp op) {
    const int64_t length = op.getType().getShape().back();
    context.forEach(op.getLoc(), elementsOf(op.getResult()) / length, 1,
                    [&](Value group) { emit(op, context.times(op.getLoc(), group, length), length); });
  }

  /// The softmax of the elements from `start` on. The maximum passes over a NaN; the sum does not.
  void emit(SoftmaxOp op, Value start, int64_t length) {
    Location loc = op.getLoc();
    Value result = bufferOf(op.getResult());
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
      if (!op.getLogarithm()) store(loc, result, place(i), power);
      sum[0] = builder.create<arith::AddFOp>(loc, sum[0], power);
    });
    Value logarithm = op.getLogarithm() ? emitLog(sum[0], builder, loc, context.features) : Value();
    context.forEach(loc, length, 1, [&](Value i) {
      Value each = logarithm ? builder.create<arith::SubFOp>(loc, shifted(i, maximum[0]), logarithm).getResult()
                             : builder.create<arith::DivFOp>(loc, load(loc, op.getResult(), place(i)), sum[0]);
      store(loc, result, place(i), each);
    });
  }

  void emit(ContractionOp layer) {
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

  /// The sums of `count` features from `first` on. Their weights of the first input begin at `weights`; those of the
  /// next one lie `stride` behind.
  Vectors sums(ContractionOp layer, Value first, int64_t count, Value weights, int64_t stride) {
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
};

/// Emits the kernel for a number of samples that is an argument. It copies them to a block of its own, whose other
/// lanes repeat the last sample: they raise no exception flags that it does not raise.
void emitPart(mlir::func::FuncOp part, mlir::func::FuncOp whole, const NetworkSummary &summary,
              KernelContext &context) {
  mlir::OpBuilder &builder = context.builder;
  Location loc = part.getLoc();
  const int64_t samples = summary.samplesInLanes;
  const size_t ports = summary.inputs.size() + summary.outputs.size();
  Value count = part.getArguments().back(), last = builder.create<arith::SubIOp>(loc, count, context.index(1, loc));
  llvm::SmallVector<Value> operands;
  for (size_t p = 0; p < ports; ++p)
    operands.push_back(builder.create<memref::AllocaOp>(
        loc, llvm::cast<mlir::MemRefType>(part.getArgument(static_cast<unsigned>(p)).getType()),
        builder.getI64IntegerAttr(64)));
  operands.push_back(part.getArgument(static_cast<unsigned>(ports)));
  const auto copy = [&](Value from, Value fromSample, Value to, Value toSample, int64_t elements) {
    context.forEach(loc, elements, 1, [&](Value element) {
      Value each = builder.create<memref::LoadOp>(loc, from,
                                                  context.plus(loc, context.times(loc, fromSample, elements), element));
      builder.create<memref::StoreOp>(loc, each, to,
                                      context.plus(loc, context.times(loc, toSample, elements), element));
    });
  };
  for (auto [p, input] : llvm::enumerate(summary.inputs))
    context.forEach(loc, samples, 1, [&](Value sample) {
      Value source = builder.create<arith::MinUIOp>(loc, sample, last);
      copy(part.getArgument(static_cast<unsigned>(p)), source, operands[p], sample, input.elements);
    });
  builder.create<mlir::func::CallOp>(loc, whole, operands);
  for (auto [i, output] : llvm::enumerate(summary.outputs)) {
    const size_t p = summary.inputs.size() + i;
    context.forEach(loc, context.index(0, loc), count, 1, [&](Value sample) {
      copy(operands[p], sample, part.getArgument(static_cast<unsigned>(p)), sample, output.elements);
    });
  }
}

}  // namespace

mlir::LogicalResult emitLanes(mlir::func::FuncOp network, const NetworkSummary &summary, VectorFeatures features,
                              const llvm::MapVector<Value, memref::GlobalOp> &constants) {
  auto module = network->getParentOfType<mlir::ModuleOp>();
  const auto create = [&](const std::string &name, bool counts) {
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
    llvm::SmallVector<mlir::Type> arguments;
    const auto add = [&](int64_t elements) {
      arguments.push_back(mlir::MemRefType::get({elements}, builder.getF32Type()));
    };
    for (const PortSummary &port : summary.inputs) add(summary.samplesInLanes * port.elements);
    for (const PortSummary &port : summary.outputs) add(summary.samplesInLanes * port.elements);
    add(std::max<int64_t>(1, summary.scratchBytes / static_cast<int64_t>(sizeof(float))));
    const auto pointers = static_cast<unsigned>(arguments.size());
    if (counts) arguments.push_back(builder.getIndexType());
    auto function = builder.create<mlir::func::FuncOp>(network.getLoc(), name, builder.getFunctionType(arguments, {}));
    function.setPrivate();
    for (unsigned i = 0; i < pointers; ++i)
      function.setArgAttr(i, mlir::LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
    function.addEntryBlock();
    return function;
  };
  mlir::func::FuncOp whole = create(summary.lanesName(), false), part = create(summary.lanesPartName(), true);
  mlir::OpBuilder builder(module.getContext());
  KernelContext context(builder, /*capacity=*/1, Value(), features);
  builder.setInsertionPointToStart(&whole.front());
  if (mlir::failed(LanesEmitter(network, summary, whole, context, constants).run())) return mlir::failure();
  builder.create<mlir::func::ReturnOp>(network.getLoc());
  builder.setInsertionPointToStart(&part.front());
  emitPart(part, whole, summary, context);
  builder.create<mlir::func::ReturnOp>(network.getLoc());
  return mlir::success();
}

}  // namespace inlay::compiler
