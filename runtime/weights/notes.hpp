// SPDX-License-Identifier: Apache-2.0
// Notes about weights that were read.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "element_types.hpp"

namespace inlay::detail {

/// A line about a tensor's unusual values: NaN, infinities, values beyond f32 and, if `name` is or ends in
/// `running_var`, variances that are not positive. Empty if there are none.
std::string remark_on(std::string_view name, std::span<const float> values, const rounding_counts& counts);

/// The F64 tensors of one file.
struct f64_totals {
  std::uint64_t tensors = 0, elements = 0, rounded = 0;

  void add(std::uint64_t count, const rounding_counts& counts) {
    ++tensors, elements += count, rounded += counts.rounded;
  }
  /// A line that says how many values were rounded; empty without F64 tensors.
  std::string remark() const;
};

/// How many names a note lists; the others are only counted.
inline constexpr std::size_t kMostNamed = 30;

/// The first `most` names in quotes, separated by commas, and the number of the others.
std::string listed(std::span<const std::string> names, std::size_t most);

}  // namespace inlay::detail
