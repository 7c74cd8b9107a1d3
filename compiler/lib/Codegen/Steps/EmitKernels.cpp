// SPDX-License-Identifier: Apache-2.0
// Replaces each network by scf + vector kernels over flat memrefs: one for a single row and one for blocks of rows.
#include "Inlay/Network/Summary.h"

#include <map>

#include "Contraction/RotatedWeights.h"
#include "Inlay/Network/Stages.h"
#include "Kernel/ConstantMemory.h"
#include "Kernel/KernelContext.h"
#include "Lanes/EmitLanes.h"
#include "Steps/EmitPack.h"
#include "Steps/SharedSteps.h"
#include "Training/EmitTraining.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/BuiltinOps.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_EMITKERNELSPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

using mlir::Value;

class NetworkEmitter {
 public:
  NetworkEmitter(mlir::func::FuncOp network, mlir::ModuleOp module, VectorFeatures features, bool reproducible,
                 llvm::DenseMap<mlir::Operation *, ConstantOp> rotated)
      : network(network), module(module), features(features), reproducible(reproducible), rotated(std::move(rotated)) {}

  mlir::LogicalResult run(const NetworkSummary &summary) {
    if (summary.takesWeights()) emitPack(network, summary, module, constants);
    for (ConstantOp constant : network.getOps<ConstantOp>())
      if (!constants.contains(constant))
        constants.addGlobal(constant, createGlobal(llvm::cast<mlir::DenseElementsAttr>(constant.getValue()),
                                                   constant.getName().value_or("constant"), constant.getLoc()));
    for (mlir::Operation &op : network.front().without_terminator()) all.push_back(&op);
    const bool loops = llvm::any_of(all, [](mlir::Operation *op) { return loopOf(op).has_value(); });
    if (isHelper(summary.role)) {
      std::string entry = summary.name;
      entry[entry.rfind('.')] = '_';
      return emitKernel(summary, entry, /*capacity=*/1, all, {});
    }
    const auto count = llvm::count_if(all, [](mlir::Operation *op) { return llvm::cast<KernelOp>(op).hasKernel(); });
    compact = count >= (summary.role == Role::training ? kManyOpsOfTraining : kManyOps) && !loops;
    for (int64_t capacity : summary.rowBlocks)
      if (mlir::failed(emitKernel(summary, summary.kernelName(capacity), capacity, all, {}))) return mlir::failure();
    const auto kernelInLanes = [&](const std::string &name, int64_t numbers, mlir::OpBuilder &builder) {
      const llvm::SmallVector<mlir::Type> indices(static_cast<size_t>(numbers), builder.getIndexType());
      return createFunction(summary, name, features.lanes, indices, builder);
    };
    if (summary.samplesInLanes > 0 && mlir::failed(emitLanes(network, summary, features, constants, kernelInLanes)))
      return mlir::failure();
    if (summary.voicesInLanes > 0 && mlir::failed(emitVoices(network, summary, features, constants, kernelInLanes)))
      return mlir::failure();
    if (summary.hasReset()) emitReset(summary);
    if (summary.role != Role::inference) emitTraining(network, summary, features, module);
    for (auto [capacity, stages] : llvm::zip(summary.rowBlocks, summary.stages))
      for (auto [number, stage] : llvm::enumerate(stagesOf(network, capacity)))
        if (mlir::failed(emitKernel(summary, summary.stageName(capacity, number), capacity, stage.ops, stage.split)))
          return mlir::failure();
    return mlir::success();
  }

 private:
  mlir::func::FuncOp network;
  mlir::ModuleOp module;
  VectorFeatures features;
  bool reproducible;
  llvm::DenseMap<mlir::Operation *, ConstantOp> rotated;  // the rotated weights of layers
  llvm::SmallVector<mlir::Operation *> all;               // of the network
  bool compact = false;                                   // whether short code counts for more than fast code
  /// By capacity and whether the kernel is a stage. Stages keep all values in memory.
  std::map<std::pair<int64_t, bool>, SharedSteps> shared;
  /// By capacity, way of dividing the work (-1: none) and representative.
  std::map<std::tuple<int64_t, int, mlir::Operation *>, mlir::func::FuncOp> steps;
  ConstantMemory constants;

  mlir::MemRefType flat(int64_t elements, mlir::Type element = {}) {
    return mlir::MemRefType::get({elements}, element ? element : mlir::Float32Type::get(network.getContext()));
  }

  /// A private constant of the object, aligned to a cache line.
  mlir::memref::GlobalOp createGlobal(mlir::DenseElementsAttr elements, llvm::StringRef what, mlir::Location loc) {
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
    // The kernels see bf16 weights only as bits. Few targets have bf16 in registers: LLVM would move it as f32 and call
    // a library function to convert it back.
    if (elements.getElementType().isBF16()) elements = elements.bitcast(builder.getI16Type());
    auto flatType = mlir::RankedTensorType::get({elements.getNumElements()}, elements.getElementType());
    std::string name = (network.getName() + "." + what).str();
    while (mlir::SymbolTable::lookupSymbolIn(module, name)) name += "_";
    return builder.create<mlir::memref::GlobalOp>(loc, name, builder.getStringAttr("private"),
                                                  flat(elements.getNumElements(), elements.getElementType()),
                                                  elements.reshape(flatType),
                                                  /*constant=*/true, builder.getI64IntegerAttr(64));
  }

  /// A network with at least this many ops is emitted compactly: equal ops share their code. A smaller network is
  /// faster without that, because its addresses are constants and each op begins before the previous one ends.
  static constexpr int64_t kManyOps = 24;
  /// The same for training, whose kernels take blocks of samples and so begin ops less often. Steps through time are
  /// that many.
  static constexpr int64_t kManyOpsOfTraining = 96;

  /// Creates a function with a kernel's pointers: the inputs, the outputs, the memory if there is state, the weights if
  /// they are an argument, the scratch memory. The types `further` follow.
  mlir::func::FuncOp createFunction(const NetworkSummary &summary, const std::string &name, int64_t capacity,
                                    llvm::ArrayRef<mlir::Type> further, mlir::OpBuilder &builder) {
    builder.setInsertionPointToEnd(module.getBody());
    llvm::SmallVector<mlir::Type> arguments;
    for (const PortSummary &port : summary.inputs)
      arguments.push_back(flat(capacity * port.elements,
                               port.type == dtype::i32 ? mlir::Type(builder.getI32Type()) : builder.getF32Type()));
    for (const PortSummary &port : summary.outputs) arguments.push_back(flat(capacity * port.elements));
    if (summary.hasState()) arguments.push_back(flat(summary.memoryBytes / static_cast<int64_t>(sizeof(float))));
    if (summary.takesWeights()) arguments.push_back(mlir::MemRefType::get({summary.packedBytes}, builder.getI8Type()));
    arguments.push_back(flat(std::max<int64_t>(1, summary.scratchBytes / static_cast<int64_t>(sizeof(float)))));
    const size_t pointers = arguments.size();
    arguments.append(further.begin(), further.end());

    auto function = builder.create<mlir::func::FuncOp>(network.getLoc(), name, builder.getFunctionType(arguments, {}));
    function.setPrivate();
    for (unsigned i = 0; i < pointers; ++i)
      function.setArgAttr(i, mlir::LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
    // So LLVM may load weights early, as it may those of the object.
    if (summary.takesWeights()) {
      const auto weights = static_cast<unsigned>(summary.weightsPointer());
      function.setArgAttr(weights, mlir::LLVM::LLVMDialect::getReadonlyAttrName(), builder.getUnitAttr());
      function.setArgAttr(weights, mlir::LLVM::LLVMDialect::getDereferenceableAttrName(),
                          builder.getI64IntegerAttr(summary.packedBytes));
    }
    builder.setInsertionPointToStart(function.addEntryBlock());
    return function;
  }

  /// The numbers that follow a kernel's pointers: that of the rows if there may be several, then the part and the
  /// number of parts if it is a stage.
  static llvm::SmallVector<mlir::Type> numbersOf(int64_t capacity, bool hasParts, mlir::OpBuilder &builder) {
    return llvm::SmallVector<mlir::Type>(static_cast<size_t>((capacity > 1 ? 1 : 0) + (hasParts ? 2 : 0)),
                                         builder.getIndexType());
  }

  /// Emits `<name>_reset`, which sets a memory to what it is before the first step: zeros, and the first values of
  /// states.
  void emitReset(const NetworkSummary &summary) {
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
    mlir::Location loc = network.getLoc();
    const int64_t elements = summary.memoryBytes / static_cast<int64_t>(sizeof(float));
    auto reset =
        builder.create<mlir::func::FuncOp>(loc, summary.name + "_reset", builder.getFunctionType({flat(elements)}, {}));
    builder.setInsertionPointToStart(reset.addEntryBlock());
    KernelContext context(builder, /*capacity=*/1, Value(), features);
    RowView memory;
    memory.memory = reset.getArgument(0), memory.elements = elements;
    Value row = context.index(0, loc);  // and the first column
    Value zeros = context.splat(loc, 0, features.lanes);
    context.forEachVector(loc, elements,
                          [&](Value column, int64_t live) { context.store(loc, memory, row, column, zeros, live); });
    for (mlir::BlockArgument argument : network.getArguments()) {
      const unsigned number = argument.getArgNumber();
      auto initial = network.getArgAttrOfType<mlir::DenseElementsAttr>(number, kInitialAttr);
      if (!initial) continue;
      mlir::memref::GlobalOp global = createGlobal(initial, "initial", argument.getLoc());
      RowView from, to = memory;
      from.memory = builder.create<mlir::memref::GetGlobalOp>(loc, global.getType(), global.getName());
      from.elements = to.elements = elementsOf(argument);
      to.base = *stateOfArgument(network, number);
      context.copyRun(loc, row, from.elements, from, row, to, row);
    }
    builder.create<mlir::func::ReturnOp>(loc);
  }

  /// The context for the emitters of `function`.
  KernelContext contextOf(mlir::func::FuncOp function, const NetworkSummary &summary, int64_t capacity,
                          std::optional<Stage::Split> split, mlir::OpBuilder &builder) {
    const auto pointers = static_cast<unsigned>(summary.pointers());
    KernelContext context(builder, capacity, capacity > 1 ? function.getArgument(pointers) : Value(), features);
    context.compact = compact;
    // A step has the same bits however many steps a call has, even if several kernels share them.
    context.reproducible = reproducible || (summary.hasState() && summary.rowBlocks.size() > 1);
    const unsigned parts = pointers + (capacity > 1 ? 1 : 0);
    if (split) takePart(context, *split, function.getArguments().slice(parts, 2));
    context.scratch = function.getArgument(pointers - 1);
    if (summary.hasState()) context.memory = function.getArgument(static_cast<unsigned>(summary.memoryPointer()));
    context.workspace = workspaceBase(network);
    return context;
  }

  mlir::LogicalResult emitKernel(const NetworkSummary &summary, const std::string &name, int64_t capacity,
                                 llvm::ArrayRef<mlir::Operation *> ops, std::optional<Stage::Split> split) {
    mlir::OpBuilder builder(module.getContext());
    mlir::func::FuncOp kernel =
        createFunction(summary, name, capacity, numbersOf(capacity, split.has_value(), builder), builder);
    KernelContext context = contextOf(kernel, summary, capacity, split, builder);
    llvm::DenseMap<Value, Value> memory = constants.emitIn(kernel, builder);
    for (auto [layer, weights] : rotated) context.rotated[layer] = memory.lookup(weights);
    const auto views = [&](Value value) {
      RowView view = viewOf(value, summary, kernel, capacity, memory);
      view.inRegister = context.inRegister.lookup(value);
      return view;
    };
    for (size_t next = 0; next < ops.size();) {
      mlir::Operation *op = ops[next];
      if (loopOf(op)) {
        llvm::ArrayRef<mlir::Operation *> loop =
            ops.drop_front(next).take_while([&](mlir::Operation *each) { return loopOf(each) == loopOf(op); });
        if (mlir::failed(emitLoop(loop, context, views))) return mlir::failure();
        next += loop.size();
        continue;
      }
      ++next;
      if (mlir::Operation *representative = representativeOf(*op, capacity, split)) {
        mlir::func::FuncOp &step = steps[{capacity, split ? static_cast<int>(*split) : -1, representative}];
        if (!step) {
          const std::string number = std::to_string(steps.size());
          step = emitStep(summary, summary.kernelName(capacity) + "_step" + number, capacity, *representative, split);
          if (!step) return mlir::failure();
        }
        callStep(step, *op, kernel, capacity, memory, builder);
      } else if (split == Stage::Split::lists) {
        emitNonzeroList(llvm::cast<ContractionOp>(op), context, views);
      } else if (mlir::failed(emitOp(*op, context, views))) {
        return mlir::failure();
      }
    }
    builder.create<mlir::func::ReturnOp>(network.getLoc());
    return mlir::success();
  }

  /// Emits ops that depend on what they have computed for the row before: all of them for one row after the other.
  mlir::LogicalResult emitLoop(llvm::ArrayRef<mlir::Operation *> ops, KernelContext &ofBlock, ViewLookup viewsOfBlock) {
    mlir::OpBuilder &builder = ofBlock.builder;
    mlir::OpBuilder::InsertionGuard guard(builder);
    KernelContext context(builder, /*capacity=*/1, Value(), features);
    // All kernels run this code, so sums have the same order without a rule.
    context.reproducible = reproducible;
    context.scratch = ofBlock.scratch, context.memory = ofBlock.memory, context.workspace = ofBlock.workspace;
    context.rotated = ofBlock.rotated;
    Value row;
    const auto views = [&](Value value) {
      RowView view = viewsOfBlock(value);
      view.inRegister = context.inRegister.lookup(value);
      if (row && view.stride != 0) {
        mlir::Location loc = value.getLoc();
        Value start = builder.create<mlir::arith::MulIOp>(loc, row, context.index(view.stride, loc));
        view.start = view.start ? context.plus(loc, view.start, start) : start;
        view.stride = 0;
      }
      return view;
    };
    if (ofBlock.capacity > 1) {
      mlir::Location loc = ops.front()->getLoc();
      auto loop = builder.create<mlir::scf::ForOp>(loc, context.index(0, loc), ofBlock.rows, context.index(1, loc));
      builder.setInsertionPointToStart(loop.getBody());
      row = loop.getInductionVar();
    }
    for (mlir::Operation *op : ops)
      if (mlir::failed(emitOp(*op, context, views))) return mlir::failure();
    return mlir::success();
  }

  /// The op whose step also computes `op`, in kernels for up to `capacity` rows. Null if `op` shares no code.
  mlir::Operation *representativeOf(mlir::Operation &op, int64_t capacity, std::optional<Stage::Split> split) {
    if (!compact || split == Stage::Split::lists) return nullptr;
    const bool keepsRegisters = capacity == 1 && !split;
    auto found = shared.find({capacity, split.has_value()});
    if (found == shared.end()) {
      const auto staysInRegister = [&](Value value) {
        auto layer = value.getDefiningOp<ContractionOp>();
        return keepsRegisters && layer && fitsRegister(layer);
      };
      SharedSteps steps(all, [&](mlir::Operation &each) {
        return !staysInRegister(each.getResult(0)) && llvm::none_of(each.getOperands(), staysInRegister);
      });
      found = shared.emplace(std::pair(capacity, split.has_value()), std::move(steps)).first;
    }
    return found->second.representativeOf(op);
  }

  mlir::LogicalResult emitOp(mlir::Operation &op, KernelContext &context, ViewLookup views) {
    if (!llvm::cast<KernelOp>(op).hasKernel()) return mlir::success();
    bool known = llvm::TypeSwitch<mlir::Operation *, bool>(&op)
                     .Case([&](ContractionOp o) { return emitContraction(o, context, views), true; })
                     .Case([&](MapOp o) { return emitMap(o, context, views), true; })
                     .Case([&](SoftmaxOp o) { return emitSoftmax(o, context, views), true; })
                     .Case([&](ConcatOp o) { return emitConcat(o, context, views), true; })
                     .Case([&](SliceOp o) { return emitSlice(o, context, views), true; })
                     .Case([&](HistoryOp o) { return emitHistory(o, context, views), true; })
                     .Case([&](PermuteOp o) { return emitPermute(o, context, views), true; })
                     .Case([&](PadOp o) { return emitPad(o, context, views), true; })
                     .Case([&](NormalizeOp o) { return emitNormalize(o, context, views), true; })
                     .Case([&](ReduceOp o) { return emitReduce(o, context, views), true; })
                     .Case([&](ResampleOp o) { return emitResample(o, context, views), true; })
                     .Case([&](EmbeddingOp o) { return emitEmbedding(o, context, views), true; })
                     .Case([&](WindowOp o) { return emitWindow(o, context, views), true; })
                     .Case([&](AccumulateOp o) { return emitAccumulate(o, context, views), true; })
                     .Case([&](MaxPoolGradientOp o) { return emitMaxPoolGradient(o, context, views), true; })
                     .Default(false);
    if (!known) return op.emitOpError("has no emitter");
    return mlir::success();
  }

  /// The values of an op, in the order of a step's arguments.
  static llvm::SmallVector<Value> valuesOf(mlir::Operation &op) {
    llvm::SmallVector<Value> values(op.getOperands());
    values.push_back(op.getResult(0));
    return values;
  }

  /// Emits the function that computes `op` and all ops that it represents.
  mlir::func::FuncOp emitStep(const NetworkSummary &summary, const std::string &name, int64_t capacity,
                              mlir::Operation &op, std::optional<Stage::Split> split) {
    mlir::OpBuilder builder(module.getContext());
    llvm::SmallVector<mlir::Type> further = numbersOf(capacity, split.has_value(), builder);
    const size_t numbers = further.size();
    for (Value value : valuesOf(op)) {
      const StepArgument told = stepArgumentOf(value);
      if (told == StepArgument::memory) further.push_back(constants.typeOf(value));
      if (told == StepArgument::start) further.push_back(builder.getIndexType());
    }
    mlir::func::FuncOp step = createFunction(summary, name, capacity, further, builder);
    step->setAttr("llvm.linkage", mlir::LLVM::LinkageAttr::get(module.getContext(), mlir::LLVM::Linkage::Internal));
    step->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
    KernelContext context = contextOf(step, summary, capacity, split, builder);
    llvm::SmallVector<std::pair<Value, RowView>> told;
    size_t next = step.getNumArguments() - (further.size() - numbers);
    for (Value value : valuesOf(op)) {
      const StepArgument kind = stepArgumentOf(value);
      Value argument = kind == StepArgument::none ? Value() : step.getArgument(static_cast<unsigned>(next++));
      llvm::DenseMap<Value, Value> memory;
      if (kind == StepArgument::memory) memory[value] = argument;
      RowView view = viewOf(value, summary, step, capacity, memory);
      if (kind == StepArgument::start) view.base = 0, view.start = argument;
      told.emplace_back(value, view);
    }
    const auto views = [&](Value value) {
      return llvm::find_if(told, [&](const auto &each) { return each.first == value; })->second;
    };
    if (mlir::failed(emitOp(op, context, views))) return {};
    builder.create<mlir::func::ReturnOp>(network.getLoc());
    return step;
  }

  void callStep(mlir::func::FuncOp step, mlir::Operation &op, mlir::func::FuncOp kernel, int64_t capacity,
                const llvm::DenseMap<Value, Value> &memory, mlir::OpBuilder &builder) {
    llvm::SmallVector<Value> operands(kernel.getArguments());
    for (Value value : valuesOf(op)) {
      const StepArgument told = stepArgumentOf(value);
      if (told == StepArgument::memory) operands.push_back(memory.lookup(value));
      if (told == StepArgument::start)
        operands.push_back(builder.create<mlir::arith::ConstantIndexOp>(op.getLoc(), startOf(value, capacity)));
    }
    builder.create<mlir::func::CallOp>(op.getLoc(), step, operands);
  }

  /// Where a placed value starts in its memory, for a kernel of up to `capacity` rows.
  static int64_t startOf(Value value, int64_t capacity) {
    auto place = value.getDefiningOp()->getAttrOfType<PlacementAttr>(kPlacementAttr);
    const int64_t state = place.getRoot() == "state" ? place.getIndex() : 0;
    return state + place.getBase() * capacity + place.getOffset();
  }

  /// Limits a kernel to one part of its work.
  void takePart(KernelContext &context, Stage::Split split, mlir::ValueRange partOfParts) {
    context.staged = true;
    Value part = partOfParts[0], parts = partOfParts[1];
    if (split == Stage::Split::panels) context.part = part, context.parts = parts;
    if (split == Stage::Split::lines) context.share = part, context.shares = parts;
    if (split != Stage::Split::rows) return;
    mlir::Location loc = network.getLoc();
    Value next = context.builder.create<mlir::arith::AddIOp>(loc, part, context.index(1, loc)), rows = context.rows;
    context.firstRow = context.shareStart(loc, rows, part, parts);
    context.rows = context.shareStart(loc, rows, next, parts);
  }

  RowView viewOf(Value value, const NetworkSummary &summary, mlir::func::FuncOp kernel, int64_t capacity,
                 llvm::DenseMap<Value, Value> &memory) {
    RowView view;
    view.elements = elementsOf(value);
    if (auto argument = llvm::dyn_cast<mlir::BlockArgument>(value)) {
      if (const std::optional<int64_t> state = stateOfArgument(network, argument.getArgNumber())) {
        view.memory = kernel.getArgument(static_cast<unsigned>(summary.memoryPointer()));
        view.base = *state;
        return view;
      }
      view.memory = kernel.getArgument(argument.getArgNumber());
      view.stride = view.elements;
      return view;
    }
    auto place = value.getDefiningOp()->getAttrOfType<PlacementAttr>(kPlacementAttr);
    view.stride = place.getStride();
    view.base = startOf(value, capacity);
    view.padded = place.getPadded();
    view.line = place.getLine();
    // All samples of a batch share the parameters, also where an op views them in another shape. Steps share a state.
    if (place.getRoot() == "state") view.stride = 0;
    if (place.getRoot() == "constant") {
      // A view shares its constant's memory.
      while (Value viewed = llvm::cast<KernelOp>(value.getDefiningOp()).getViewed()) value = viewed;
      view.memory = memory.lookup(value);
    } else if (place.getRoot() == "packed") {
      view.memory = kernel.getArgument(static_cast<unsigned>(summary.pointers() - 1));
      view.base = packedBase(network) + place.getIndex();
    } else if (place.getRoot() == "arena") {
      view.memory = kernel.getArgument(static_cast<unsigned>(summary.pointers() - 1));
      view.readable = true;  // the arena ends with a spare vector
    } else if (place.getRoot() == "state") {
      view.memory = kernel.getArgument(static_cast<unsigned>(summary.memoryPointer()));
    } else {
      const size_t first = place.getRoot() == "output" ? summary.inputs.size() : 0;
      view.memory = kernel.getArgument(static_cast<unsigned>(first + static_cast<size_t>(place.getIndex())));
    }
    return view;
  }
};

struct EmitKernelsPass : impl::EmitKernelsPassBase<EmitKernelsPass> {
  using EmitKernelsPassBase::EmitKernelsPassBase;

  void runOnOperation() override {
    mlir::ModuleOp module = getOperation();
    llvm::SmallVector<mlir::func::FuncOp> networks;
    for (auto function : module.getOps<mlir::func::FuncOp>())
      if (function->hasAttr(kArenaAttr)) networks.push_back(function);
    llvm::SmallVector<mlir::Attribute> summaries;
    for (mlir::func::FuncOp network : networks) {
      for (mlir::Operation &op : network.front().without_terminator())
        if (!llvm::isa<KernelOp>(op)) {
          op.emitOpError("has no kernel; did the layout phase run?");
          return signalPassFailure();
        }
      const TargetAttr target = targetOf(network);
      VectorFeatures features{.lanes = target.getLanes(), .fma = target.getFma()};
      // Instructions that only some processors have give other last bits than the portable forms.
      features.avx2 = target.getAvx2() && !reproducible;
      features.avx512 = target.getAvx512() && !reproducible;
      llvm::DenseMap<mlir::Operation *, ConstantOp> rotated;
      if (!reproducible) rotated = addRotatedWeights(network);
      const bool helps = isHelper(roleOf(network));
      const NetworkSummary summary = summarize(network, parallel && !helps);
      if (mlir::failed(NetworkEmitter(network, module, features, reproducible, std::move(rotated)).run(summary)))
        return signalPassFailure();
      if (!helps) summaries.push_back(entryAttribute(summary, &getContext()));
    }
    for (mlir::func::FuncOp network : networks) network.erase();
    module->setAttr(kEntriesAttr, mlir::ArrayAttr::get(&getContext(), summaries));
  }
};

}  // namespace
}  // namespace inlay::compiler
