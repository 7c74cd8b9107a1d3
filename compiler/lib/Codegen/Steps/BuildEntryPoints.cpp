// SPDX-License-Identifier: Apache-2.0
// Builds the public functions of each network: `<name>_run` calls the kernel for a single sample, or has
// `<name>_run_blocks` split any batch into row blocks; `<name>_run_parallel` has the caller's threads call their
// stages, `<name>_run_voices` runs several streams, `<name>_scratch_bytes` and `<name>_packed_bytes` return constants.
#include "Inlay/Network/ShareAll.h"
#include "Inlay/Network/Summary.h"
#include "Inlay/Transforms/Passes.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_BUILDENTRYPOINTSPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

namespace LLVM = mlir::LLVM;
using mlir::Block;
using mlir::Value;

class EntryBuilder {
 public:
  EntryBuilder(const NetworkSummary &summary, mlir::ModuleOp module)
      : summary(summary),
        module(module),
        builder(mlir::OpBuilder::atBlockEnd(module.getBody())),
        loc(builder.getUnknownLoc()),
        pointer(LLVM::LLVMPointerType::get(module.getContext())),
        ports(summary.inputs.size() + summary.outputs.size()) {
    // The kernels know the network's place in the source.
    if (auto kernel = module.lookupSymbol(summary.kernelName(summary.rowBlocks.back()))) loc = kernel->getLoc();
  }

  void run() {
    if (inArray()) {
      for (int64_t rows : summary.rowBlocks) readFromArray(summary.kernelName(rows));
      for (auto [rows, stages] : llvm::zip(summary.rowBlocks, summary.stages))
        for (size_t stage = 0; stage < stages.size(); ++stage) readFromArray(summary.stageName(rows, stage));
    }
    buildRun();
    if (summary.isParallel()) buildRunParallel();
    if (summary.runsVoices) buildRunVoices();
    if (summary.computesWeights)
      for (llvm::StringRef each : kHelpers)
        entries.push_back(module.lookupSymbol<LLVM::LLVMFuncOp>((summary.name + "_" + each).str()));
    buildSize("_scratch_bytes", summary.scratchBytes);
    if (summary.takesWeights()) buildSize("_packed_bytes", summary.packedBytes);
    const auto hide = [&](const std::string &name) {
      module.lookupSymbol<LLVM::LLVMFuncOp>(name).setLinkage(LLVM::Linkage::Internal);
    };
    for (int64_t rows : summary.rowBlocks) hide(summary.kernelName(rows));
    if (summary.samplesInLanes > 0)
      for (const std::string &name : {summary.lanesName(), summary.lanesPartName()}) hide(name);
    if (summary.voicesInLanes > 0) hide(summary.voicesName());
    for (auto [rows, stages] : llvm::zip(summary.rowBlocks, summary.stages))
      for (size_t stage = 0; stage < stages.size(); ++stage) hide(summary.stageName(rows, stage));
  }

  /// The pointers that kernels get besides the inputs and outputs. They follow the batch in the arguments of an entry
  /// point.
  size_t further() const { return summary.furtherPointers(); }

  /// Functions that are called from outside of the object, by the caller's thread and by the threads that it lends.
  llvm::SmallVector<LLVM::LLVMFuncOp> entries;
  /// Functions that must not be inlined into the entry points.
  llvm::SmallVector<LLVM::LLVMFuncOp> apart;

 private:
  const NetworkSummary &summary;
  mlir::ModuleOp module;
  mlir::OpBuilder builder;
  mlir::Location loc;
  mlir::Type pointer;
  const size_t ports;

  /// LLVM's time grows with the square of a call's number of arguments, and with its cube if each is compared with
  /// null. From this many inputs and outputs on, their pointers are in an array.
  static constexpr size_t kManyPorts = 64;
  bool inArray() const { return ports >= kManyPorts; }

  LLVM::LLVMFuncOp function(llvm::StringRef name, mlir::Type result, llvm::ArrayRef<mlir::Type> arguments) {
    builder.setInsertionPointToEnd(module.getBody());
    return builder.create<LLVM::LLVMFuncOp>(loc, name, LLVM::LLVMFunctionType::get(result, arguments));
  }
  void buildSize(const char *suffix, int64_t bytes) {
    auto size = function(summary.name + suffix, builder.getI64Type(), {});
    builder.setInsertionPointToStart(size.addEntryBlock(builder));
    builder.create<LLVM::ReturnOp>(loc, number(bytes));
  }
  Value number(int64_t value) { return builder.create<LLVM::ConstantOp>(loc, builder.getI64IntegerAttr(value)); }

  /// From this many FLOPs in a block of rows on, the threads share the work. So many FLOPs take some microseconds.
  static constexpr int64_t kWorthMeeting = 1'000'000;

  /// The function that a thread calls for its part of a stage. It loads the stage's arguments from the slots that
  /// callStages() fills: pointers, the scratch memory and, for several rows, the rows.
  LLVM::LLVMFuncOp buildWork(int64_t capacity, size_t stage, size_t pointers) {
    mlir::OpBuilder::InsertionGuard guard(builder);
    auto work = function(summary.stageName(capacity, stage) + "_work", LLVM::LLVMVoidType::get(module.getContext()),
                         {pointer, builder.getI64Type(), builder.getI64Type()});
    work.setLinkage(LLVM::Linkage::Internal);
    entries.push_back(work);
    builder.setInsertionPointToStart(work.addEntryBlock(builder));
    llvm::SmallVector<Value> operands;
    for (size_t i = 0; i < pointers; ++i)
      operands.push_back(builder.create<LLVM::LoadOp>(loc, pointer, slot(work.getArgument(0), i)));
    if (capacity > 1)
      operands.push_back(builder.create<LLVM::LoadOp>(loc, builder.getI64Type(), slot(work.getArgument(0), pointers)));
    operands.append({work.getArgument(1), work.getArgument(2)});
    builder.create<LLVM::CallOp>(loc, mlir::TypeRange(), summary.stageName(capacity, stage), operands);
    builder.create<LLVM::ReturnOp>(loc, mlir::ValueRange());
    return work;
  }

  Value slot(Value slots, size_t i) {
    return builder.create<LLVM::GEPOp>(loc, pointer, builder.getI64Type(), slots,
                                       llvm::ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
  }

  /// Makes a kernel take one array of pointers instead of one pointer for each input and output.
  void readFromArray(llvm::StringRef kernelName) {
    mlir::OpBuilder::InsertionGuard guard(builder);
    auto kernel = module.lookupSymbol<LLVM::LLVMFuncOp>(kernelName);
    Block &body = kernel.getBody().front();
    Value array = body.insertArgument(0u, pointer, loc);
    for (size_t p = 0; p < ports; ++p)
      for (mlir::OpOperand &use :
           llvm::make_early_inc_range(body.getArgument(static_cast<unsigned>(p + 1)).getUses())) {
        builder.setInsertionPoint(use.getOwner());
        use.set(builder.create<LLVM::LoadOp>(loc, pointer, slot(array, p)));
      }
    body.eraseArguments(1, static_cast<unsigned>(ports));
    // The array aliases nothing, like the buffers that it points to. The other arguments keep their attributes.
    llvm::SmallVector<mlir::Attribute> attributes{builder.getDictionaryAttr(
        builder.getNamedAttr(LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr()))};
    if (mlir::ArrayAttr old = kernel.getArgAttrsAttr())
      llvm::append_range(attributes, old.getValue().drop_front(ports));
    attributes.resize(body.getNumArguments(), builder.getDictionaryAttr({}));
    kernel.setArgAttrsAttr(builder.getArrayAttr(attributes));
    kernel.setFunctionType(LLVM::LLVMFunctionType::get(kernel.getFunctionType().getReturnType(),
                                                       llvm::to_vector(body.getArgumentTypes())));
  }

  /// Emits a loop that runs `emit(p)` for each input and output p, and leaves the builder after the loop. If `leave` is
  /// given, the loop branches there with `leaving` as soon as a result of `emit` is false.
  void forEachPort(llvm::function_ref<Value(Value)> emit, Block *leave = nullptr, mlir::ValueRange leaving = {}) {
    Block *here = builder.getInsertionBlock();
    mlir::Region &body = *here->getParent();
    Block *loop = builder.createBlock(&body, std::next(here->getIterator()), builder.getI64Type(), loc);
    Block *after = builder.createBlock(&body, std::next(loop->getIterator()));
    builder.setInsertionPointToEnd(here);
    builder.create<LLVM::BrOp>(loc, mlir::ValueRange{number(0)}, loop);
    builder.setInsertionPointToEnd(loop);
    Value stay = emit(loop->getArgument(0));
    if (leave) {
      Block *next = builder.createBlock(&body, after->getIterator());
      builder.setInsertionPointToEnd(loop);
      builder.create<LLVM::CondBrOp>(loc, stay, next, mlir::ValueRange(), leave, leaving);
      builder.setInsertionPointToEnd(next);
    }
    Value following = builder.create<LLVM::AddOp>(loc, loop->getArgument(0), number(1));
    Value more = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::ult, following, number(int64_t(ports)));
    builder.create<LLVM::CondBrOp>(loc, more, loop, mlir::ValueRange{following}, after, mlir::ValueRange());
    builder.setInsertionPointToEnd(after);
  }

  /// The number of elements in one sample of each input and output, as a constant of the module.
  LLVM::GlobalOp sampleSizes() {
    const std::string name = summary.name + "_sample_sizes";
    if (auto global = module.lookupSymbol<LLVM::GlobalOp>(name)) return global;
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    llvm::SmallVector<int64_t> sizes;
    for (const PortSummary &port : summary.inputs) sizes.push_back(port.elements);
    for (const PortSummary &port : summary.outputs) sizes.push_back(port.elements);
    auto type = LLVM::LLVMArrayType::get(builder.getI64Type(), ports);
    return builder.create<LLVM::GlobalOp>(loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, name,
                                          builder.getI64TensorAttr(sizes));
  }

  Value element(Value array, Value index) {
    return builder.create<LLVM::GEPOp>(loc, pointer, builder.getI64Type(), array, llvm::ArrayRef<LLVM::GEPArg>{index});
  }

  /// Runs the stages of one block. `operands` are the pointers, the scratch memory and, for several rows, the rows.
  void callStages(int64_t capacity, llvm::ArrayRef<int64_t> stages, llvm::ArrayRef<Value> operands, Value slots,
                  Value workers) {
    const size_t pointers = operands.size() - (capacity > 1 ? 1 : 0);
    for (auto [i, operand] : llvm::enumerate(operands)) builder.create<LLVM::StoreOp>(loc, operand, slot(slots, i));
    auto signature =
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(module.getContext()), {pointer, pointer, pointer});
    for (auto [stage, divided] : llvm::enumerate(stages)) {
      if (!divided) {
        llvm::SmallVector<Value> all(operands);
        all.append({number(0), number(1)});
        builder.create<LLVM::CallOp>(loc, mlir::TypeRange(), summary.stageName(capacity, stage), all);
        continue;
      }
      LLVM::LLVMFuncOp work = buildWork(capacity, stage, pointers);
      Value parallelFor = builder.create<LLVM::LoadOp>(loc, pointer, slot(workers, 0));
      Value context = builder.create<LLVM::LoadOp>(loc, pointer, slot(workers, 1));
      Value address = builder.create<LLVM::AddressOfOp>(loc, work);
      builder.create<LLVM::CallOp>(loc, signature, mlir::ValueRange{parallelFor, context, address, slots});
    }
  }

  /// Does the same as `<name>_run`, on the threads of an inlay_parallel_for where the work is worth it.
  void buildRunParallel() {
    llvm::SmallVector<mlir::Type> arguments(ports, pointer);
    arguments.push_back(builder.getI64Type());
    arguments.append(further() + 1, pointer);
    auto run = function(summary.name + "_run_parallel", builder.getI32Type(), arguments);
    entries.push_back(run);
    Block *entry = run.addEntryBlock(builder);
    mlir::Region &body = run.getBody();
    Block *divided = builder.createBlock(&body, body.end()), *alone = builder.createBlock(&body, body.end());
    builder.setInsertionPointToEnd(entry);
    Value slots =
        builder.create<LLVM::AllocaOp>(loc, pointer, builder.getI64Type(), number(int64_t(summary.pointers()) + 1));
    Value workers = run.getArguments().back();
    Value none =
        builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::eq, workers, builder.create<LLVM::ZeroOp>(loc, pointer));
    if (inArray()) {
      alone->erase();
      builder.create<LLVM::BrOp>(loc, mlir::ValueRange(), divided);
    } else {
      builder.create<LLVM::CondBrOp>(loc, none, alone, divided);
      builder.setInsertionPointToEnd(alone);
      auto status = builder.create<LLVM::CallOp>(loc, builder.getI32Type(), summary.name + "_run",
                                                 run.getArguments().drop_back());
      builder.create<LLVM::ReturnOp>(loc, status.getResult());
    }

    buildBlocks(run, divided, [&](int64_t capacity, llvm::ArrayRef<Value> operands) {
      const std::vector<int64_t> &stages = summary.stages[capacity > 1 ? 0 : summary.stages.size() - 1];
      const auto callWhole = [&] {
        builder.create<LLVM::CallOp>(loc, mlir::TypeRange(), summary.kernelName(capacity), operands);
      };
      if (llvm::none_of(stages, [](int64_t each) { return each != 0; })) return callWhole();
      if (capacity == 1 && !inArray()) return callStages(capacity, stages, operands, slots, workers);
      Block *here = builder.getInsertionBlock();
      Block *apart = builder.createBlock(&body, std::next(here->getIterator()));
      Block *whole = builder.createBlock(&body, std::next(apart->getIterator()));
      Block *after = builder.createBlock(&body, std::next(whole->getIterator()));
      builder.setInsertionPointToEnd(here);
      Value worth;
      if (capacity > 1) {
        Value flops = builder.create<LLVM::MulOp>(loc, operands.back(), number(summary.flops));
        worth = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::uge, flops,
                                             number(sharesAll(module) ? 0 : kWorthMeeting));
      }
      if (inArray()) {  // there is no branch to `alone` then
        Value all = builder.create<LLVM::ConstantOp>(loc, builder.getBoolAttr(true));
        Value some = builder.create<LLVM::XOrOp>(loc, none, all);
        worth = worth ? builder.create<LLVM::AndOp>(loc, worth, some).getResult() : some;
      }
      builder.create<LLVM::CondBrOp>(loc, worth, apart, whole);
      builder.setInsertionPointToEnd(apart);
      callStages(capacity, stages, operands, slots, workers);
      builder.create<LLVM::BrOp>(loc, mlir::ValueRange(), after);
      builder.setInsertionPointToEnd(whole);
      callWhole();
      builder.create<LLVM::BrOp>(loc, mlir::ValueRange(), after);
      builder.setInsertionPointToEnd(after);
    });
  }

  /// While streams remain, runs as many as there are lanes. Few of them run one after the other, and so do all where no
  /// kernel has lanes for them.
  void buildRunVoices() {
    llvm::SmallVector<mlir::Type> arguments(ports, pointer);
    arguments.append({builder.getI64Type(), builder.getI64Type(), pointer, pointer});
    auto run = function(summary.name + "_run_voices", builder.getI32Type(), arguments);
    entries.push_back(run);
    Block *entry = run.addEntryBlock(builder);
    const auto argument = [&](size_t number) -> Value { return run.getArgument(static_cast<unsigned>(number)); };
    Value voices = argument(ports), steps = argument(ports + 1), memories = argument(ports + 2);
    Value scratch = argument(ports + 3);
    llvm::SmallVector<Value> first(run.getArguments().take_front(ports));
    first.append({memories, voices});

    mlir::Region &body = run.getBody();
    llvm::SmallVector<mlir::Type> state(ports + 1, pointer);
    state.push_back(builder.getI64Type());
    Block *head = builder.createBlock(&body, body.end(), state, llvm::SmallVector<mlir::Location>(state.size(), loc));
    Block *single = builder.createBlock(&body, body.end()), *done = builder.createBlock(&body, body.end());
    Block *refused = builder.createBlock(&body, body.end(), builder.getI32Type(), loc);
    emitChecks(run, entry, Value(), {voices, steps}, {memories, scratch}, head, first, refused, done);

    const llvm::SmallVector<Value> operands(head->getArguments().take_front(ports));
    Value memory = head->getArgument(static_cast<unsigned>(ports)), remaining = head->getArguments().back();
    const auto moveOn = [&](Value count) {
      llvm::SmallVector<Value> next;
      Value rows = builder.create<LLVM::MulOp>(loc, count, steps);
      for (size_t p = 0; p < ports; ++p) next.push_back(movedBy(operands[p], p, rows));
      Value bytes = builder.create<LLVM::MulOp>(loc, count, number(summary.memoryBytes));
      next.push_back(builder.create<LLVM::GEPOp>(loc, pointer, builder.getI8Type(), memory, bytes));
      next.push_back(builder.create<LLVM::SubOp>(loc, remaining, count));
      Value over = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::eq, next.back(), number(0));
      builder.create<LLVM::CondBrOp>(loc, over, done, mlir::ValueRange(), head, next);
    };
    builder.setInsertionPointToEnd(head);
    if (summary.voicesInLanes > 0) {
      Block *several = builder.createBlock(single);
      builder.setInsertionPointToEnd(head);
      builder.create<LLVM::CondBrOp>(loc, isLess(remaining, number(summary.fewestVoices)), single, several);
      builder.setInsertionPointToEnd(several);
      Value count = builder.create<LLVM::UMinOp>(loc, remaining, number(summary.voicesInLanes));
      llvm::SmallVector<Value> ofKernel(operands);
      ofKernel.append({memory, scratch, count, steps});
      builder.create<LLVM::CallOp>(loc, mlir::TypeRange(), summary.voicesName(), ofKernel);
      moveOn(count);
    } else {
      builder.create<LLVM::BrOp>(loc, mlir::ValueRange(), single);
    }
    builder.setInsertionPointToEnd(single);
    llvm::SmallVector<Value> ofRun(operands);
    ofRun.append({steps, memory, scratch});
    builder.create<LLVM::CallOp>(loc, builder.getI32Type(), summary.name + "_run", ofRun);
    moveOn(number(1));
    builder.setInsertionPointToEnd(done);
    builder.create<LLVM::ReturnOp>(loc, status(kOk));
    builder.setInsertionPointToEnd(refused);
    builder.create<LLVM::ReturnOp>(loc, refused->getArgument(0));
  }

  void buildRun() {
    llvm::SmallVector<mlir::Type> arguments(ports, pointer);
    arguments.push_back(builder.getI64Type());
    arguments.append(further(), pointer);
    auto run = function(summary.name + "_run", builder.getI32Type(), arguments);
    entries.push_back(run);
    LLVM::LLVMFuncOp blocks = run;
    if (!inArray() && summary.maxBatch != 1) {
      blocks = function(summary.name + "_run_blocks", builder.getI32Type(), arguments);
      blocks.setLinkage(LLVM::Linkage::Internal);
      apart.push_back(blocks);
      buildSingle(run, blocks);
    }
    buildBlocks(blocks, blocks.addEntryBlock(builder), [&](int64_t capacity, llvm::ArrayRef<Value> operands) {
      builder.create<LLVM::CallOp>(loc, mlir::TypeRange(), summary.kernelName(capacity), operands);
    });
  }

  /// Calls the kernel for a single sample, and `blocks` for everything else. A function without a loop saves no
  /// registers, which counts where the kernel takes some nanoseconds.
  void buildSingle(LLVM::LLVMFuncOp run, LLVM::LLVMFuncOp blocks) {
    Block *entry = run.addEntryBlock(builder);
    mlir::Region &body = run.getBody();
    Block *single = builder.createBlock(&body, body.end()), *other = builder.createBlock(&body, body.end());
    const llvm::SmallVector<Value> held(run.getArguments().drop_front(ports + 1));
    llvm::SmallVector<Value> operands(run.getArguments().take_front(ports));
    llvm::append_range(operands, held);
    builder.setInsertionPointToEnd(entry);
    Value batch = run.getArgument(static_cast<unsigned>(ports));
    Value one = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::eq, batch, number(1));
    Value null = builder.create<LLVM::ZeroOp>(loc, pointer);
    for (Value each : neededPointers(run, held)) {
      Value given = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::ne, each, null);
      one = builder.create<LLVM::AndOp>(loc, one, given);
    }
    builder.create<LLVM::CondBrOp>(loc, one, single, other);
    builder.setInsertionPointToEnd(single);
    builder.create<LLVM::CallOp>(loc, mlir::TypeRange(), summary.kernelName(1), operands);
    builder.create<LLVM::ReturnOp>(loc, status(kOk));
    builder.setInsertionPointToEnd(other);
    auto result = builder.create<LLVM::CallOp>(loc, builder.getI32Type(), blocks.getName(), run.getArguments());
    builder.create<LLVM::ReturnOp>(loc, result.getResult());
  }

  /// While rows remain, runs the kernel for a block of rows, or for a single row if one is left, and moves on.
  /// `call(capacity, operands)` emits the call at the builder's place and leaves the builder after it.
  void buildBlocks(LLVM::LLVMFuncOp run, Block *entry, llvm::function_ref<void(int64_t, llvm::ArrayRef<Value>)> call) {
    llvm::SmallVector<mlir::Type> state(inArray() ? 0 : ports, pointer);
    state.push_back(builder.getI64Type());
    llvm::SmallVector<mlir::Location> locations(state.size(), loc);
    mlir::Region &body = run.getBody();
    Block *head = builder.createBlock(&body, body.end(), state, locations);
    Block *single = builder.createBlock(&body, body.end()), *done = builder.createBlock(&body, body.end());
    Block *refused = builder.createBlock(&body, body.end(), builder.getI32Type(), loc);

    const auto held = llvm::map_to_vector(run.getArguments().slice(ports + 1, further()),
                                          [](mlir::BlockArgument each) { return Value(each); });
    Value array;
    if (inArray()) {
      builder.setInsertionPointToStart(&run.getBody().front());
      array = builder.create<LLVM::AllocaOp>(loc, pointer, builder.getI64Type(), number(int64_t(ports)));
      builder.setInsertionPointToEnd(entry);
      for (size_t p = 0; p < ports; ++p)
        builder.create<LLVM::StoreOp>(loc, run.getArgument(static_cast<unsigned>(p)), slot(array, p));
    }
    emitChecks(run, entry, array, run.getArgument(static_cast<unsigned>(ports)), held, head,
               run.getArguments().slice(array ? ports : 0, array ? 1 : ports + 1), refused, done);

    Value remaining = head->getArguments().back();
    llvm::SmallVector<Value> operands(head->getArguments().drop_back());
    if (array) operands.push_back(array);
    llvm::append_range(operands, held);
    const auto moveOn = [&](Value rows) {
      llvm::SmallVector<Value> next;
      if (array)
        forEachPort([&](Value p) {
          Value sizes = builder.create<LLVM::AddressOfOp>(loc, sampleSizes());
          Value elements = builder.create<LLVM::LoadOp>(loc, builder.getI64Type(), element(sizes, p));
          Value moved = builder.create<LLVM::GEPOp>(
              loc, pointer, builder.getF32Type(), builder.create<LLVM::LoadOp>(loc, pointer, element(array, p)),
              llvm::ArrayRef<LLVM::GEPArg>{builder.create<LLVM::MulOp>(loc, rows, elements).getResult()});
          builder.create<LLVM::StoreOp>(loc, moved, element(array, p));
          return Value();
        });
      for (size_t p = 0; !array && p < ports; ++p)
        next.push_back(movedBy(head->getArgument(static_cast<unsigned>(p)), p, rows));
      next.push_back(builder.create<LLVM::SubOp>(loc, remaining, rows));
      Value over = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::eq, next.back(), number(0));
      builder.create<LLVM::CondBrOp>(loc, over, done, mlir::ValueRange(), head, next);
    };
    const int64_t capacity = summary.rowBlocks.front(), lanes = summary.samplesInLanes;
    Block *start = head;
    if (lanes > 0 && capacity > 1) start = buildLanes(operands, remaining, head, single, moveOn);
    builder.setInsertionPointToEnd(start);
    if (capacity > 1) {
      Block *block = builder.createBlock(single);
      builder.setInsertionPointToEnd(start);
      Value one = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::eq, remaining, number(1));
      builder.create<LLVM::CondBrOp>(loc, one, single, block);
      builder.setInsertionPointToEnd(block);
      Value rows = rowsOfBlock(remaining, capacity);
      llvm::SmallVector<Value> blockOperands(operands);
      blockOperands.push_back(rows);
      call(capacity, blockOperands);
      moveOn(rows);
    } else if (lanes > 0) {
      Block *enough = builder.createBlock(single);
      builder.setInsertionPointToEnd(start);
      builder.create<LLVM::CondBrOp>(loc, isLess(remaining, number(fewestInLanes(lanes))), single, enough);
      Block *rest = buildLanes(operands, remaining, enough, single, moveOn);
      buildRestInLanes(operands, run.getArgument(static_cast<unsigned>(ports)), remaining, rest, single, done);
    } else {
      builder.create<LLVM::BrOp>(loc, mlir::ValueRange(), single);
    }
    builder.setInsertionPointToEnd(single);
    call(1, operands);
    moveOn(number(1));

    builder.setInsertionPointToEnd(done);
    builder.create<LLVM::ReturnOp>(loc, status(kOk));
    builder.setInsertionPointToEnd(refused);
    builder.create<LLVM::ReturnOp>(loc, refused->getArgument(0));
  }

  /// While there are as many samples as lanes, runs the kernel with a sample in each lane. `enough` is where they
  /// may be so many. Returns the block where they are fewer.
  Block *buildLanes(llvm::ArrayRef<Value> operands, Value remaining, Block *enough, Block *before,
                    llvm::function_ref<void(Value)> moveOn) {
    Block *whole = builder.createBlock(before), *rest = builder.createBlock(before);
    builder.setInsertionPointToEnd(enough);
    builder.create<LLVM::CondBrOp>(loc, isLess(remaining, number(summary.samplesInLanes)), rest, whole);
    builder.setInsertionPointToEnd(whole);
    builder.create<LLVM::CallOp>(loc, mlir::TypeRange(), summary.lanesName(), operands);
    moveOn(number(summary.samplesInLanes));
    return rest;
  }

  /// Runs the same kernel for the samples that are left in a batch. In a large batch it computes the last samples, some
  /// of which it has computed before, with the same bits. A smaller batch is copied to a block of its own, which pays
  /// less. What is left else goes to `single`.
  void buildRestInLanes(llvm::ArrayRef<Value> operands, Value batch, Value remaining, Block *rest, Block *single,
                        Block *done) {
    Block *small = builder.createBlock(single), *part = builder.createBlock(single);
    Block *again = builder.createBlock(single);
    builder.setInsertionPointToEnd(rest);
    builder.create<LLVM::CondBrOp>(loc, isLess(batch, number(summary.samplesInLanes)), small, again);
    builder.setInsertionPointToEnd(small);
    builder.create<LLVM::CondBrOp>(loc, isLess(remaining, number(fewestInPartOfLanes(summary.samplesInLanes))), single,
                                   part);
    builder.setInsertionPointToEnd(part);
    llvm::SmallVector<Value> counted(operands);
    counted.push_back(remaining);
    builder.create<LLVM::CallOp>(loc, mlir::TypeRange(), summary.lanesPartName(), counted);
    builder.create<LLVM::BrOp>(loc, mlir::ValueRange(), done);
    builder.setInsertionPointToEnd(again);
    Value back = builder.create<LLVM::SubOp>(loc, remaining, number(summary.samplesInLanes));  // negative
    llvm::SmallVector<Value> moved(operands);
    for (size_t p = 0; p < ports; ++p) moved[p] = movedBy(operands[p], p, back);
    builder.create<LLVM::CallOp>(loc, mlir::TypeRange(), summary.lanesName(), moved);
    builder.create<LLVM::BrOp>(loc, mlir::ValueRange(), done);
  }

  Value isLess(Value a, Value b) { return builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::ult, a, b); }

  /// The pointer to input or output p, moved on by a number of samples.
  Value movedBy(Value port, size_t p, Value samples) {
    const PortSummary &summaryOf =
        p < summary.inputs.size() ? summary.inputs[p] : summary.outputs[p - summary.inputs.size()];
    Value elements = builder.create<LLVM::MulOp>(loc, samples, number(summaryOf.elements));
    return builder.create<LLVM::GEPOp>(loc, pointer, builder.getF32Type(), port, elements);
  }

  /// As many rows as a block takes. If slightly more than one block remains, split it evenly: a small last block would
  /// read all weights for few rows.
  Value rowsOfBlock(Value remaining, int64_t capacity) {
    Value most = builder.create<LLVM::UMinOp>(loc, remaining, number(capacity));
    if (capacity < 32) return most;
    Value over = builder.create<LLVM::SubOp>(loc, remaining, number(capacity + 1));  // wraps if no more remain
    Value little = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::ult, over, number(capacity / 16));
    Value half = builder.create<LLVM::LShrOp>(loc, builder.create<LLVM::AddOp>(loc, remaining, number(1)), number(1));
    return builder.create<LLVM::SelectOp>(loc, little, half, most);
  }

  Value status(int32_t code) { return builder.create<LLVM::ConstantOp>(loc, builder.getI32IntegerAttr(code)); }

  /// The pointers of an entry point that must not be null: those to the inputs and outputs, unless they are in an
  /// array, and those in `held`, of which the last is the scratch memory. A network that needs none may get null for
  /// that.
  llvm::SmallVector<Value> neededPointers(LLVM::LLVMFuncOp run, llvm::ArrayRef<Value> held) {
    llvm::SmallVector<Value> pointers(run.getArguments().take_front(inArray() ? 0 : ports));
    llvm::append_range(pointers, held.drop_back(summary.scratchBytes > 0 ? 0 : 1));
    return pointers;
  }

  /// A call for 0 samples succeeds, whatever the pointers are. Otherwise no pointer may be null, and the last of
  /// `counts` must not be too large. Goes to `start` with `state` then.
  void emitChecks(LLVM::LLVMFuncOp run, Block *entry, Value array, mlir::ValueRange counts, llvm::ArrayRef<Value> held,
                  Block *start, mlir::ValueRange first, Block *refused, Block *done) {
    builder.setInsertionPointToEnd(entry);
    const llvm::SmallVector<Value> state(first);
    Value null = builder.create<LLVM::ZeroOp>(loc, pointer);
    Value anyNull;
    for (Value each : neededPointers(run, held)) {
      Value isNull = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::eq, each, null);
      anyNull = anyNull ? builder.create<LLVM::OrOp>(loc, anyNull, isNull).getResult() : isNull;
    }
    if (!anyNull) anyNull = builder.create<LLVM::ConstantOp>(loc, builder.getBoolAttr(false));
    Block *check = builder.createBlock(start);
    builder.setInsertionPointToEnd(entry);
    Value empty;
    for (Value each : counts) {
      Value isNone = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::eq, each, number(0));
      empty = empty ? builder.create<LLVM::OrOp>(loc, empty, isNone).getResult() : isNone;
    }
    builder.create<LLVM::CondBrOp>(loc, empty, done, check);
    builder.setInsertionPointToEnd(check);
    if (array)
      forEachPort(
          [&](Value p) {
            Value each = builder.create<LLVM::LoadOp>(loc, pointer, element(array, p));
            return builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::ne, each, null).getResult();
          },
          refused, mlir::ValueRange{status(kNullPointer)});
    if (summary.maxBatch == 0) {
      builder.create<LLVM::CondBrOp>(loc, anyNull, refused, mlir::ValueRange{status(kNullPointer)}, start, state);
      return;
    }
    Block *last = builder.getInsertionBlock(), *sized = builder.createBlock(start);
    builder.setInsertionPointToEnd(last);
    builder.create<LLVM::CondBrOp>(loc, anyNull, refused, mlir::ValueRange{status(kNullPointer)}, sized,
                                   mlir::ValueRange());
    builder.setInsertionPointToEnd(sized);
    Value tooLarge =
        builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::ugt, counts.back(), number(summary.maxBatch));
    builder.create<LLVM::CondBrOp>(loc, tooLarge, refused, mlir::ValueRange{status(kBatchTooLarge)}, start, state);
  }
};

/// From this many FLOPs for a sample on, the stack of a kernel for a single row is aligned to a vector. Without that,
/// LLVM spills vectors to where the caller's stack happens to be, and one that crosses a cache line or a page takes
/// several times as long. The three instructions for it take less than 1 % of such a kernel.
constexpr int64_t kWorthAligning = 2000;

struct BuildEntryPointsPass : impl::BuildEntryPointsPassBase<BuildEntryPointsPass> {
  void runOnOperation() override {
    mlir::ModuleOp module = getOperation();
    auto entries = module->getAttrOfType<mlir::ArrayAttr>(kEntriesAttr);
    if (!entries) {
      module.emitOpError() << "has no '" << kEntriesAttr << "': run inlay-emit-kernels first";
      return signalPassFailure();
    }
    llvm::SmallVector<LLVM::LLVMFuncOp> notInlined, inNearest, unaligned;
    for (mlir::Attribute entry : entries) {
      NetworkSummary summary = entryFromAttribute(entry);
      EntryBuilder entryBuilder(summary, module);
      entryBuilder.run();
      if (summary.roundsToNearest) llvm::append_range(inNearest, entryBuilder.entries);
      llvm::append_range(notInlined, entryBuilder.apart);
      notInlined.push_back(module.lookupSymbol<LLVM::LLVMFuncOp>(summary.kernelName(1)));
      // Kernels with a sample in each lane are called in several places, and have buffers on the stack.
      if (summary.samplesInLanes > 0)
        for (const std::string &name : {summary.lanesName(), summary.lanesPartName()})
          notInlined.push_back(module.lookupSymbol<LLVM::LLVMFuncOp>(name));
      if (summary.voicesInLanes > 0) notInlined.push_back(module.lookupSymbol<LLVM::LLVMFuncOp>(summary.voicesName()));
      unaligned.push_back(module.lookupSymbol<LLVM::LLVMFuncOp>(summary.name + "_run"));
      if (summary.flops < kWorthAligning)
        unaligned.push_back(module.lookupSymbol<LLVM::LLVMFuncOp>(summary.kernelName(1)));
    }
    // no-builtins keeps LLVM from turning loops into calls of memset or memcpy. Only the caller's parallel_for can
    // throw.
    mlir::Builder builder(&getContext());
    for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
      llvm::SmallVector<llvm::StringRef> attributes = {"no-builtins"};
      if (!function.getName().ends_with("_run_parallel")) attributes.push_back("nounwind");
      // If the kernel for one row were inlined into the loop over samples, its constants would be loaded before the
      // loop, even for a single sample.
      if (llvm::is_contained(notInlined, function)) attributes.push_back("noinline");
      if (llvm::is_contained(inNearest, function)) attributes.push_back(kRoundsToNearest);
      if (!llvm::is_contained(unaligned, function)) attributes.push_back("stackrealign");
      llvm::SmallVector<mlir::Attribute> all(builder.getStrArrayAttr(attributes).getValue());
      if (mlir::ArrayAttr own = function.getPassthroughAttr()) llvm::append_range(all, own);
      function.setPassthroughAttr(builder.getArrayAttr(all));
    }
  }
};

}  // namespace
}  // namespace inlay::compiler
