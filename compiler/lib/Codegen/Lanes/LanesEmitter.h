// SPDX-License-Identifier: Apache-2.0
// Emits the ops of a network with a sample in each lane. A value of N elements is N vectors in a buffer; what is small
// enough LLVM keeps in registers. The weights are those of the other kernels: each is read as one element and
// multiplies the same input of all samples.
#ifndef INLAY_CODEGEN_LANESEMITTER_H
#define INLAY_CODEGEN_LANESEMITTER_H

#include "Inlay/Network/Summary.h"
#include "Kernel/ConstantMemory.h"
#include "Kernel/KernelContext.h"

namespace inlay::compiler {

class LanesEmitter {
 public:
  /// `kernel` is the function around the builder's place, and `constants` has the memory of each constant. Buffers are
  /// on the stack, or in `scratch` if that is given.
  LanesEmitter(mlir::func::FuncOp network, mlir::func::FuncOp kernel, KernelContext &context,
               const ConstantMemory &constants, mlir::Value scratch = {});

  /// Emits all ops. The inputs and states are in their buffers before, and the results and next states after.
  mlir::LogicalResult emitOps();

  /// Element `element` of a value, for all samples. A value of one element is broadcast.
  mlir::Value load(mlir::Location loc, mlir::Value value, mlir::Value element);
  /// Puts it into the value's buffer.
  void store(mlir::Location loc, mlir::Value value, mlir::Value element, mlir::Value all);

 private:
  using Vectors = VectorBuilder::Vectors;

  /// Where a value is: its element e is the vector `start` + e of a memref.
  struct Buffer {
    mlir::Value memory;
    int64_t start = 0;
  };

  mlir::func::FuncOp network, kernel;
  KernelContext &context;
  mlir::OpBuilder &builder;
  const int64_t lanes;
  mlir::Value scratch;
  int64_t inScratch = 0;  // vectors that buffers take so far
  llvm::DenseMap<mlir::Value, Buffer> buffers;
  llvm::DenseMap<mlir::Value, mlir::Value> memory;  // of the constants

  Buffer bufferOf(mlir::Value value);
  /// The state in whose buffer a value is computed; null if it has one of its own.
  mlir::Value stateOf(mlir::Value value);
  /// One element of a constant in all lanes.
  mlir::Value broadcast(mlir::Location loc, mlir::Value constant, mlir::Value position);
  /// Runs a program on elements of its operands and stores the results, `first` and those behind it.
  void finish(mlir::Location loc, mlir::Region &program, llvm::SmallVector<Vectors> arguments, mlir::Value result,
              mlir::Value first);
  /// Elements `first` and behind of all operands, `count` of each.
  llvm::SmallVector<Vectors> argumentsOf(mlir::Location loc, mlir::ValueRange operands, mlir::Value first,
                                         int64_t count);
  /// Runs `body(first, count)` for `elements` elements, `group` at a time.
  void forEachGroup(mlir::Location loc, int64_t elements, int64_t group,
                    llvm::function_ref<void(mlir::Value, int64_t)> body);

  void emit(MapOp map);
  void emit(SoftmaxOp op);
  void emit(SoftmaxOp op, mlir::Value start, int64_t length);
  void emit(ConcatOp op);
  void emit(SliceOp op);
  void emit(ContractionOp layer);
  /// Copies runs of elements that are `fromPeriod` apart in one value and `toPeriod` in the other, from the elements
  /// `from` and `to` on.
  void copyRuns(mlir::Location loc, int64_t runs, int64_t length, mlir::Value source, int64_t from, int64_t fromPeriod,
                mlir::Value target, int64_t to, int64_t toPeriod);
  /// The sums of `count` features from `first` on. Their weights of the first input begin at `weights`; those of the
  /// next one lie `stride` behind.
  Vectors sums(ContractionOp layer, mlir::Value first, int64_t count, mlir::Value weights, int64_t stride);
};

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_LANESEMITTER_H
