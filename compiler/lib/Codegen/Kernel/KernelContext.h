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
  bool pixels = false;     // rows are the pixels of an image
  int64_t line = 0;        // of an image whose rows are pixels: the distance between its lines
  int64_t elements = 0;    // of one row
  bool readable = false;   // reading past the end of a row up to one vector is allowed
  bool padded = false;     // and so is writing
  bool broadcast = false;  // every vector is the row's one element
  mlir::Value inRegister;  // the whole row, if the kernel has one row and keeps the value in a register

  /// The same value as an operand of a pointwise op over `width` elements.
  RowView asOperandOf(int64_t width) const {
    RowView view = *this;
    view.broadcast = elements == 1 && width != 1;
    return view;
  }
};

/// The lanes of the smallest register that has so many elements; `lanes` at most, and else four or more.
int64_t smallestRegister(int64_t elements, int64_t lanes);

/// What a load leaves in the lanes past a row's end. Memory there holds anything: with arithmetic on it a signalling
/// NaN, or a zero that the row does not have, would raise exception flags. Where all vectors repeat their first lane,
/// dead lanes compute what that one does and raise nothing that it does not. Packed weights rely on it: their lanes
/// without a feature have the first one's weights.
enum class DeadLanes { first, unspecified };

/// One kernel: a network over any number of rows up to `capacity`.
class KernelContext {
 public:
  KernelContext(mlir::OpBuilder &builder, int64_t capacity, mlir::Value rows, VectorFeatures features)
      : builder(builder), capacity(capacity), rows(rows), features(features) {}

  mlir::OpBuilder &builder;
  const int64_t capacity;
  mlir::Value rows;           // not used where the capacity is 1
  mlir::Value firstRow;       // where the kernel's part of the rows begins; it ends at `rows`; null for 0
  mlir::Value part, parts;    // which part of the panels of a contraction or sum to compute; null for all of them
  mlir::Value share, shares;  // which share of an image's lines to compute; null for all of them
  bool compact = false;       // the kernel has so many ops that short code counts for more than fast code
  bool reproducible = false;  // every kernel adds the terms of a sum in the same order
  bool staged = false;        // other kernels compute other ops: values are in memory between them
  const VectorFeatures features;
  mlir::Value scratch;    // the scratch memory
  mlir::Value memory;     // what a network with state keeps from step to step
  int64_t workspace = 0;  // where in it the workspace of ops begins, in elements

  mlir::Value index(int64_t number, mlir::Location loc);
  // Arithmetic on positions. What is known at compile time is computed there.
  mlir::Value plus(mlir::Location loc, mlir::Value a, mlir::Value b);
  mlir::Value plus(mlir::Location loc, mlir::Value a, int64_t b) { return plus(loc, a, index(b, loc)); }
  mlir::Value times(mlir::Location loc, mlir::Value a, int64_t b);
  /// base + index * factor.
  mlir::Value plusTimes(mlir::Location loc, mlir::Value base, mlir::Value index, int64_t factor) {
    return plus(loc, base, times(loc, index, factor));
  }
  /// `count` things are divided into `parts` shares. Returns the first of share `part`, which is also the end of the
  /// share before it.
  mlir::Value shareStart(mlir::Location loc, mlir::Value count, mlir::Value part, mlir::Value parts);
  /// The range of `count` lines, or of groups of lines, that this kernel computes.
  std::pair<mlir::Value, mlir::Value> shareOfLines(mlir::Location loc, int64_t count);
  /// Runs `body` for each of these lines.
  void forEachLine(mlir::Location loc, int64_t count, llvm::function_ref<void(mlir::Value)> body);
  /// Runs `body` with each value of 0, step, ... below `end`. A single iteration needs no loop.
  void forEach(mlir::Location loc, int64_t end, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  /// The same from `begin` on.
  void forEach(mlir::Location loc, mlir::Value begin, mlir::Value end, int64_t step,
               llvm::function_ref<void(mlir::Value)> body);
  /// Runs `body(first, live)` for each panel of `width` of so many elements, as far as it belongs to this kernel's
  /// part. The last panel may be narrower; the last part has it.
  void forEachPanel(mlir::Location loc, int64_t elements, int64_t width,
                    llvm::function_ref<void(mlir::Value first, int64_t live)> body);
  /// The same as forEach() where `body` changes the values in `carried`, for instance sums.
  void forEach(mlir::Location loc, int64_t end, int64_t step, llvm::SmallVector<mlir::Value> &carried,
               llvm::function_ref<void(mlir::Value)> body);
  void forEach(mlir::Location loc, mlir::Value begin, mlir::Value end, int64_t step,
               llvm::SmallVector<mlir::Value> &carried, llvm::function_ref<void(mlir::Value)> body);
  /// Runs `body(first row, rows of the tile)` over the kernel's rows: as many tiles of the first size as fit, then of
  /// the next size. The last size is 1.
  void forEachRowTile(mlir::Location loc, llvm::ArrayRef<int64_t> sizes,
                      llvm::function_ref<void(mlir::Value, int64_t)> body);
  void forEachRow(mlir::Location loc, llvm::function_ref<void(mlir::Value)> body) {
    forEachRowTile(loc, {1}, [&](mlir::Value row, int64_t) { body(row); });
  }
  /// Runs `body(column, live)` over a row: whole vectors, then the rest.
  void forEachVector(mlir::Location loc, int64_t elements, llvm::function_ref<void(mlir::Value, int64_t)> body) {
    forEachVectors(loc, elements, 1, body);
  }
  /// Runs `body(column, live)` over a row, `ways` vectors at a time, and once for the rest. `live` is the number of
  /// elements; the last vector may be partly live.
  void forEachVectors(mlir::Location loc, int64_t elements, int64_t ways,
                      llvm::function_ref<void(mlir::Value column, int64_t live)> body);

  /// Emits an scf.if. `taken` yields its results, of these types, if the condition holds, and `other` if not. The
  /// bodies are emitted when the op is in its place, because emitters look for the module around them.
  using Yielded = llvm::function_ref<llvm::SmallVector<mlir::Value>()>;
  llvm::SmallVector<mlir::Value> choose(mlir::Location loc, mlir::Value condition, mlir::TypeRange types, Yielded taken,
                                        Yielded other);
  /// The same for the condition a == b. No branch is emitted if a and b are known to be equal.
  llvm::SmallVector<mlir::Value> chooseIfEqual(mlir::Location loc, mlir::Value a, mlir::Value b, mlir::TypeRange types,
                                               Yielded taken, Yielded other);
  /// The same without results.
  void ifEqual(
      mlir::Location loc, mlir::Value a, mlir::Value b, llvm::function_ref<void()> taken,
      llvm::function_ref<void()> other = [] {});

  /// Loads `lanes` elements from `column` on, of which `live` belong to the row.
  mlir::Value load(mlir::Location loc, const RowView &view, mlir::Value row, mlir::Value column, int64_t lanes,
                   int64_t live, DeadLanes dead = DeadLanes::first);
  /// Loads one element into all lanes.
  mlir::Value loadEverywhere(mlir::Location loc, const RowView &view, mlir::Value row, mlir::Value column,
                             int64_t lanes);
  void store(mlir::Location loc, const RowView &view, mlir::Value row, mlir::Value column, mlir::Value vector,
             int64_t live);
  /// Copies `length` elements of a row, from column `source` to column `target`.
  void copyRun(mlir::Location loc, mlir::Value row, int64_t length, const RowView &from, mlir::Value source,
               const RowView &to, mlir::Value target);
  mlir::Value loadScalar(mlir::Location loc, const RowView &view, mlir::Value row, mlir::Value column);
  /// Replaces the lanes from `live` on by `fill`.
  mlir::Value fillDead(mlir::Location loc, mlir::Value vector, int64_t live, float fill);
  /// The vector itself, to LLVM one whose lanes are all wanted: it would leave anything in those that are not, so that
  /// arithmetic on them raises flags.
  mlir::Value withAllLanes(mlir::Location loc, mlir::Value vector);
  mlir::Value broadcast(mlir::Location loc, mlir::Value scalar, int64_t lanes);
  /// Sets every lane to the combination of all lanes. Combining in pairs is faster than one after the other, and more
  /// exact for a sum.
  mlir::Value acrossLanes(mlir::Location loc, mlir::Value all,
                          llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);
  mlir::Value splat(mlir::Location loc, float number, int64_t lanes);
  /// Emits the program on vectors. Every argument has the same number of vectors; `elements` is the value's size.
  /// Returns the vectors of the result.
  VectorBuilder::Vectors inlineProgram(mlir::Region &program, llvm::ArrayRef<VectorBuilder::Vectors> arguments,
                                       int64_t lanes, int64_t elements);

  /// Whether the result of `op` stays in a register. Only in a kernel of a single row, where all its readers are.
  bool staysInRegister(ContractionOp op);
  llvm::DenseMap<mlir::Value, mlir::Value> inRegister;  // by value of the network
  /// By layer whose input may be in a register: the memory of its rotated weights.
  llvm::DenseMap<mlir::Operation *, mlir::Value> rotated;

  mlir::VectorType vectorType(int64_t lanes) { return mlir::VectorType::get({lanes}, builder.getF32Type()); }
  /// One sample of a value [height, width, channels] as pixels: rows that are `step` pixels apart, and lines that are
  /// `lineStep` lines apart.
  RowView pixelsOf(mlir::Location loc, const RowView &view, mlir::Value sample, llvm::ArrayRef<int64_t> sizes,
                   int64_t lineStep = 1, int64_t step = 1);
  /// The same for `operand` of an epilogue over `image`, to which it is broadcast.
  RowView pixelsOf(mlir::Location loc, const RowView &view, mlir::Value sample, mlir::Value operand, mlir::Value image);
  /// The same pixels from line `line` on.
  RowView fromLine(mlir::Location loc, const RowView &pixels, mlir::Value line);

  /// base + row * stride + column.
  mlir::Value address(mlir::Location loc, const RowView &view, mlir::Value row, mlir::Value column);

 private:
  /// Runs `body(first, live)` for each `width` of so many elements. The last group may be narrower.
  void forEachGroup(mlir::Location loc, int64_t elements, int64_t width,
                    llvm::function_ref<void(mlir::Value first, int64_t live)> body);
  /// The vector itself, of which LLVM must not leave out lanes.
  mlir::Value fenced(mlir::Location loc, mlir::Value vector);
  mlir::Value prefixMask(mlir::Location loc, int64_t live, int64_t lanes);
};

// One emitter per kind of op. `views` finds the memory of any value of the network.
using ViewLookup = llvm::function_ref<RowView(mlir::Value)>;
void emitContraction(ContractionOp op, KernelContext &context, ViewLookup views);
/// Emits only the list of the layer's nonzero inputs, for the kernels that compute parts of the layer.
void emitNonzeroList(ContractionOp op, KernelContext &context, ViewLookup views);
void emitMap(MapOp op, KernelContext &context, ViewLookup views);
void emitConcat(ConcatOp op, KernelContext &context, ViewLookup views);
void emitHistory(HistoryOp op, KernelContext &context, ViewLookup views);
void emitSlice(SliceOp op, KernelContext &context, ViewLookup views);
void emitPermute(PermuteOp op, KernelContext &context, ViewLookup views);
void emitPad(PadOp op, KernelContext &context, ViewLookup views);
void emitEmbedding(EmbeddingOp op, KernelContext &context, ViewLookup views);
void emitResample(ResampleOp op, KernelContext &context, ViewLookup views);
void emitWindow(WindowOp op, KernelContext &context, ViewLookup views);
void emitNormalize(NormalizeOp op, KernelContext &context, ViewLookup views);
void emitReduce(ReduceOp op, KernelContext &context, ViewLookup views);
void emitSoftmax(SoftmaxOp op, KernelContext &context, ViewLookup views);
void emitAccumulate(AccumulateOp op, KernelContext &context, ViewLookup views);
void emitMaxPoolGradient(MaxPoolGradientOp op, KernelContext &context, ViewLookup views);

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_KERNELCONTEXT_H
