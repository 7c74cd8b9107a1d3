// SPDX-License-Identifier: Apache-2.0
// Notes about weights that were read.
#include "notes.hpp"

#include <cmath>

namespace inlay::detail {

std::string remark_on(std::string_view name, std::span<const float> values, const rounding_counts& counts) {
  std::uint64_t nan = 0, infinite = 0, zero = 0, negative = 0;
  for (float value : values) {
    nan += std::isnan(value), infinite += std::isinf(value);
    zero += value == 0, negative += value < 0;
  }
  std::string found;
  const auto add = [&found](std::uint64_t count, const char* what) {
    if (count != 0) found += (found.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  add(nan, "NaN");
  add(infinite, "infinite");
  add(counts.overflowed, "beyond the range of f32, replaced by its largest number 3.4028235e38");
  if (name == "running_var" || name.ends_with(".running_var")) {
    add(zero, "zero");
    add(negative, "negative");
    if (zero + negative != 0) found += "; a variance should be positive";
  }
  if (found.empty()) return {};
  return "tensor '" + std::string(name) + "' of " + std::to_string(values.size()) + " values: " + found;
}

std::string f64_totals::remark() const {
  if (tensors == 0) return {};
  return std::to_string(tensors) + (tensors == 1 ? " tensor is" : " tensors are") +
         " F64 and rounded to f32, which changed " + std::to_string(rounded) + " of " + std::to_string(elements) +
         " values";
}

std::string listed(std::span<const std::string> names, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) text += (i == 0 ? "'" : ", '") + names[i] + "'";
  if (names.size() > most) text += " and " + std::to_string(names.size() - most) + " more";
  return text;
}

}  // namespace inlay::detail
