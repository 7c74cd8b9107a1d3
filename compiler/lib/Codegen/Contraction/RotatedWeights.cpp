// SPDX-License-Identifier: Apache-2.0
// Reorders the weights of layers whose input is in a register.
#include "Contraction/RotatedWeights.h"

#include "Inlay/Network/Summary.h"
#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {
namespace {

/// The lanes from which on a rotation takes fewer instructions than setting all lanes to one of them.
constexpr int64_t kFewestRotated = 8;

/// Whether a kernel of a single row has the whole input in one register, without a dead lane.
bool readsRegister(ContractionOp layer) {
  auto producer = layer.getInput().getDefiningOp<ContractionOp>();
  const auto lanes = static_cast<int64_t>(layer.getVectorLength());
  return producer && fitsRegister(producer) && static_cast<int64_t>(producer.getVectorLength()) == lanes &&
         !layer.getWindow() && !layer.getAlongInputs() && lanes >= kFewestRotated && layer.getDepth() == lanes;
}

mlir::DenseElementsAttr rotated(ContractionOp layer, mlir::DenseElementsAttr packed) {
  const auto from = llvm::to_vector(packed.getValues<mlir::Attribute>());
  auto to = from;
  const int64_t lanes = layer.getDepth(), panel = static_cast<int64_t>(layer.getPanel());
  const auto padded = static_cast<int64_t>(llvm::alignTo(layer.getFeatures(), lanes));
  for (int64_t first = 0; first < padded; first += panel) {
    const int64_t stride = std::min(panel, padded - first);
    const auto place = [&](int64_t k, int64_t feature) {
      return static_cast<size_t>(first * lanes + k * stride + feature);
    };
    for (int64_t k = 0; k < lanes; ++k)
      for (int64_t feature = 0; feature < stride; ++feature) {
        const int64_t lane = rotatesSums(layer) ? rotatedLane(feature, k % kLanesOfGroup, lanes) : feature;
        to[place(k, lane)] = from[place(rotatedLane(feature % lanes, k, lanes), feature)];
      }
  }
  return mlir::DenseElementsAttr::get(packed.getType(), to);
}

}  // namespace

int64_t rotatedLane(int64_t lane, int64_t k, int64_t lanes) {
  const int64_t group = (lane / kLanesOfGroup + k / kLanesOfGroup) % (lanes / kLanesOfGroup);
  return group * kLanesOfGroup + (lane + k) % kLanesOfGroup;
}

bool rotatesSums(ContractionOp layer) { return layer.getFeatures() <= static_cast<int64_t>(layer.getVectorLength()); }

llvm::DenseMap<mlir::Operation *, ConstantOp> addRotatedWeights(mlir::func::FuncOp network) {
  llvm::DenseMap<mlir::Operation *, ConstantOp> constants;
  for (ContractionOp layer : llvm::to_vector(network.getOps<ContractionOp>())) {
    auto weight = layer.getWeight().getDefiningOp<ConstantOp>();
    if (!weight || !readsRegister(layer)) continue;
    mlir::OpBuilder builder(weight);
    auto copy = llvm::cast<ConstantOp>(builder.clone(*weight));
    copy.setValueAttr(rotated(layer, llvm::cast<mlir::DenseElementsAttr>(weight.getValue())));
    if (auto name = weight.getName()) copy.setName((*name + ".rotated").str());
    constants[layer] = copy;
  }
  return constants;
}

}  // namespace inlay::compiler
