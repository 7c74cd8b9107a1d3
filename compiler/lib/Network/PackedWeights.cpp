// SPDX-License-Identifier: Apache-2.0
// Finds few loops that pack all weights, from the elements of the packed constants.
#include "Inlay/Network/PackedWeights.h"

#include <map>

#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {
namespace {

constexpr int64_t kCacheLine = 16;  // elements
int64_t inLines(int64_t elements) {
  return static_cast<int64_t>(llvm::alignTo(static_cast<uint64_t>(elements), kCacheLine));
}

/// Loops of which as many are used as `used` says, from the innermost on.
struct Item {
  int64_t from, to;
  std::array<std::array<int32_t, 3>, kPackLoops> loops;  // count, step of the source, step of the place

  bool operator<(const Item &other) const { return loops < other.loops; }
};

/// Joins items of equal loops that follow each other in equal steps to one item with a further loop, number `level`.
std::vector<Item> join(const std::vector<Item> &items, size_t level) {
  struct Row {
    Item first;
    int64_t from, to;  // of the last item
    size_t place;      // in the result
  };
  std::vector<Item> joined;
  std::map<Item, Row> open;  // by the loops
  for (const Item &item : items) {
    const auto found = open.find(item);
    if (found != open.end()) {
      Row &row = found->second;
      auto &[count, fromStep, toStep] = joined[row.place].loops[level];
      const int64_t from = item.from - row.from, to = item.to - row.to;
      if (count == 1) fromStep = static_cast<int32_t>(from), toStep = static_cast<int32_t>(to);
      if (from == fromStep && to == toStep) {
        ++count, row.from = item.from, row.to = item.to;
        continue;
      }
      open.erase(found);
    }
    open.emplace(item, Row{item, item.from, item.to, joined.size()});
    joined.push_back(item);
  }
  return joined;
}

}  // namespace

PackedWeights::PackedWeights(mlir::func::FuncOp network) {
  const int64_t parameters = argumentParametersOf(network);
  std::vector<Item> items;
  const std::array<int32_t, 3> once = {1, 0, 0};
  for (ConstantOp constant : network.getOps<ConstantOp>()) {
    if (!readsParameters(constant)) continue;
    offsets[constant] = elements;
    int64_t place = elements;
    for (float each : llvm::cast<mlir::DenseElementsAttr>(constant.getValue()).getValues<float>()) {
      if (const std::optional<int64_t> from = parameterIndexOf(each, parameters)) {
        // Elements side by side make up the innermost loop at once: there are many.
        auto *loop = items.empty() ? nullptr : &items.back().loops[0];
        const int64_t count = loop ? (*loop)[0] : 0;
        const bool follows = loop && items.back().to + count == place;
        const int64_t step = follows ? *from - (items.back().from + (count - 1) * (*loop)[1]) : 0;
        if (follows && count == 1) (*loop)[1] = static_cast<int32_t>(step), (*loop)[2] = 1;
        if (follows && (*loop)[1] == step)
          ++(*loop)[0];
        else
          items.push_back({*from, place, {once, once, once, once}});
      } else {
        numbers.emplace_back(place, each);
      }
      ++place;
    }
    elements = inLines(place);
  }
  elements = std::max(elements, kCacheLine);
  for (size_t level = 1; level < kPackLoops; ++level) items = join(items, level);
  for (const Item &item : items) {
    PackLoops &move = moves.emplace_back();
    move.from = static_cast<int32_t>(item.from), move.to = static_cast<int32_t>(item.to);
    for (size_t i = 0; i < kPackLoops; ++i)
      move.counts[i] = item.loops[i][0], move.fromSteps[i] = item.loops[i][1], move.toSteps[i] = item.loops[i][2];
  }
}

int64_t packedElementsOf(mlir::func::FuncOp network) {
  if (argumentParametersOf(network) == 0) return 0;
  int64_t elements = 0;
  for (ConstantOp constant : network.getOps<ConstantOp>())
    if (readsParameters(constant)) elements += inLines(elementsOf(constant));
  return std::max(elements, kCacheLine);
}

}  // namespace inlay::compiler
