// SPDX-License-Identifier: Apache-2.0
// The product of two matrices of weights in double.
#include "MultiplyMatrices.h"

#include <algorithm>

// One version for AVX2 and one for every machine. The program takes the better one when it starts. AVX2 alone has no
// fused multiply-add, which would round differently.
#if defined(__x86_64__) && defined(__ELF__)
#define INLAY_FOR_EVERY_X86 __attribute__((target_clones("avx2", "default")))
#else
#define INLAY_FOR_EVERY_X86
#endif

namespace inlay::compiler {
namespace {

constexpr size_t kTogether = 4;    // rows of the right matrix that are added in one pass over a row of the result
constexpr size_t kColumns = 512;   // of a block: this part of the result's rows stays in the first-level cache
constexpr size_t kBlockRows = 64;  // of the right matrix; a block stays in the second-level cache

/// result[i] += factors[0] * rows[0][i] + ..., one after the other, for two rows of the result.
INLAY_FOR_EVERY_X86
void addFourToTwo(double *__restrict first, double *__restrict second, const double *__restrict rows, size_t stride,
                  const double *__restrict ofFirst, const double *__restrict ofSecond, size_t count) {
  const double a0 = ofFirst[0], a1 = ofFirst[1], a2 = ofFirst[2], a3 = ofFirst[3];
  const double b0 = ofSecond[0], b1 = ofSecond[1], b2 = ofSecond[2], b3 = ofSecond[3];
  const double *__restrict r1 = rows + stride, *__restrict r2 = r1 + stride, *__restrict r3 = r2 + stride;
  for (size_t i = 0; i < count; ++i) {
    first[i] = first[i] + a0 * rows[i] + a1 * r1[i] + a2 * r2[i] + a3 * r3[i];
    second[i] = second[i] + b0 * rows[i] + b1 * r1[i] + b2 * r2[i] + b3 * r3[i];
  }
}

void addOne(double *result, const double *row, double factor, size_t count) {
  for (size_t i = 0; i < count; ++i) result[i] += factor * row[i];
}

}  // namespace

std::vector<double> multiplyMatrices(const std::vector<double> &left, const std::vector<double> &right, size_t rows,
                                     size_t middle, size_t columns) {
  std::vector<double> product(rows * columns, 0.0);
  for (size_t i = 0; i < columns; i += kColumns) {
    const size_t count = std::min(kColumns, columns - i);
    for (size_t block = 0; block < middle; block += kBlockRows) {
      const size_t end = std::min(middle, block + kBlockRows);
      for (size_t n = 0; n < rows; n += 2) {
        // The last of an odd number of rows is computed beside a row that nobody reads.
        const bool paired = n + 1 < rows;
        double unread[kColumns];
        if (!paired) std::fill_n(unread, count, 0.0);
        double *first = product.data() + n * columns + i, *second = paired ? first + columns : unread;
        const double *ofFirst = left.data() + n * middle, *ofSecond = paired ? ofFirst + middle : ofFirst;
        size_t j = block;
        for (; j + kTogether <= end; j += kTogether)
          addFourToTwo(first, second, right.data() + j * columns + i, columns, ofFirst + j, ofSecond + j, count);
        for (; j < end; ++j) {
          addOne(first, right.data() + j * columns + i, ofFirst[j], count);
          if (paired) addOne(second, right.data() + j * columns + i, ofSecond[j], count);
        }
      }
    }
  }
  return product;
}

}  // namespace inlay::compiler
