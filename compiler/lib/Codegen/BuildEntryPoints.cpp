// SPDX-License-Identifier: Apache-2.0
// Builds the public functions of each network: `<name>_run` splits any batch into row blocks and calls the kernels,
// `<name>_scratch_bytes` returns a constant.
#include "Inlay/Codegen/Networks.h"
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
        pointer(LLVM::LLVMPointerType::get(module.getContext())) {
    // The kernels know the network's place in the source.
    if (auto kernel = module.lookupSymbol(summary.kernelName(summary.rowBlocks.back()))) loc = kernel->getLoc();
  }

  void run() {
    buildRun();
    auto size = function(summary.name + "_scratch_bytes", builder.getI64Type(), {});
    builder.setInsertionPointToStart(size.addEntryBlock(builder));
    builder.create<LLVM::ReturnOp>(loc, number(summary.scratchBytes));
    for (int64_t rows : summary.rowBlocks)
      module.lookupSymbol<LLVM::LLVMFuncOp>(summary.kernelName(rows)).setLinkage(LLVM::Linkage::Internal);
  }

 private:
  const NetworkSummary &summary;
  mlir::ModuleOp module;
  mlir::OpBuilder builder;
  mlir::Location loc;
  mlir::Type pointer;

  LLVM::LLVMFuncOp function(llvm::StringRef name, mlir::Type result, llvm::ArrayRef<mlir::Type> arguments) {
    builder.setInsertionPointToEnd(module.getBody());
    return builder.create<LLVM::LLVMFuncOp>(loc, name, LLVM::LLVMFunctionType::get(result, arguments));
  }
  Value number(int64_t value) { return builder.create<LLVM::ConstantOp>(loc, builder.getI64IntegerAttr(value)); }

  /// While rows remain, runs the kernel for a block of as many as it takes, or the one for a single row, and moves on.
  void buildRun() {
    const size_t ports = summary.inputs.size() + summary.outputs.size();
    llvm::SmallVector<mlir::Type> arguments(ports, pointer);
    arguments.append({builder.getI64Type(), pointer});
    auto run = function(summary.name + "_run", builder.getI32Type(), arguments);
    Block *entry = run.addEntryBlock(builder);
    llvm::SmallVector<mlir::Type> state(ports, pointer);
    state.push_back(builder.getI64Type());
    llvm::SmallVector<mlir::Location> locations(state.size(), loc);
    mlir::Region &body = run.getBody();
    Block *head = builder.createBlock(&body, body.end(), state, locations);
    Block *single = builder.createBlock(&body, body.end()), *done = builder.createBlock(&body, body.end());
    Block *refused = builder.createBlock(&body, body.end());

    Value scratch = run.getArgument(static_cast<unsigned>(ports + 1));
    emitNullChecks(run, entry, ports, scratch, head, refused, done);

    Value remaining = head->getArgument(static_cast<unsigned>(ports));
    llvm::SmallVector<Value> operands(head->getArguments().drop_back());
    operands.push_back(scratch);
    const auto moveOn = [&](Value rows) {
      llvm::SmallVector<Value> next;
      for (size_t p = 0; p < ports; ++p) {
        const PortSummary &port =
            p < summary.inputs.size() ? summary.inputs[p] : summary.outputs[p - summary.inputs.size()];
        Value elements = builder.create<LLVM::MulOp>(loc, rows, number(port.elements));
        next.push_back(builder.create<LLVM::GEPOp>(loc, pointer, builder.getF32Type(),
                                                   head->getArgument(static_cast<unsigned>(p)), elements));
      }
      next.push_back(builder.create<LLVM::SubOp>(loc, remaining, rows));
      Value over = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::eq, next.back(), number(0));
      builder.create<LLVM::CondBrOp>(loc, over, done, mlir::ValueRange(), head, next);
    };
    builder.setInsertionPointToEnd(head);
    if (const int64_t capacity = summary.rowBlocks.front(); capacity > 1) {
      Block *block = builder.createBlock(single);
      builder.setInsertionPointToEnd(head);
      Value one = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::eq, remaining, number(1));
      builder.create<LLVM::CondBrOp>(loc, one, single, block);
      builder.setInsertionPointToEnd(block);
      Value rows = builder.create<LLVM::UMinOp>(loc, remaining, number(capacity));
      llvm::SmallVector<Value> blockOperands(operands);
      blockOperands.push_back(rows);
      builder.create<LLVM::CallOp>(loc, mlir::TypeRange(), summary.kernelName(capacity), blockOperands);
      moveOn(rows);
    } else {
      builder.create<LLVM::BrOp>(loc, mlir::ValueRange(), single);
    }
    builder.setInsertionPointToEnd(single);
    builder.create<LLVM::CallOp>(loc, mlir::TypeRange(), summary.kernelName(1), operands);
    moveOn(number(1));

    builder.setInsertionPointToEnd(done);
    builder.create<LLVM::ReturnOp>(loc, status(0));
    builder.setInsertionPointToEnd(refused);
    builder.create<LLVM::ReturnOp>(loc, status(1));
  }

  Value status(int32_t code) { return builder.create<LLVM::ConstantOp>(loc, builder.getI32IntegerAttr(code)); }

  /// An empty batch succeeds whatever the pointers; otherwise none of them may be null.
  void emitNullChecks(LLVM::LLVMFuncOp run, Block *entry, size_t ports, Value scratch, Block *start, Block *refused,
                      Block *done) {
    builder.setInsertionPointToEnd(entry);
    Value batch = run.getArgument(static_cast<unsigned>(ports));
    Value null = builder.create<LLVM::ZeroOp>(loc, pointer);
    llvm::SmallVector<Value> pointers(run.getArguments().take_front(ports));
    if (summary.scratchBytes > 0) pointers.push_back(scratch);
    Value anyNull;
    for (Value each : pointers) {
      Value isNull = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::eq, each, null);
      anyNull = anyNull ? builder.create<LLVM::OrOp>(loc, anyNull, isNull).getResult() : isNull;
    }
    Block *check = builder.createBlock(start);
    llvm::SmallVector<Value> state(run.getArguments().take_front(ports + 1));
    builder.setInsertionPointToEnd(entry);
    Value empty = builder.create<LLVM::ICmpOp>(loc, LLVM::ICmpPredicate::eq, batch, number(0));
    builder.create<LLVM::CondBrOp>(loc, empty, done, check);
    builder.setInsertionPointToEnd(check);
    builder.create<LLVM::CondBrOp>(loc, anyNull, refused, mlir::ValueRange(), start, state);
  }
};

struct BuildEntryPointsPass : impl::BuildEntryPointsPassBase<BuildEntryPointsPass> {
  void runOnOperation() override {
    mlir::ModuleOp module = getOperation();
    auto entries = module->getAttrOfType<mlir::ArrayAttr>(kEntriesAttr);
    if (!entries) {
      module.emitOpError() << "has no '" << kEntriesAttr << "': run inlay-emit-kernels first";
      return signalPassFailure();
    }
    for (mlir::Attribute entry : entries) {
      NetworkSummary summary = entryFromAttribute(entry);
      EntryBuilder(summary, module).run();
    }
    // No unwinding, and no loop turned into a call of memset or memcpy.
    mlir::Builder builder(&getContext());
    auto attributes = builder.getStrArrayAttr({"nounwind", "no-builtins"});
    for (auto function : module.getOps<LLVM::LLVMFuncOp>()) function.setPassthroughAttr(attributes);
  }
};

}  // namespace
}  // namespace inlay::compiler
