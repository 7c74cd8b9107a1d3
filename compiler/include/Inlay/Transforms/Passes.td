// SPDX-License-Identifier: Apache-2.0
// Passes of the compiler, in the order in which the phases run them.
#ifndef INLAY_TRANSFORMS_PASSES
#define INLAY_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def FoldLinearPass : Pass<"inlay-fold-linear", "::mlir::func::FuncOp"> {
  let summary = "fold what is linear beside a dense layer into its weights";
  let description = [{
    Scaling and shifting, as the normalisation of inputs and batch norm do, go into the weights of a dense layer beside
    them. Before a layer: W (a x + c) + b = (W a) x + (W c + b). After a layer: a (W x + b) + c. A dense layer that only
    another dense layer reads goes into that layer if the product of their weights has fewer elements than both:
    W2 (W1 x + b1) + b2. New weights are computed in double and rounded once, so results differ by rounding. A fold is
    done only if it does not make the bound of the rounding error much larger; FoldedLayer.h states the bound. A remark
    names two dense layers that became one, and two that could be one but are kept, with the reason.
  }];
}

def FuseMapsPass : Pass<"inlay-fuse-maps", "::mlir::func::FuncOp"> {
  let summary = "merge a pointwise map into the only map that uses it";
  let description = [{
    ```mlir
    %1 = inlay.map(%0) {relu}      // only %2 uses %1
    %2 = inlay.map(%1, %r) {add}
    ```
    becomes one map over `%0` and `%r`, so that the value between the two never reaches memory.
  }];
}

def FuseEpiloguePass : Pass<"inlay-fuse-epilogue", "::mlir::func::FuncOp"> {
  let summary = "move the map after a dense layer into its epilogue";
  let description = [{
    ```mlir
    %1 = inlay.dense "fc1" %0, %w bias(%b)     // only %2 uses %1
    %2 = inlay.map(%1, %r) {...}
    ```
    becomes `inlay.dense "fc1" %0, %w bias(%b) with(%r) {...}`. The program runs on the accumulators, before the only
    store. A dense layer with another reader keeps its own result.
  }];
}

def ExpandTransposedPass : Pass<"inlay-expand-transposed", "::mlir::func::FuncOp"> {
  let summary = "transposed convolutions become ordinary ones, whose features are blocks of pixels";
  let description = [{
    With stride s, the pixels of a block of s x s pixels of the result read the image at the same places for every block.
    So the layer is a convolution of stride 1 with s x s times as many features, one for each pixel of a block and output.
    Then the blocks are put together, and what lies outside of the result is cut off. A pixel has no weight for some of
    the taps, which are zero there. The epilogue runs on the blocks, if its operands are numbers for each channel.
  }];
}

def ChannelsLastPass : Pass<"inlay-channels-last", "::mlir::func::FuncOp"> {
  let summary = "put the channels of images last, and pad images";
  let description = [{
    Models are written with channels first, as in PyTorch; kernels want [height, width, channels]. Convolutions and pools
    become ops on such images, with a permutation before and after them. A permutation moves below pointwise ops, concats,
    slices, paddings and resampling until it meets its inverse; a dense layer on a flattened image takes it into its weights. What remains is
    a copy. Padding becomes an op of its own.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def SplitLayersPass : Pass<"inlay-split-layers", "::mlir::func::FuncOp"> {
  let summary = "divide dense layers whose result is read in pieces";
  let description = [{
    The gates of a recurrent layer are pieces of one dense layer's result. Unless each begins with a vector of the target,
    each piece becomes a layer of its own, which can then run the gate's activation on its sums.
  }];
}

def SetTargetPass : Pass<"inlay-set-target", "::mlir::func::FuncOp"> {
  let summary = "say which machine the network is compiled for";
  let description = "The passes that follow read `inlay.target`. The phases before it are the same for every target.";
  let options = [
    Option<"vectorLength", "vector-length", "int64_t", /*default=*/"16", "f32 elements per vector register">,
    Option<"registers", "registers", "int64_t", /*default=*/"32", "vector registers">,
    Option<"fma", "fma", "bool", /*default=*/"true", "the target has fused multiply-add">,
    Option<"avx2", "avx2", "bool", /*default=*/"false", "use AVX2 instructions that have no portable form">,
    Option<"avx512", "avx512", "bool", /*default=*/"false", "use AVX-512 instructions that have no portable form">,
  ];
}

def AssignLayoutPass : Pass<"inlay-assign-layout", "::mlir::func::FuncOp"> {
  let summary = "choose register tiles and pack weights: dense layers and convolutions become inlay.contraction";
  let description = [{
    A tile's `rows * panel / lanes` accumulators, `panel / lanes` weight vectors and one broadcast input fit into the
    target's registers. Weights are transposed and packed here, in the constants, never at run time.
  }];
  let options = [
    Option<"bf16Weights", "bf16-weights", "bool", /*default=*/"false", "store the weights of layers as bf16">,
    Option<"maxBatch", "max-batch", "int64_t", /*default=*/"0", "largest batch that a call may have; 0 for any">,
    Option<"reproducible", "reproducible", "bool", /*default=*/"false", "no layer skips zeros">,
    Option<"voices", "voices", "bool", /*default=*/"false", "a network with state can run several streams in one call">,
  ];
}

def PlanMemoryPass : Pass<"inlay-plan-memory", "::mlir::func::FuncOp"> {
  let summary = "place every value: in an output, inside another value, or in the arena";
  let description = [{
    A reshape shares its operand's buffer. Pointwise ops and softmax take over the buffer of an operand that dies there.
    Operands of a concat are computed in place inside its result. A returned value is computed in the caller's output.
    Everything else gets an offset in one arena, by liveness. Every op gets an `inlay.placement`.
  }];
}

def VerifyPlacementsPass : Pass<"inlay-verify-placements", "::mlir::func::FuncOp"> {
  let summary = "refuse a memory plan in which a store destroys what is read later";
  let description = [{
    Follows the ops in order and shares no code with the planner. Every store, including the whole vectors of a padded
    value, must stay inside its row. It must not touch a value that is read later, or one that the op itself reads at
    another place or more than once. Changes nothing.
  }];
}

def EmitKernelsPass : Pass<"inlay-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "replace each network by scf + vector kernels, one per row block";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect"];
  let options = [
    Option<"parallel", "parallel", "bool", /*default=*/"false", "emit each stage once more, to be divided among threads">,
    Option<"reproducible", "reproducible", "bool", /*default=*/"false",
           "sum in one order, and use no instruction that only some processors have">,
  ];
}

def BuildEntryPointsPass : Pass<"inlay-build-entry-points", "::mlir::ModuleOp"> {
  let summary = "build the public functions that split any batch into row blocks";
  let description = [{
    Runs in the LLVM dialect, after the kernels were lowered, because the batch is the only size that is not static.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // INLAY_TRANSFORMS_PASSES
