// SPDX-License-Identifier: Apache-2.0
// What the user is told of dense layers with nothing nonlinear between them.
#include "LinearReport.h"

#include "llvm/Support/FormatVariadic.h"

namespace inlay::compiler {
namespace {

/// Whether a layer's weights have a name in the weights file; those in the source have none.
bool isTrained(DenseOp dense) {
  auto weight = dense.getWeight().getDefiningOp<ConstantOp>();
  return !weight || weight.getName();
}

std::string introduction(LinearPair pair) {
  return llvm::formatv("network '{0}': layer '{1}' follows layer '{2}' with no activation between them",
                       pair.second->getParentOfType<mlir::func::FuncOp>().getName(), pair.second.getLayer(),
                       pair.first.getLayer());
}

/// Why two trained layers gain nothing over one.
std::string expressiveness(LinearPair pair) {
  return llvm::formatv(
      ". Two linear layers are one: {0} -> {1} -> {2} can express no more than a dense layer {0} -> {2}", pair.inputs,
      pair.middle, pair.outputs);
}

}  // namespace

std::optional<LinearPair> LinearPair::endingWith(DenseOp second) {
  auto first = second.getInput().getDefiningOp<DenseOp>();
  if (!first || !first.getEpilogue().empty()) return std::nullopt;
  return LinearPair{first, second, elementsOf(first.getInput()), elementsOf(first.getResult()),
                    elementsOf(second.getResult())};
}

void LinearReport::folded(LinearPair pair) {
  const std::string done = llvm::formatv(
      "inlayc makes one layer of them, whose weights are multiplied in double and rounded once; results differ by "
      "rounding");
  if (!isTrained(pair.first) || !isTrained(pair.second)) return add(pair, ": " + done);
  add(pair, expressiveness(pair) +
                llvm::formatv(", which takes {0} multiply-adds instead of {1}: ", pair.workOfOne(), pair.work()).str() +
                done + ". If both are meant to count, put an activation between them");
}

void LinearReport::kept(LinearPair pair, llvm::StringRef reason) {
  if (!isTrained(pair.first) || !isTrained(pair.second) || !pair.first->hasOneUse()) return;
  if (!reason.empty()) {
    return add(pair,
               expressiveness(pair) + ". Put an activation between them. inlayc keeps both, because " + reason.str());
  }
  add(pair,
      expressiveness(pair) + llvm::formatv(" with a matrix of rank {0}. inlayc keeps both, because one would take "
                                           "{1} multiply-adds instead of {2}. If the low rank is not intended, "
                                           "put an activation between them",
                                           pair.middle, pair.workOfOne(), pair.work())
                                 .str());
}

void LinearReport::emit() const {
  for (const auto &[position, entry] : entries) mlir::emitRemark(entry.first) << entry.second;
}

void LinearReport::add(LinearPair pair, std::string text) {
  mlir::Location loc = pair.second.getLoc();
  auto at = loc->findInstanceOf<mlir::FileLineColLoc>();
  entries.emplace(at ? std::pair(at.getLine(), at.getColumn()) : std::pair(0u, 0u),
                  std::pair(loc, introduction(pair) + text));
}

}  // namespace inlay::compiler
