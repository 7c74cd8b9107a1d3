// SPDX-License-Identifier: Apache-2.0
// torch's weight_norm: a weight stored as a direction v and a length g.
#pragma once

#include "tensor_file.hpp"

namespace inlay::detail {

/// The names of g and v for a parameter, in the two forms in which torch stores them.
struct weight_norm_names {
  std::pair<std::string, std::string> hook;             ///< torch.nn.utils.weight_norm
  std::pair<std::string, std::string> parametrization;  ///< torch.nn.utils.parametrizations.weight_norm
};
weight_norm_names weight_norm_names_of(const std::string& parameter);

/// What is wrong with the shape of `g` for `v`, or nothing. g has size 1 in each axis that the norm sums over. A g with
/// a single element belongs to the norm over all elements.
std::string check_weight_norm(const tensor_entry& g, const tensor_entry& v);

/// Computes w = g v / |v| in double and rounds once. |v| is the norm over the axes in which g has size 1.
std::string read_weight_norm(const tensor_file& file, const tensor_entry& g, const tensor_entry& v,
                             std::vector<float>& w, rounding_counts& counts);

}  // namespace inlay::detail
