// SPDX-License-Identifier: Apache-2.0
// How a network learns: loss and accuracy after each epoch, and the picture of them.
#pragma once

#include <string>
#include <vector>

namespace handwriting {

/// What one round through all training images has led to.
struct epoch {
  double loss;   ///< mean over the training images, each before the step that it took part in
  double right;  ///< the share of held-out images that the network gets right after it
};

struct curve {
  double least;  ///< the share of held-out images that must be right in the end
  std::vector<epoch> epochs;
};

/// Draws both curves of the network `name` as SVG.
std::string draw(const curve& learned, const std::string& name);

}  // namespace handwriting
