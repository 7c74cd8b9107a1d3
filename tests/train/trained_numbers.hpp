// SPDX-License-Identifier: Apache-2.0
// The numbers of a training, to compare them.
#pragma once

#include <cstring>
#include <inlay/weights.hpp>
#include <vector>

namespace inlay_test {

/// The elements of all tensors, one after the other.
inline std::vector<float> numbers_of(const inlay::weights& all) {
  std::vector<float> numbers;
  for (const inlay::weight_tensor& tensor : all.tensors)
    numbers.insert(numbers.end(), tensor.values.begin(), tensor.values.end());
  return numbers;
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace inlay_test
