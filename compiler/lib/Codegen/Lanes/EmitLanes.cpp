// SPDX-License-Identifier: Apache-2.0
// Kernels with a sample in each lane for the batches of a network without state.
#include "Lanes/EmitLanes.h"

#include "Lanes/LanesEmitter.h"
#include "Lanes/Transpose.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace memref = mlir::memref;
using mlir::Location;
using mlir::Value;

namespace {

/// Emits the kernel for as many samples as there are lanes.
mlir::LogicalResult emitWhole(mlir::func::FuncOp whole, mlir::func::FuncOp network, const NetworkSummary &summary,
                              KernelContext &context, const ConstantMemory &constants) {
  Location loc = network.getLoc();
  const int64_t lanes = context.features.lanes;
  LanesEmitter emitter(network, whole, context, constants);
  for (mlir::BlockArgument input : network.getArguments())
    loadTransposed(context, loc, whole.getArgument(input.getArgNumber()), elementsOf(input), lanes,
                   [&](int64_t element, Value each) { emitter.store(loc, input, context.index(element, loc), each); });
  if (mlir::failed(emitter.emitOps())) return mlir::failure();
  for (auto [i, output] : llvm::enumerate(network.front().getTerminator()->getOperands()))
    storeTransposed(context, loc, whole.getArgument(static_cast<unsigned>(summary.inputs.size() + i)),
                    elementsOf(output), lanes,
                    [&](int64_t element) { return emitter.load(loc, output, context.index(element, loc)); });
  return mlir::success();
}

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
  llvm::append_range(operands, part.getArguments().slice(ports, summary.furtherPointers()));
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
                              const ConstantMemory &constants, KernelMaker create) {
  mlir::OpBuilder builder(network.getContext());
  KernelContext context(builder, /*capacity=*/1, Value(), features);
  mlir::func::FuncOp whole = create(summary.lanesName(), 0, builder);
  if (mlir::failed(emitWhole(whole, network, summary, context, constants))) return mlir::failure();
  builder.create<mlir::func::ReturnOp>(network.getLoc());
  mlir::func::FuncOp part = create(summary.lanesPartName(), 1, builder);
  emitPart(part, whole, summary, context);
  builder.create<mlir::func::ReturnOp>(network.getLoc());
  return mlir::success();
}

}  // namespace inlay::compiler
