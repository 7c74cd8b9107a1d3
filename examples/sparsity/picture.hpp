// SPDX-License-Identifier: Apache-2.0
// The picture of the zeros in LeNet and of what skipping them saves.
#pragma once

#include <span>
#include <string>

#include "skipping.hpp"
#include "zeros.hpp"

namespace sparsity_example {

/// `image` is the sample whose relu(conv1) is shown, and `digit` what it is.
std::string draw(std::span<const sparse_value> lenet, std::size_t image, int digit, std::span<const contest> contests,
                 const std::string& cpu);

}  // namespace sparsity_example
