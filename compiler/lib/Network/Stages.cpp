// SPDX-License-Identifier: Apache-2.0
// How a network is divided among threads.
#include "Inlay/Network/Stages.h"

#include "Inlay/Network/ShareAll.h"

namespace inlay::compiler {
namespace {

/// A layer of a single sample is divided among threads if it has at least this many bytes of weights. Reading them from
/// the second-level cache takes about a microsecond, more than a meeting of the threads.
constexpr int64_t kWeightsWorthSharing = 128 << 10;

/// The lines of an image are divided among threads if computing them takes at least this many FLOPs, which is some
/// microseconds.
constexpr int64_t kFlopsWorthSharing = 500'000;

/// A sum over a block of samples is divided among threads if it takes at least this many FLOPs. Each reads four bytes
/// at most, so it takes some microseconds.
constexpr int64_t kSumsWorthSharing = 50'000;

/// With fewer lines the shares of the threads differ much.
constexpr int64_t kManyLines = 8;

/// The pieces into which the sum can be divided. Rows of an embedding are not: several samples may add to one.
int64_t piecesOf(AccumulateOp op) {
  if (op.hasIndices()) return 1;
  if (const auto window = op.getWindow()) return window->getKernelH();
  const int64_t lanes = targetOf(op->getParentOfType<mlir::func::FuncOp>()).getLanes();
  return op.getRight() ? elementsOf(op.getRight()) / (kVectorsOfProduct * lanes)
                       : elementsOf(op.getSum()) / (kVectorsOfSum * lanes);
}

Stage::Split splitOf(mlir::Operation &op, int64_t capacity, bool all) {
  if (auto sum = llvm::dyn_cast<AccumulateOp>(op)) {
    // Not by rows, because all samples add to the same elements.
    const bool worth = all || sum.getFlops() * capacity >= kSumsWorthSharing;
    return capacity > 1 && worth && piecesOf(sum) > 1 ? Stage::Split::panels : Stage::Split::none;
  }
  auto layer = llvm::dyn_cast<ContractionOp>(op);
  const bool isImage = layer && layer.getWindow();
  const bool hasPanels = layer && layer.getFeatures() >= 2 * featuresAtOnce(layer, capacity);
  if (capacity > 1) return hasPanels && !isImage ? Stage::Split::panels : Stage::Split::rows;
  const int64_t lines = llvm::cast<KernelOp>(op).getLines();
  const bool sharesLines = lines > 1 && (all || llvm::cast<KernelOp>(op).getFlops() >= kFlopsWorthSharing);
  // By lines, every thread reads all weights; by panels, the whole image.
  const bool prefersPanels =
      hasPanels && (!sharesLines || lines < kManyLines || bytesOf(layer.getWeight()) > bytesOf(layer.getInput()));
  if (prefersPanels && (all || bytesOf(layer.getWeight()) >= kWeightsWorthSharing)) return Stage::Split::panels;
  return sharesLines ? Stage::Split::lines : Stage::Split::none;
}

/// Whether a thread may go on from `before` to `op`, which is divided in the same way, while others are still at
/// `before`. `op` must not read what they write, nor write what they read. In the arena the rows of different values
/// may overlap. A sum over the samples may follow others that lie elsewhere.
bool mayFollow(mlir::Operation &op, llvm::ArrayRef<mlir::Operation *> stage, Stage::Split split) {
  mlir::Operation &before = *stage.back();
  if (split == Stage::Split::none) return true;
  if (split == Stage::Split::panels) {
    auto sum = llvm::dyn_cast<AccumulateOp>(op);
    const auto rangeOf = [](AccumulateOp each) {
      const int64_t first = each->getAttrOfType<PlacementAttr>(kPlacementAttr).getIndex();
      return std::pair(first, first + elementsOf(each.getSum()));
    };
    return sum && llvm::isa<AccumulateOp>(before) && llvm::all_of(stage, [&](mlir::Operation *each) {
             const auto [first, last] = rangeOf(sum);
             const auto [otherFirst, otherLast] = rangeOf(llvm::cast<AccumulateOp>(each));
             return last <= otherFirst || otherLast <= first;
           });
  }
  if (split != Stage::Split::rows) return false;
  auto place = op.getAttrOfType<PlacementAttr>(kPlacementAttr);
  return place.getRoot() != "arena" || place == before.getAttrOfType<PlacementAttr>(kPlacementAttr);
}

}  // namespace

int64_t featuresAtOnce(ContractionOp layer, int64_t capacity) {
  const auto panel = static_cast<int64_t>(layer.getPanel()), lanes = static_cast<int64_t>(layer.getVectorLength());
  return capacity > 1 || layer.getWindow() ? panel : std::max<int64_t>(1, kChains * lanes / panel) * panel;
}

llvm::SmallVector<Stage> stagesOf(mlir::func::FuncOp network, int64_t capacity) {
  llvm::SmallVector<Stage> stages;
  for (mlir::Operation &op : network.front().without_terminator()) {
    if (!llvm::cast<KernelOp>(op).hasKernel()) continue;
    const Stage::Split split = splitOf(op, capacity, sharesAll(network->getParentOp()));
    auto layer = llvm::dyn_cast<ContractionOp>(op);
    if (capacity == 1 && split == Stage::Split::panels && layer.getSkipZeros())
      stages.push_back({Stage::Split::lists, {&op}});
    const bool joins = !stages.empty() && stages.back().split == split && mayFollow(op, stages.back().ops, split);
    if (!joins) stages.push_back({split, {}});
    stages.back().ops.push_back(&op);
  }
  return stages;
}

}  // namespace inlay::compiler
