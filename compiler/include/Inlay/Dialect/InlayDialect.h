// SPDX-License-Identifier: Apache-2.0
// C++ side of the inlay dialect.
#ifndef INLAY_DIALECT_INLAYDIALECT_H
#define INLAY_DIALECT_INLAYDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "inlay/activations.hpp"

#include "Inlay/Dialect/InlayDialect.h.inc"
#include "Inlay/Dialect/InlayEnums.h.inc"
#include "Inlay/Dialect/KernelOp.h.inc"

#define GET_ATTRDEF_CLASSES
#include "Inlay/Dialect/InlayAttributes.h.inc"

#define GET_OP_CLASSES
#include "Inlay/Dialect/InlayOps.h.inc"

namespace inlay::compiler {

/// Names of the discardable attributes that the phases leave on functions and ops.
inline constexpr llvm::StringLiteral kHashAttr = "inlay.hash";            // function: graph hash
inline constexpr llvm::StringLiteral kNameAttr = "inlay.name";            // argument and result: user's name
inline constexpr llvm::StringLiteral kPlacementAttr = "inlay.placement";  // op: where its result lives
inline constexpr llvm::StringLiteral kArenaAttr = "inlay.arena";          // function: arena elements per row
inline constexpr llvm::StringLiteral kWorkspaceAttr = "inlay.workspace";  // function: elements, if ops need any
inline constexpr llvm::StringLiteral kMaxBatchAttr = "inlay.max_batch";   // function: largest batch, where there is one
inline constexpr llvm::StringLiteral kRowBlocksAttr =
    "inlay.row_blocks";  // function: most rows of each kernel, descending
inline constexpr llvm::StringLiteral kLanesAttr =
    "inlay.samples_in_lanes";  // function: samples that a kernel computes side by side, one in each lane; or absent
inline constexpr llvm::StringLiteral kVoicesAttr =
    "inlay.voices_in_lanes";  // function: streams that a kernel runs side by side; 0 for one after the other; or absent
inline constexpr llvm::StringLiteral kMemoryAttr = "inlay.memory";  // function: bytes that it keeps between steps
inline constexpr llvm::StringLiteral kStateAttr =
    "inlay.state";  // argument and result: where a state lies in that memory, in elements
inline constexpr llvm::StringLiteral kFeedbackAttr =
    "inlay.feedback";  // op: the loop over steps that it runs in, because a state depends on it; or absent
inline constexpr llvm::StringLiteral kInitialAttr = "inlay.initial";  // result, later argument: a state's first value
inline constexpr llvm::StringLiteral kLearnedAttr =
    "inlay.learned";  // argument: a parameter that is trained, beside kStateAttr
inline constexpr llvm::StringLiteral kComputedAttr =
    "inlay.computed";  // argument and result: a learned weight that is computed from parameters, with its place
inline constexpr llvm::StringLiteral kComputedElementsAttr =
    "inlay.computed_elements";  // function: elements that these take in the memory; absent if there are none
inline constexpr llvm::StringLiteral kWholeBatchAttr =
    "inlay.whole_batch";  // function: unit, if a kernel must have all samples of a batch at once
inline constexpr llvm::StringLiteral kRoleAttr = "inlay.role";      // function: a Role, if it is not inference
inline constexpr llvm::StringLiteral kPackedAttr = "inlay.packed";  // function: elements of all packed weights
inline constexpr llvm::StringLiteral kTargetAttr = "inlay.target";  // function: the machine, a TargetAttr

/// For fewer samples, a kernel that computes one after the other is faster than one with a sample in each lane.
inline int64_t fewestInLanes(int64_t lanes) { return lanes / 4 + 1; }

/// The same where the samples are copied to a block of their own.
inline int64_t fewestInPartOfLanes(int64_t lanes) { return lanes / 4 + 4; }

/// The machine that a network is compiled for; null before the layout phase.
inline TargetAttr targetOf(mlir::Operation *network) { return network->getAttrOfType<TargetAttr>(kTargetAttr); }

/// Where the state that is argument or result `index` of a network lies in its memory, in elements; nothing for an
/// input or an output.
std::optional<int64_t> stateOfArgument(mlir::func::FuncOp network, unsigned index);
std::optional<int64_t> stateOfResult(mlir::func::FuncOp network, unsigned index);
/// The reverse for arguments: the state that lies at this place, which must exist.
mlir::BlockArgument stateAt(mlir::func::FuncOp network, int64_t place);

/// Whether `value` depends on an argument of its network for which `which` holds, however indirectly.
bool dependsOnArgument(mlir::Value value, llvm::function_ref<bool(mlir::BlockArgument)> which);

/// The number of the loop over steps that an op runs in, if any; nothing for no op.
std::optional<int64_t> loopOf(mlir::Operation *op);
/// Whether an op outside of the producer's loop reads the value. A network's results do not count.
bool leavesLoop(mlir::Value value);

/// What a function of a module is for. The weights of all but the first are in the caller's memory. The last two have
/// neither inputs nor outputs and serve a training step: they compute weights from parameters, and pass the gradients
/// of these weights to the parameters. "<step>.compute_weights" becomes the function "<step>_compute_weights".
enum class Role : int64_t { inference, training, prediction, weights, gradients };
inline bool isHelper(Role role) { return role == Role::weights || role == Role::gradients; }
inline constexpr llvm::StringLiteral kHelpers[] = {"compute_weights", "pass_gradients"};
Role roleOf(mlir::Operation *network);

/// Whether a value is a parameter of a network that is trained. It lies in the network's memory. No op writes it but
/// the one that learns a statistic.
bool isLearned(mlir::Value value);
/// The name of a network's argument, if it has one.
llvm::StringRef nameOf(mlir::BlockArgument argument);
/// Whether a learned parameter is a batch norm's running mean or variance.
bool isBatchStatistic(mlir::Value value);

/// Row of the table for a name such as "tanh"; null if there is none.
const activation_row *findActivation(llvm::StringRef name);

/// "layer 'fc1': ", or nothing for an op that is no layer.
std::string layerPrefix(mlir::Operation *op);

/// The sizes of the axes of a value of static shape.
inline llvm::ArrayRef<int64_t> sizesOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

/// The number of elements in a value of static shape.
inline int64_t elementsOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getNumElements();
}

/// The number of bytes that a value's elements take.
inline int64_t bytesOf(mlir::Value value) {
  auto type = llvm::cast<mlir::RankedTensorType>(value.getType());
  return type.getNumElements() * type.getElementTypeBitWidth() / 8;
}

/// Calls `body(place)` for each index of `sizes` in row-major order. The place is the sum of each position times the
/// stride of its axis.
void forEachPlace(llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> strides,
                  llvm::function_ref<void(size_t place)> body);

/// An attribute that the op's declaration bounds, for signed arithmetic.
inline int64_t number(uint64_t attribute) { return static_cast<int64_t>(attribute); }

/// The window of a convolution or a pool.
template <class Op>
WindowAttr windowOf(Op op, int64_t kernelH, int64_t kernelW) {
  return WindowAttr::get(op.getContext(), kernelH, kernelW, number(op.getStrideH()), number(op.getStrideW()),
                         number(op.getDilationH()), number(op.getDilationW()));
}

}  // namespace inlay::compiler

#endif  // INLAY_DIALECT_INLAYDIALECT_H
