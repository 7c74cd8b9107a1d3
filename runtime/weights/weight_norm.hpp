// SPDX-License-Identifier: Apache-2.0
// torch's weight_norm: a weight that is stored as its direction v and its length g.
#pragma once

#include "tensor_file.hpp"

namespace inlay::detail {

/// The names of g and v for a parameter, by the two ways in which torch stores them.
struct weight_norm_names {
  std::pair<std::string, std::string> hook;             ///< torch.nn.utils.weight_norm
  std::pair<std::string, std::string> parametrization;  ///< torch.nn.utils.parametrizations.weight_norm
};
weight_norm_names weight_norm_names_of(const std::string& parameter);

/// What is wrong with the shape of `g` for `v`, or nothing. g has a size of 1 in each axis that the norm sums over; a
/// single element is for the norm of everything.
std::string check_weight_norm(const tensor_entry& g, const tensor_entry& v);

/// w = g v / |v|, where |v| is taken over the axes in which g has the size 1. In double, rounded once.
std::string read_weight_norm(const tensor_file& file, const tensor_entry& g, const tensor_entry& v,
                             std::vector<float>& w, rounding_counts& counts);

}  // namespace inlay::detail
