// SPDX-License-Identifier: Apache-2.0
// What the emitters of one kernel share: where values live, and vector access to their rows.
#ifndef INLAY_CODEGEN_KERNELCONTEXT_H
#define INLAY_CODEGEN_KERNELCONTEXT_H

#include "Inlay/Codegen/Activations.h"
#include "Inlay/Transforms/Passes.h"

namespace inlay::compiler {

/// A value of the network in memory: element (row, column) lies at start + base + row * stride + column of a flat
/// memref.
struct RowView {
  mlir::Value memory;
  int64_t base = 0;
  mlir::Value start;       // added to the base where the code serves several values; null for 0
  int64_t stride = 0;      // 0: every row is the same (a constant)
  int64_t elements = 0;    // of one row
  bool readable = false;   // reading past the end of a row up to one vector is allowed
  bool padded = false;     // and so is writing
  bool broadcast = false;  // every vector is the row's one element
  mlir::Value inRegister;  // the whole row, of the only row there is, where it is not in memory

  /// The same value as an operand of a pointwise op over `width` elements.
  RowView asOperandOf(int64_t width) const {
    RowView view = *this;
    view.broadcast = elements == 1 && width != 1;
    return view;
  }
};

/// One kernel: a network over any number of rows up to `capacity`.
class KernelContext {
 public:
  KernelContext(mlir::OpBuilder &builder, int64_t capacity, mlir::Value rows, VectorFeatures features)
      : builder(builder), capacity(capacity), rows(rows), features(features) {}

  mlir::OpBuilder &builder;
  const int64_t capacity;
  mlir::Value rows;           // not used where the capacity is 1
  mlir::Value firstRow;       // of a part of the rows that ends at `rows`; null for 0
  mlir::Value part, parts;    // which part of the panels of a contraction to compute; null for all of them
  bool compact = false;       // the kernel has so many ops that short code counts for more than fast code
  bool reproducible = false;  // every kernel adds the terms of a sum in the same order
  bool staged = false;        // other kernels compute other ops: values are in memory between them
  const VectorFeatures features;
  mlir::Value scratch;          // the scratch memory
  int64_t nonzeroListBase = 0;  // where in it there is room for lists, in elements

  mlir::Value index(int64_t number, mlir::Location loc);
  /// Where the share of `part` of `parts` in `count` things starts, and so that of the part before ends.
  mlir::Value shareStart(mlir::Location loc, mlir::Value count, mlir::Value part, mlir::Value parts);
  /// Runs `body` with each value of 0, step, ... below `end`; no loop where there is one iteration.
  void forEach(mlir::Location loc, int64_t end, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  /// Runs `body(first row, rows of the tile)` over the kernel's rows: as many tiles of the first size as there are,
  /// then of the next; the last size is 1.
  void forEachRowTile(mlir::Location loc, llvm::ArrayRef<int64_t> sizes,
                      llvm::function_ref<void(mlir::Value, int64_t)> body);
  void forEachRow(mlir::Location loc, llvm::function_ref<void(mlir::Value)> body) {
    forEachRowTile(loc, {1}, [&](mlir::Value row, int64_t) { body(row); });
  }
  /// Runs `body(column, lanes)` over a row: whole vectors, then the rest.
  void forEachVector(mlir::Location loc, int64_t elements, llvm::function_ref<void(mlir::Value, int64_t)> body) {
    forEachVectors(loc, elements, 1, body);
  }
  /// Runs `body(column, live)` over a row: `ways` vectors at a time, then one, of which the last may be partly live.
  void forEachVectors(mlir::Location loc, int64_t elements, int64_t ways,
                      llvm::function_ref<void(mlir::Value column, int64_t live)> body);

  /// `lanes` elements from `column` on, `live` of which belong to the row. Dead lanes are `fill` where they had to be
  /// masked and unspecified otherwise.
  mlir::Value load(mlir::Location loc, const RowView &view, mlir::Value row, mlir::Value column, int64_t lanes,
                   int64_t live, float fill = 0.0f);
  void store(mlir::Location loc, const RowView &view, mlir::Value row, mlir::Value column, mlir::Value vector,
             int64_t live);
  mlir::Value loadScalar(mlir::Location loc, const RowView &view, mlir::Value row, mlir::Value column);
  /// The vector with lanes from `live` on replaced by `fill`.
  mlir::Value fillDead(mlir::Location loc, mlir::Value vector, int64_t live, float fill);
  mlir::Value broadcast(mlir::Location loc, mlir::Value scalar, int64_t lanes);
  /// Every lane becomes the combination of all lanes: pairwise, which is both faster and, for a sum, more exact than
  /// one after the other.
  mlir::Value acrossLanes(mlir::Location loc, mlir::Value all,
                          llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);
  mlir::Value splat(mlir::Location loc, float number, int64_t lanes);
  /// Appends a scalar program in vector form, on all vectors of the arguments (the same number each) side by side, of a
  /// value with so many elements; returns what it yields.
  VectorBuilder::Vectors inlineProgram(mlir::Region &program, llvm::ArrayRef<VectorBuilder::Vectors> arguments,
                                       int64_t lanes, int64_t elements);

  /// Whether the result of `op` stays in a register: only kernels of a single row know all its readers.
  bool staysInRegister(ContractionOp op);
  llvm::DenseMap<mlir::Value, mlir::Value> inRegister;  // by value of the network

  mlir::VectorType vectorType(int64_t lanes) { return mlir::VectorType::get({lanes}, builder.getF32Type()); }
  /// base + row * stride + column.
  mlir::Value address(mlir::Location loc, const RowView &view, mlir::Value row, mlir::Value column);

 private:
  mlir::Value prefixMask(mlir::Location loc, int64_t live, int64_t lanes);
};

// One emitter per kind of op. `views` finds the memory of any value of the network.
using ViewLookup = llvm::function_ref<RowView(mlir::Value)>;
void emitContraction(ContractionOp op, KernelContext &context, ViewLookup views);
/// Only the list of the layer's inputs that are not zero, for kernels that compute parts of it.
void emitNonzeroList(ContractionOp op, KernelContext &context, ViewLookup views);
void emitMap(MapOp op, KernelContext &context, ViewLookup views);
void emitConcat(ConcatOp op, KernelContext &context, ViewLookup views);
void emitSoftmax(SoftmaxOp op, KernelContext &context, ViewLookup views);

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_KERNELCONTEXT_H
