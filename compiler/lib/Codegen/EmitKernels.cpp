// SPDX-License-Identifier: Apache-2.0
// Replaces each network by scf + vector kernels over flat memrefs, one for the single row
// and one for blocks of rows.
#include "Inlay/Codegen/Networks.h"
#include "KernelContext.h"
#include "Stages.h"
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
  NetworkEmitter(mlir::func::FuncOp network, mlir::ModuleOp module, VectorFeatures features)
      : network(network), module(module), features(features) {}

  mlir::LogicalResult run(const NetworkSummary &summary) {
    for (ConstantOp constant : network.getOps<ConstantOp>()) addGlobal(constant);
    llvm::SmallVector<mlir::Operation *> all;
    for (mlir::Operation &op : network.front().without_terminator()) all.push_back(&op);
    for (int64_t capacity : summary.rowBlocks)
      if (mlir::failed(emitKernel(summary, summary.kernelName(capacity), capacity, all, {}))) return mlir::failure();
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
  llvm::MapVector<Value, mlir::memref::GlobalOp> globals;  // in the network's order, so that objects are reproducible

  mlir::MemRefType flat(int64_t elements, mlir::Type element = {}) {
    return mlir::MemRefType::get({elements}, element ? element : mlir::Float32Type::get(network.getContext()));
  }

  /// Weights become private constants of the object, aligned to a cache line.
  void addGlobal(ConstantOp constant) {
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
    auto elements = llvm::cast<mlir::DenseElementsAttr>(constant.getValue());
    auto flatType = mlir::RankedTensorType::get({elements.getNumElements()}, elements.getElementType());
    std::string name = (network.getName() + "." + constant.getName().value_or("constant")).str();
    while (mlir::SymbolTable::lookupSymbolIn(module, name)) name += "_";
    auto global = builder.create<mlir::memref::GlobalOp>(constant.getLoc(), name, builder.getStringAttr("private"),
                                                         flat(elements.getNumElements(), elements.getElementType()),
                                                         elements.reshape(flatType),
                                                         /*constant=*/true, builder.getI64IntegerAttr(64));
    globals[constant] = global;
  }

  /// Arguments: the inputs, the outputs, the scratch memory, where there may be more than one, the rows, and in a stage
  /// the part and the number of parts.
  mlir::LogicalResult emitKernel(const NetworkSummary &summary, const std::string &name, int64_t capacity,
                                 llvm::ArrayRef<mlir::Operation *> ops, std::optional<Stage::Split> split) {
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
    llvm::SmallVector<mlir::Type> arguments;
    for (const PortSummary &port : summary.inputs) arguments.push_back(flat(capacity * port.elements));
    for (const PortSummary &port : summary.outputs) arguments.push_back(flat(capacity * port.elements));
    arguments.push_back(flat(std::max<int64_t>(1, summary.scratchBytes / static_cast<int64_t>(sizeof(float)))));
    const size_t pointers = arguments.size();
    if (capacity > 1) arguments.push_back(builder.getIndexType());
    if (split) arguments.append(2, builder.getIndexType());

    auto kernel = builder.create<mlir::func::FuncOp>(network.getLoc(), name, builder.getFunctionType(arguments, {}));
    kernel.setPrivate();
    for (unsigned i = 0; i < pointers; ++i)
      kernel.setArgAttr(i, mlir::LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
    builder.setInsertionPointToStart(kernel.addEntryBlock());

    KernelContext context(builder, capacity,
                          capacity > 1 ? kernel.getArgument(static_cast<unsigned>(pointers)) : Value(), features);
    if (split) takePart(context, *split, kernel.getArguments().take_back(2));
    context.scratch = kernel.getArgument(static_cast<unsigned>(pointers - 1));
    context.nonzeroListBase =
        nonzeroListBase(network->getAttrOfType<mlir::IntegerAttr>(kArenaAttr).getInt(), features.lanes);
    llvm::DenseMap<Value, Value> memory;
    for (auto &[constant, global] : globals)
      memory[constant] = builder.create<mlir::memref::GetGlobalOp>(global.getLoc(), global.getType(), global.getName());
    auto views = [&](Value value) {
      RowView view = viewOf(value, summary, kernel, capacity, memory);
      view.inRegister = context.inRegister.lookup(value);
      return view;
    };
    for (mlir::Operation *op : ops) {
      if (split == Stage::Split::lists) {
        emitNonzeroList(llvm::cast<ContractionOp>(op), context, views);
        continue;
      }
      bool known = llvm::TypeSwitch<mlir::Operation *, bool>(op)
                       .Case([&](ContractionOp o) { return emitContraction(o, context, views), true; })
                       .Case([&](MapOp o) { return emitMap(o, context, views), true; })
                       .Case([&](SoftmaxOp o) { return emitSoftmax(o, context, views), true; })
                       .Case([&](ConcatOp o) { return emitConcat(o, context, views), true; })
                       .Case<ConstantOp, ReshapeOp>([](auto) { return true; })  // nothing to compute
                       .Default(false);
      if (!known) return op->emitOpError("has no kernel; did the layout phase run?");
    }
    builder.create<mlir::func::ReturnOp>(network.getLoc());
    return mlir::success();
  }

  /// Limits a kernel to one part of its work.
  void takePart(KernelContext &context, Stage::Split split, mlir::ValueRange partOfParts) {
    context.staged = true;
    Value part = partOfParts[0], parts = partOfParts[1];
    if (split == Stage::Split::panels) context.part = part, context.parts = parts;
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
      view.memory = kernel.getArgument(argument.getArgNumber());
      view.stride = view.elements;
      return view;
    }
    auto place = value.getDefiningOp()->getAttrOfType<PlacementAttr>(kPlacementAttr);
    view.stride = place.getStride();
    view.base = place.getBase() * capacity + place.getOffset();
    view.padded = place.getPadded();
    if (place.getRoot() == "constant") {
      view.memory = memory.lookup(value);
    } else if (place.getRoot() == "arena") {
      view.memory = kernel.getArgument(static_cast<unsigned>(summary.inputs.size() + summary.outputs.size()));
      view.readable = true;  // the arena ends with a spare vector
    } else {
      const unsigned first = place.getRoot() == "output" ? network.getNumArguments() : 0;
      view.memory = kernel.getArgument(first + static_cast<unsigned>(place.getIndex()));
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
      VectorFeatures features;
      features.lanes = network->getAttrOfType<mlir::IntegerAttr>(kLanesAttr).getInt();
      features.fma = fma;
      features.avx2 = avx2;
      features.avx512 = avx512;
      const NetworkSummary summary = summarize(network, parallel);
      if (mlir::failed(NetworkEmitter(network, module, features).run(summary))) return signalPassFailure();
      summaries.push_back(entryAttribute(summary, &getContext()));
    }
    for (mlir::func::FuncOp network : networks) network.erase();
    module->setAttr(kEntriesAttr, mlir::ArrayAttr::get(&getContext(), summaries));
  }
};

}  // namespace
}  // namespace inlay::compiler
