// SPDX-License-Identifier: Apache-2.0
// The kernel with a stream in each lane. It has the states of all streams in registers or buffers, side by side, from
// its first step to its last. Lanes without a stream repeat the last one: they load what it loads and store the same
// numbers once more, so that no store needs a mask and no exception flag is raised that the stream does not raise.
#include "Lanes/EmitLanes.h"
#include "Lanes/LanesEmitter.h"
#include "Lanes/Transpose.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
using mlir::Location;
using mlir::Value;

mlir::LogicalResult emitVoices(mlir::func::FuncOp network, const NetworkSummary &summary, VectorFeatures features,
                               const ConstantMemory &constants, KernelMaker create) {
  mlir::OpBuilder builder(network.getContext());
  KernelContext context(builder, /*capacity=*/1, Value(), features);
  Location loc = network.getLoc();
  mlir::func::FuncOp kernel = create(summary.voicesName(), 2, builder);
  const auto argument = [&](size_t number) { return kernel.getArgument(static_cast<unsigned>(number)); };
  const size_t pointers = summary.pointers();
  Value memory = argument(summary.memoryPointer()), scratch = argument(pointers - 1);
  Value count = argument(pointers), steps = argument(pointers + 1);
  LanesEmitter emitter(network, kernel, context, constants, voicesUseScratch(network) ? scratch : Value());

  llvm::SmallVector<Value> voices;  // of the lanes
  Value last = builder.create<arith::SubIOp>(loc, count, context.index(1, loc));
  for (int64_t lane = 0; lane < features.lanes; ++lane)
    voices.push_back(builder.create<arith::MinUIOp>(loc, context.index(lane, loc), last));
  const auto startsOf = [&](Value stride) {
    return llvm::map_to_vector(voices,
                               [&](Value voice) -> Value { return builder.create<arith::MulIOp>(loc, voice, stride); });
  };
  const auto take = [&](Value into) {
    return [&, into](int64_t element, Value each) { emitter.store(loc, into, context.index(element, loc), each); };
  };
  const auto give = [&](Value from) {
    return [&, from](int64_t element) { return emitter.load(loc, from, context.index(element, loc)); };
  };

  const llvm::SmallVector<Value> memories =
      startsOf(context.index(summary.memoryBytes / static_cast<int64_t>(sizeof(float)), loc));
  const auto forEachState = [&](llvm::function_ref<void(mlir::BlockArgument, Value)> body) {
    for (mlir::BlockArgument each : network.getArguments())
      if (const std::optional<int64_t> place = stateOfArgument(network, each.getArgNumber()))
        body(each, context.index(*place, loc));
  };
  forEachState([&](mlir::BlockArgument state, Value place) {
    gatherTransposed(context, loc, {memory, memories, place}, elementsOf(state), take(state));
  });
  llvm::SmallVector<llvm::SmallVector<Value>> starts;
  for (const auto *ports : {&summary.inputs, &summary.outputs})
    for (const PortSummary &port : *ports) starts.push_back(startsOf(context.times(loc, steps, port.elements)));

  bool failed = false;
  context.forEach(loc, context.index(0, loc), steps, 1, [&](Value step) {
    size_t port = 0;
    const auto placeOf = [&](Value value) -> SpreadSamples {
      return {argument(port), starts[port], context.times(loc, step, elementsOf(value))};
    };
    for (mlir::BlockArgument input : network.getArguments()) {
      if (stateOfArgument(network, input.getArgNumber())) continue;
      gatherTransposed(context, loc, placeOf(input), elementsOf(input), take(input));
      ++port;
    }
    failed = mlir::failed(emitter.emitOps());
    for (auto [i, output] : llvm::enumerate(network.front().getTerminator()->getOperands())) {
      if (stateOfResult(network, static_cast<unsigned>(i))) continue;
      scatterTransposed(context, loc, placeOf(output), elementsOf(output), give(output));
      ++port;
    }
  });
  if (failed) return mlir::failure();
  forEachState([&](mlir::BlockArgument state, Value place) {
    scatterTransposed(context, loc, {memory, memories, place}, elementsOf(state), give(state));
  });
  builder.create<mlir::func::ReturnOp>(loc);
  return mlir::success();
}

}  // namespace inlay::compiler
