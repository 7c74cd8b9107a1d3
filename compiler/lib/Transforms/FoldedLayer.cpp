// SPDX-License-Identifier: Apache-2.0
// A dense layer with scaling, shifting or another layer folded into its weights, if its rounding error permits.
#include "FoldedLayer.h"

#include <cmath>

#include "MultiplyMatrices.h"
#include "StoredWeights.h"
#include "llvm/Support/FormatVariadic.h"

namespace inlay::compiler {

std::pair<mlir::Value, mlir::Value> weightsOf(mlir::Operation *layer) {
  if (auto dense = llvm::dyn_cast<DenseOp>(layer)) return {dense.getWeight(), dense.getBias()};
  if (auto conv = llvm::dyn_cast<Conv2dOp>(layer)) return {conv.getWeight(), conv.getBias()};
  if (auto conv = llvm::dyn_cast<ConvTranspose2dOp>(layer)) return {conv.getWeight(), conv.getBias()};
  return {};
}

namespace {

/// The largest factor by which a fold may raise the bound of an output's error.
constexpr double kMostAmplification = 8;
/// The same for the part that comes from rounding the stored weights, as a mean over the outputs.
constexpr double kMostOfWeights = 2;
/// If inputs of size 1 gave outputs above this many times their bias, or 1, the inputs are taken to be smaller than 1.
constexpr double kLargestOutput = 16;
/// Weights from here on leave little room for sums of products.
constexpr double kLargestWeight = 0x1p64;
/// A row of weights below this has faded away in training, so its rounding does not matter.
constexpr double kVanished = 0x1p-100;
/// Relative error of a rounded f32.
constexpr double kRoundingF32 = 0x1p-24;

double changeOf(double weight, bool bf16) { return std::abs(stored(weight, bf16) - weight); }

double largest(llvm::ArrayRef<double> numbers) {
  double result = 0;
  for (double each : numbers) result = std::max(result, std::abs(each));
  return result;
}

/// Compares the errors of a folded and an unfolded layer; sizes and errors are as FoldedLayer.h says.
class Comparison {
 public:
  Comparison(size_t depth, bool bf16) : unit(std::sqrt(static_cast<double>(depth)) * kRoundingF32), bf16(bf16) {}

  /// One output: the sizes of its terms, and what rounding the weights changes.
  void add(double unfoldedTerms, double foldedTerms, double unfoldedWeights, double foldedWeights) {
    if (unfoldedTerms == 0 && foldedTerms == 0) return;  // nothing is computed
    ++outputs;
    worst = std::max(worst, ratio(foldedTerms, unfoldedTerms));
    weightsBefore += ratio(unfoldedWeights, unfoldedTerms);
    weightsAfter += ratio(foldedWeights, unfoldedTerms);
  }

  /// Why the fold is not done; empty if it may be.
  std::string objection() const {
    if (outputs == 0) return {};
    const double before = bf16 ? weightsBefore / outputs : 0, after = weightsAfter / outputs;
    if (unit * worst <= kMostAmplification * unit + before &&
        after <= kMostOfWeights * before + kMostAmplification * unit)
      return {};
    const double times = std::max(unit * worst, after) / std::max(unit, before);
    return llvm::formatv("its rounding error could be {0:f0} times as large", times);
  }

 private:
  double unit;
  bool bf16;
  double outputs = 0, worst = 0, weightsBefore = 0, weightsAfter = 0;

  static double ratio(double a, double b) { return b > 0 ? a / b : a > 0 ? HUGE_VAL : 0; }
};

/// The weights of one output.
llvm::ArrayRef<double> rowOf(const Linear &layer, size_t n) {
  return {layer.weight.data() + n * layer.inputs, layer.inputs};
}

constexpr const char *kTooSmall = "weights of the product would be too small for the type that stores them";

/// The part of a row of weights that rounding may change. It changes more only where it loses bits below the smallest
/// normal number.
double mostLost(bool bf16) { return 2 * (bf16 ? kBf16Rounding : kRoundingF32); }

/// Why folded weights cannot be stored; empty if they can. `unfolded` is the largest number that they are made of, and
/// `layer` the one that the fold goes into.
std::string objectionToNumbers(const Linear &folded, const Linear &layer, double unfolded, bool bf16) {
  for (const std::vector<double> *numbers : {&folded.weight, &folded.bias})
    for (double each : *numbers)
      if (!std::isfinite(static_cast<float>(each))) return "a weight of the product would not be finite";
  if (std::max(largest(folded.weight), largest(folded.bias)) > std::max(kLargestWeight, unfolded) ||
      (bf16 && largest(folded.weight) > static_cast<double>(kLargestBf16)))
    return "a weight of the product would be so large that sums overflow";
  for (size_t n = 0; n < folded.outputs; ++n) {
    if (largest(rowOf(layer, n)) < kVanished) continue;
    double size = 0, change = 0;
    for (double each : rowOf(folded, n)) size += std::abs(each), change += changeOf(each, bf16);
    if (change > mostLost(bf16) * size) return kTooSmall;
  }
  return {};
}

/// The size of u for one output of the layer that it goes into.
double inputSize(llvm::ArrayRef<double> weights, double bias) {
  double squares = 0;
  for (double each : weights) squares += each * each;
  const double most = kLargestOutput * std::max(1.0, std::abs(bias));
  return squares > most * most ? most / std::sqrt(squares) : 1;
}

}  // namespace

std::optional<Linear> linearOf(mlir::Operation *layer) {
  const auto [weight, bias] = weightsOf(layer);
  std::optional<Numbers> numbers = numbersOf(weight);
  if (!numbers) return std::nullopt;
  const auto outputs = static_cast<size_t>(llvm::cast<mlir::RankedTensorType>(weight.getType()).getDimSize(0));
  std::optional<Numbers> biases = bias ? numbersOf(bias) : Numbers(outputs, 0.0);
  if (!biases) return std::nullopt;
  return Linear{outputs, numbers->size() / outputs, numbers->expanded(), biases->expanded()};
}

FoldedLayer foldScaledInput(const Linear &layer, const Numbers &scale, const Numbers &shift, bool bf16) {
  FoldedLayer result{layer, {}};
  Linear &folded = result.layer;
  const double most = std::max({largest(layer.weight), largest(layer.bias), largest(scale.stored())});
  Comparison comparison(layer.inputs, bf16);
  for (size_t n = 0; n < layer.outputs; ++n) {
    const double size = inputSize(rowOf(layer, n), layer.bias[n]);
    double weights = 0, shifted = 0, changeBefore = 0, changeAfter = 0;
    for (size_t k = 0; k < layer.inputs; ++k) {
      const double weight = layer.weight[n * layer.inputs + k];
      double &product = folded.weight[n * layer.inputs + k];
      product = weight * scale[k];
      // Where the scale is 0, u is the shift alone.
      const double kept = scale[k] != 0 ? stored(product, bf16) / scale[k] : weight;
      folded.bias[n] += kept * shift[k];
      weights += std::abs(weight);
      shifted += std::abs(weight * shift[k]);
      changeBefore += changeOf(weight, bf16);
      changeAfter += std::abs(kept - weight);
    }
    comparison.add(weights * size + std::abs(layer.bias[n]), weights * size + shifted + std::abs(folded.bias[n]),
                   changeBefore * size, changeAfter * size);
    // The folded weights alone do not tell: one that is tiny because of its scale counts little among them.
    if (changeAfter > mostLost(bf16) * weights && largest(rowOf(layer, n)) >= kVanished) result.objection = kTooSmall;
  }
  if (result.objection.empty()) result.objection = objectionToNumbers(folded, layer, most, bf16);
  if (result.objection.empty()) result.objection = comparison.objection();
  for (double &each : folded.weight) each = stored(each, bf16);
  return result;
}

FoldedLayer foldScaledResult(const Linear &layer, const Numbers &scale, const Numbers &shift, bool bf16) {
  FoldedLayer result{layer, {}};
  Linear &folded = result.layer;
  Comparison comparison(layer.inputs, bf16);
  for (size_t n = 0; n < layer.outputs; ++n) {
    double squares = 0, changeBefore = 0, changeAfter = 0;
    for (size_t k = 0; k < layer.inputs; ++k) {
      double &product = folded.weight[n * layer.inputs + k];
      squares += product * product;
      changeBefore += changeOf(product, bf16);
      product *= scale[n];
      changeAfter += changeOf(product, bf16);
    }
    folded.bias[n] = layer.bias[n] * scale[n] + shift[n];
    // Inputs of size 1 give a sum of this size. The 1 below is the size of the result.
    const double factor = std::abs(scale[n]), sum = factor * std::sqrt(squares);
    comparison.add(sum + factor * std::abs(layer.bias[n]) + 1, sum + std::abs(folded.bias[n]), factor * changeBefore,
                   changeAfter);
  }
  const double most = std::max({largest(layer.weight), largest(layer.bias), largest(shift.stored())});
  result.objection = objectionToNumbers(folded, layer, most, bf16);
  if (result.objection.empty()) result.objection = comparison.objection();
  return result;
}

FoldedLayer foldPair(const Linear &first, const Linear &second, bool bf16) {
  const size_t inputs = first.inputs, middle = first.outputs, outputs = second.outputs;
  FoldedLayer result{{outputs, inputs, {}, second.bias}, {}};
  Linear &folded = result.layer;
  const auto terms = [&](size_t n, auto term) {
    double sum = 0;
    for (size_t j = 0; j < middle; ++j) sum += term(second.weight[n * middle + j], j);
    return sum;
  };
  for (size_t n = 0; n < outputs; ++n)
    folded.bias[n] += terms(n, [&](double weight, size_t j) { return weight * first.bias[j]; });

  // For each value between the layers: the size of its weights, and what part of them is lost when they are stored.
  std::vector<double> sizes(middle, 0.0), lost(middle, 0.0);
  for (size_t j = 0; j < middle; ++j) {
    for (double each : rowOf(first, j)) sizes[j] += std::abs(each), lost[j] += changeOf(each, bf16);
    if (sizes[j] > 0) lost[j] /= sizes[j];
  }
  const auto compare = [&](llvm::ArrayRef<double> lostOfProduct) {
    Comparison comparison(inputs, bf16);
    for (size_t n = 0; n < outputs; ++n) {
      const double size = inputSize(rowOf(second, n), second.bias[n]);
      const double unshifted = terms(n, [&](double weight, size_t) { return std::abs(weight) * size; });
      const auto shifted = [&](double weight, size_t j) { return std::abs(weight) * (size + std::abs(first.bias[j])); };
      const double both = terms(n, shifted);
      const double changeBefore = terms(
          n, [&](double weight, size_t j) { return changeOf(weight, bf16) * size + shifted(weight, j) * lost[j]; });
      comparison.add(unshifted + std::abs(second.bias[n]), both + std::abs(folded.bias[n]), changeBefore,
                     lostOfProduct.empty() ? 0 : lostOfProduct[n] * both);
    }
    return comparison.objection();
  };
  // The product of the weights is computed only if the biases permit the fold.
  result.objection = compare({});
  if (!result.objection.empty()) return result;
  folded.weight = multiplyMatrices(second.weight, first.weight, outputs, middle, inputs);
  const double most =
      std::max({largest(first.weight), largest(first.bias), largest(second.weight), largest(second.bias)});
  result.objection = objectionToNumbers(folded, second, most, bf16);
  if (!result.objection.empty()) return result;
  std::vector<double> lostOfProduct(outputs, 0.0);
  for (size_t n = 0; n < outputs; ++n) {
    double change = 0;
    for (double each : rowOf(folded, n)) change += changeOf(each, bf16);
    const double size = terms(n, [&](double weight, size_t j) { return std::abs(weight) * sizes[j]; });
    if (size > 0) lostOfProduct[n] = change / size;
  }
  result.objection = compare(lostOfProduct);
  return result;
}

}  // namespace inlay::compiler
