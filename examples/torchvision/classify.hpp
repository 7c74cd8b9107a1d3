// SPDX-License-Identifier: Apache-2.0
// What the programs of torchvision's networks do: run one image, and print time, memory and the strongest classes.
#pragma once

#include <functional>
#include <inlay/compiled.hpp>
#include <span>
#include <string>

namespace torchvision_example {

struct compiled_network {
  std::string name;
  std::string manifest;  ///< the JSON file that inlayc wrote beside the kernels
  inlay::graph_view graph;
  std::function<inlay::status(std::span<const float> image, std::span<float> logits)> run;
};

/// The whole program: reads the arguments and returns the exit code.
int classify(int argc, char** argv, const compiled_network& network);

}  // namespace torchvision_example
