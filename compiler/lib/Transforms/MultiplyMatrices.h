// SPDX-License-Identifier: Apache-2.0
// The product of two matrices of weights in double.
#ifndef INLAY_TRANSFORMS_MULTIPLYMATRICES_H
#define INLAY_TRANSFORMS_MULTIPLYMATRICES_H

#include <cstddef>
#include <vector>

namespace inlay::compiler {

/// [rows][middle] times [middle][columns], row-major. Each element is summed in the order of `middle`, without fused
/// multiply-adds, so that the result is the same on every machine.
std::vector<double> multiplyMatrices(const std::vector<double> &left, const std::vector<double> &right, size_t rows,
                                     size_t middle, size_t columns);

}  // namespace inlay::compiler

#endif  // INLAY_TRANSFORMS_MULTIPLYMATRICES_H
