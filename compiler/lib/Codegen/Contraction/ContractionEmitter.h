// SPDX-License-Identifier: Apache-2.0
// The emitter of contractions, in three files: EmitContraction.cpp has the loops over panels, slabs and tiles,
// ContractionSums.cpp the sums over the depth, ContractionImage.cpp what is different for images.
#ifndef INLAY_CODEGEN_CONTRACTIONEMITTER_H
#define INLAY_CODEGEN_CONTRACTIONEMITTER_H

#include "Contraction/EmitNonzeros.h"
#include "Inlay/Network/Stages.h"

namespace inlay::compiler {

class ContractionEmitter {
 public:
  ContractionEmitter(ContractionOp op, KernelContext &context, ViewLookup views);
  void run();

 private:
  /// One vector of output features.
  struct FeatureVector {
    int64_t weightOffset;  // of its first weight from the tile's first weight
    int64_t weightStride;  // between the weights of consecutive k
    int64_t column;        // of its first feature, counted from the tile's first
    int64_t live;          // features that exist
  };

  /// A part of a layer's depth: the k from `begin` up to `end`. While the kernel sums them, it prefetches the same slab
  /// of the next panel. That slab starts at weight `next`, and each row of the block prefetches `perRow` weights of it.
  /// Nothing is prefetched where `next` is null.
  struct Slab {
    mlir::Value begin, end;
    mlir::Value next, perRow;
  };

  /// A row of a tile.
  struct Place {
    mlir::Value row;  // within its line
    int64_t line;     // counted from the tile's first
  };

  /// Lines of a window: from `first` up to `last`.
  struct Taps {
    int64_t first = 0, last = std::numeric_limits<int64_t>::max();
    bool operator==(const Taps &other) const { return first == other.first && last == other.last; }
  };

  /// Elements of an image that lie side by side under a window, and how the window's lines and pixels divide into them.
  struct Runs {
    int64_t lines, ofLine, length;
  };

  /// The cache that a line is fetched into, as the hint of llvm.prefetch.
  enum class Level : uint32_t { second = 2, first = 3 };

  ContractionOp op;
  KernelContext &context;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  RowView input, weight, result;
  std::optional<RowView> bias;
  llvm::SmallVector<RowView> extras;
  std::optional<NonzeroList> nonzeros;  // of the input, where the layer skips zeros
  const int64_t lanes, panel, depth, width;

  // While an image is emitted:
  mlir::Value firstPixel;  // of the lines that are emitted
  Taps taps;               // that are summed
  /// Rows of a tile in each line of an image. A dense layer's rows are all in one line.
  int64_t columns = std::numeric_limits<int64_t>::max();

  // The loops.
  /// Prefetches the whole input, which other threads have just written. Without it the sums would wait for another core
  /// at every cache line.
  void fetchInput();
  /// Runs `body(weight start, first column, vectors)` for every panel. A kernel for a single row takes several panels
  /// at a time.
  void forEachPanel(llvm::function_ref<void(mlir::Value, mlir::Value, llvm::ArrayRef<FeatureVector>)> body);
  void forEachRowTile(llvm::function_ref<void(mlir::Value, int64_t)> body);
  /// The vectors for `features` features from column `first` on. A panel must start at `first`.
  llvm::SmallVector<FeatureVector> featureVectors(int64_t first, int64_t features);
  /// The loop over panels is outside the loop over rows, so that every row finds the panel's weights in a near cache. A
  /// layer with large weights is summed slab by slab. The result's memory holds the sums between slabs, which is
  /// possible unless the epilogue reads something there.
  void emitAll();
  /// The rows that this kernel computes, at least 1.
  mlir::Value rowsOfKernel();
  void emitSlab(const Slab &slab);
  /// Whether the epilogue runs after the sums of all rows are stored. One copy of its code then serves tiles of all
  /// sizes.
  bool finishesPanels();
  void emitTile(mlir::Value row, int64_t rows, mlir::Value weightStart, mlir::Value column,
                llvm::ArrayRef<FeatureVector> vectors, const Slab &slab);
  /// Runs the epilogue if `activate`, and stores the vectors of one row.
  void finish(VectorBuilder::Vectors sums, const Place &at, mlir::Value column, llvm::ArrayRef<FeatureVector> vectors,
              bool activate);
  /// Runs the epilogue on stored sums of one row.
  void finishStored(const Place &at, mlir::Value column, llvm::ArrayRef<FeatureVector> vectors);
  /// Whether storing the sums may destroy an operand of the epilogue.
  bool extrasAreOverwritten();

  // The sums.
  mlir::Value weightPosition(const FeatureVector &v, mlir::Value weightStart, mlir::Value k);
  /// `count` elements in f32, whatever they are stored as.
  mlir::Value loadVector(const RowView &view, mlir::Value position, int64_t count);
  /// x[row][k] for each row of a tile.
  llvm::SmallVector<mlir::Value> inputs(mlir::Value row, int64_t rows, mlir::Value k);
  /// One multiply-add of every accumulator of a chain: acc[row][vector] += x[row] * weight[k][vector].
  void step(llvm::MutableArrayRef<mlir::Value> accumulators, llvm::ArrayRef<mlir::Value> elements,
            mlir::Value weightStart, mlir::Value k, llvm::ArrayRef<FeatureVector> vectors);
  /// Whether the layer has one output and its input fills one register. Its weights then lie side by side.
  bool isDotProduct();
  /// The sum for such a layer, which starts as `start`. It adds pieces as long as the shortest register, then the
  /// lanes.
  mlir::Value dotProduct(mlir::Value start, mlir::Value weightStart);
  /// The weights for a layer whose input fills a register that was computed just before, or null. Each step multiplies
  /// the register with its lanes in another order, so that every lane meets every element once. A step then takes one
  /// short shuffle, where setting all lanes to one of them takes two. The weights lie as for steps over k.
  mlir::Value rotatedWeights();
  /// The features of each row of a tile, for a layer that sums along its inputs.
  llvm::SmallVector<mlir::Value> dotProducts(mlir::Value row, int64_t rows);
  /// Adds the products of a slab, `chains` k at a time.
  void accumulate(llvm::SmallVector<mlir::Value> &accumulators, mlir::Value row, int64_t rows, int64_t chains,
                  mlir::Value weightStart, llvm::ArrayRef<FeatureVector> vectors, const Slab &slab);
  /// Sums over the k whose input is not zero. The hardware cannot predict which k comes next, so the loop prefetches
  /// the weights that it needs some steps later.
  void accumulateNonzeros(llvm::SmallVector<mlir::Value> &accumulators, mlir::Value weightStart,
                          llvm::ArrayRef<FeatureVector> vectors);
  /// The register with its lanes in the order of step k of a rotated layer.
  mlir::Value rotate(mlir::Value vector, int64_t k);
  /// Brings the sums of a layer that rotatesSums() to the lanes of their features. The sums are those of the steps with
  /// k % 4 = 0 to 3.
  void rotateSums(llvm::MutableArrayRef<mlir::Value> accumulators);
  /// Adds chains in pairs, so that few additions wait for each other, until so many are left.
  void joinChains(llvm::SmallVector<mlir::Value> &accumulators, int64_t chains, int64_t left = 1);

  // Images.
  /// The convolution of one sample.
  void emitImage(mlir::Value sample);
  /// The lines of the window that are not all zero for `count` lines of the result from `line` on.
  Taps tapsOf(int64_t line, int64_t count);
  /// Tiles of whole lines, then of the lines that are left. A line is divided into tiles of equal columns, and the
  /// columns that are left.
  void forEachTileOfImage(llvm::function_ref<void(mlir::Value, int64_t)> body);
  /// Whether the epilogue runs on whole lines of an image. A costly one does if its vectors would otherwise be partly
  /// empty, because there are fewer features than lanes.
  bool finishesLines();
  /// Runs the epilogue on the stored sums of a line, which begins at column `start` of the first row.
  void finishLine(int64_t start);
  Runs runsOfWindow();
  /// Adds the products of a whole window.
  void accumulateWindow(llvm::SmallVector<mlir::Value> &accumulators, mlir::Value row, int64_t rows, int64_t chains,
                        mlir::Value weightStart, llvm::ArrayRef<FeatureVector> vectors);

  // Access.
  llvm::SmallVector<mlir::Type> vectorTypes(size_t count) {
    return llvm::SmallVector<mlir::Type>(count, context.vectorType(lanes));
  }
  /// Row `r` of the tile that begins at `row`.
  Place placeOf(mlir::Value row, int64_t r) { return {plus(row, r % columns), r / columns}; }
  /// Column `column` of a place, as a column of the row in the tile's first line.
  mlir::Value inFirstLine(const RowView &view, const Place &at, mlir::Value column) {
    return plus(column, at.line * view.line);
  }
  mlir::Value plus(mlir::Value position, int64_t distance) { return context.plus(loc, position, distance); }
  mlir::Value loadVector(const RowView &view, mlir::Value position) { return loadVector(view, position, lanes); }
  mlir::Value address(const RowView &view, const Place &at, mlir::Value column);
  mlir::Value load(const RowView &view, const Place &at, mlir::Value column, int64_t live);
  void prefetch(const RowView &view, mlir::Value position, Level level, bool isWrite = false);
};

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_CONTRACTIONEMITTER_H
