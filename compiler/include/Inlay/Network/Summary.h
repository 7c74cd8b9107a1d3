// SPDX-License-Identifier: Apache-2.0
// Facts about a planned network that the entry point, the header and the manifest need.
#ifndef INLAY_NETWORK_SUMMARY_H
#define INLAY_NETWORK_SUMMARY_H

#include <string>
#include <vector>

#include "Inlay/Dialect/InlayDialect.h"
#include "inlay/graph.hpp"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace inlay::compiler {

/// Module attribute: one dictionary per network, from which BuildEntryPoints works.
inline constexpr llvm::StringLiteral kEntriesAttr = "inlay.entries";

/// Attribute of LLVM functions that must run in rounding to nearest, whatever mode their caller has set.
inline constexpr llvm::StringLiteral kRoundsToNearest = "inlay-rounds-to-nearest";

/// What an entry point returns; the values of inlay::status in the runtime.
enum EntryStatus : int32_t { kOk = 0, kNullPointer = 1, kBatchTooLarge = 4 };

struct PortSummary {
  std::string name;
  std::vector<int64_t> shape;  // of one sample
  int64_t elements = 0;
  dtype type = dtype::f32;
};

/// A parameter of a network whose weights are an argument.
struct ParameterSummary {
  std::string name;
  std::vector<int64_t> shape;
  int64_t first = 0;  // float of the parameters
};

struct LayerSummary {
  std::string name;                // layer name, or the op's kind
  std::string kind;                // "dense", "map", "softmax", "concat"
  std::vector<std::string> fused;  // ops of the epilogue or the map, in order
  int64_t inputs = 0, outputs = 0;
  int64_t flops = 0;        // per sample; a multiply-add counts 2, an activation 1
  int64_t weightBytes = 0;  // as stored in the object
  std::string tile;         // "14x32", dense only
  bool skipsZeros = false;  // in the kernel of a single sample
};

struct NetworkSummary {
  std::string name;
  uint64_t hash = 0;
  std::vector<PortSummary> inputs, outputs;
  std::vector<LayerSummary> layers;
  std::vector<int64_t> rowBlocks;  // capacity of each kernel in rows, descending, ends with 1
  int64_t samplesInLanes = 0;      // of the kernel with a sample in each lane; 0 if there is none
  bool runsVoices = false;         // whether it has `<name>_run_voices`
  int64_t voicesInLanes = 0;       // of the kernel with a stream in each lane; 0 if there is none
  int64_t fewestVoices = 0;        // for which that kernel is faster than one stream after the other
  /// For each row block, whether each of its stages is divided among threads; empty without --parallel.
  std::vector<std::vector<int64_t>> stages;
  int64_t maxBatch = 0;  // largest batch that a call may have; 0 for any
  int64_t scratchBytes = 0;
  int64_t memoryBytes = 0;  // what the caller keeps from step to step; 0 for a network without state
  int64_t weightBytes = 0;
  int64_t flops = 0;
  bool roundsToNearest = false;  // its formulas rely on that mode
  Role role = Role::inference;
  bool needsWholeBatch = false;  // a call must have all samples of a batch
  bool computesWeights = false;  // a training step whose layers have weights that are computed from parameters
  int64_t parameters = 0;  // floats of all parameters, of a network that is trained or whose weights are an argument
  std::vector<ParameterSummary> parameterList;  // where the weights are an argument
  int64_t packedBytes = 0;  // of the block of weights that is an argument; 0 where the weights are in the object

  /// Whether its samples are steps, one after the other.
  bool hasState() const { return memoryBytes > 0; }
  /// Whether `<name>_reset` sets its memory to what it is at first.
  bool hasReset() const { return hasState() && role != Role::prediction; }
  /// The functions `<name>_<function>(memory, other)` that a network with learned weights has beside `<name>_run`.
  std::vector<std::string> trainingFunctions() const {
    if (role == Role::inference) return {};
    if (role == Role::prediction) return {"begin"};
    std::vector<std::string> functions = {"begin", "update_sgd", "update_adam"};
    if (computesWeights) functions.insert(functions.end(), std::begin(kHelpers), std::end(kHelpers));
    return functions;
  }
  /// Whether kernels take their weights as an argument, which `<name>_pack` makes.
  bool takesWeights() const { return packedBytes > 0; }
  /// The pointers of a kernel that follow its inputs and outputs: the memory where there is state, the weights where
  /// they are an argument, and the scratch memory. In an entry point they follow the batch.
  size_t furtherPointers() const { return 1u + (hasState() ? 1u : 0u) + (takesWeights() ? 1u : 0u); }
  size_t pointers() const { return inputs.size() + outputs.size() + furtherPointers(); }
  size_t memoryPointer() const { return inputs.size() + outputs.size(); }
  size_t weightsPointer() const { return pointers() - 2; }
  /// Whether it has `<name>_run_parallel`.
  bool isParallel() const { return !stages.empty(); }
  std::string kernelName(int64_t rows) const { return name + "_rows" + std::to_string(rows); }
  /// The kernels with a sample in each lane: for as many samples as there are lanes, and for any number up to that.
  std::string lanesName() const { return name + "_lanes"; }
  std::string lanesPartName() const { return name + "_lanes_part"; }
  /// The kernel with a stream in each lane.
  std::string voicesName() const { return name + "_voices"; }
  std::string stageName(int64_t rows, size_t stage) const {
    return kernelName(rows) + "_stage" + std::to_string(stage);
  }
};

/// Reads the facts off a network that has been through the plan phase and is compiled with or without --parallel.
NetworkSummary summarize(mlir::func::FuncOp network, bool parallel);

/// Whether a kernel for a single row can keep a layer's result in a register. The result must fit into one, and only
/// contractions may read it, as their input.
bool fitsRegister(ContractionOp layer);

/// The vectors that a kernel with a sample in each lane has buffers for: its inputs, states and results.
int64_t elementsInLanes(mlir::func::FuncOp network);

/// A kernel with a sample in each lane keeps so many of them on the stack: 8 KiB with 16 lanes.
inline constexpr int64_t kMostElementsOnStack = 128;

/// Whether the kernel with a stream in each lane has its buffers in the scratch memory, because they are too large for
/// the stack.
bool voicesUseScratch(mlir::func::FuncOp network);

/// Where the workspace of the kernel for a single row begins, in elements of the scratch memory.
int64_t workspaceBase(mlir::func::FuncOp network);

/// Where the packed weights of a network that is trained begin in the scratch memory, in elements.
int64_t packedBase(mlir::func::FuncOp network);

/// Converts the part of a summary that the entry point needs to an attribute, and back.
mlir::Attribute entryAttribute(const NetworkSummary &summary, mlir::MLIRContext *context);
NetworkSummary entryFromAttribute(mlir::Attribute attribute);

}  // namespace inlay::compiler

#endif  // INLAY_NETWORK_SUMMARY_H
