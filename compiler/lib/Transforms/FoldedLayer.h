// SPDX-License-Identifier: Apache-2.0
// A dense layer with scaling, shifting or another layer folded into its weights, if its rounding error permits.
#ifndef INLAY_TRANSFORMS_FOLDEDLAYER_H
#define INLAY_TRANSFORMS_FOLDEDLAYER_H

#include <string>

#include "Numbers.h"

namespace inlay::compiler {

/// Weight and bias of a layer before the layout phase; the bias may be null. Both are null for any other op.
std::pair<mlir::Value, mlir::Value> weightsOf(mlir::Operation *layer);

/// The weights of a dense layer, or of a convolution for one pixel; the bias is 0 where there is none.
struct Linear {
  size_t outputs, inputs;
  std::vector<double> weight, bias;
};

/// The weights of a layer; nothing where they are not constant.
std::optional<Linear> linearOf(mlir::Operation *layer);

/// The layer after a fold, or why the layers stay as they are.
struct FoldedLayer {
  Linear layer;
  std::string objection;  // empty if the fold may be done

  explicit operator bool() const { return objection.empty(); }
};

// Every fold compares two bounds of each output's error: that of the folded and that of the unfolded layers. It is
// done if the first is at most eight times the second, which costs at most three bits. Nothing is known of the inputs,
// so the bounds assume what networks are trained for. The input of the layer that is folded into, u, has size 1, and so
// has the result of a layer. (Where 16 * max(1, |bias|) / |weights| is less than 1, u has that size instead.)
//
// - Arithmetic. A sum of K products loses up to K * 2^-24 of the sizes of its terms, and about sqrt(K) * 2^-24 if the
//   errors are independent. Unfolded, y = W u + b has terms of size |W| |u| + |b|. Folded, y = W' x + b' has terms of
//   size |W'| |x| + |b'|. Since a x = u - c for u = a x + c, these are |W| (|u| + |c|) + |b'|: a shift c that is large
//   beside 1 adds to the products, and the bias subtracts it again.
// - Stored weights. They are rounded to f32 or bf16. Unfolded, the error is that of W times |u|. Folded, it is the
//   error of W' times |x|, and in u's units |x| is |u| + |c|. If the layer's input is scaled and shifted, the folded
//   bias is computed from the rounded weights, b' = b + W' (c / a). Then y = W' (x + c / a) + b, so that the shift
//   cancels exactly, and the factor is |u| again.
//
// With bf16 the unfolded error of the weights counts for the arithmetic as well, because it is 2^15 times as large.
// Nor is a fold done if folded weights or biases overflow, exceed both 2^64 and all unfolded weights (leaving no room
// for sums), vanish, or lose bits below the smallest normal number.

/// W (scale x + shift) + b.
FoldedLayer foldScaledInput(const Linear &layer, const Numbers &scale, const Numbers &shift, bool bf16);

/// scale (W x + b) + shift.
FoldedLayer foldScaledResult(const Linear &layer, const Numbers &scale, const Numbers &shift, bool bf16);

/// W2 (W1 x + b1) + b2.
FoldedLayer foldPair(const Linear &first, const Linear &second, bool bf16);

}  // namespace inlay::compiler

#endif  // INLAY_TRANSFORMS_FOLDEDLAYER_H
