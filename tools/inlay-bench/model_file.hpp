// SPDX-License-Identifier: Apache-2.0
// The networks that inlay-bench runs: a user's object file, or the built-in suite.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "inlay/graph.hpp"
#include "inlay/weights.hpp"

namespace inlay::bench {

struct bench_network {
  std::string name;
  graph_view graph;
  weights values;
  std::vector<int> batches;      ///< the suite's own choice
  std::shared_ptr<void> memory;  ///< what the graph points into
};

/// All networks of the suite. Dense layers in a row: tiny, 2-8-1 tanh, sigmoid; control, 64-128-128-10 and mnist,
/// 784-512-256-10 relu, softmax; wide, 1024-4096-1024 gelu, sigmoid. Then image_suite().
std::vector<bench_network> built_in_suite();

/// Networks of convolutions: lenet (LeNet-5 on 28x28), vgg (a small VGG on 32x32), separable (four blocks of depthwise
/// and pointwise convolutions on 56x56x64), and of examples/ resnet18 and mobilenet_v2 on 224x224.
std::vector<bench_network> image_suite();

/// Reads the networks of an object file as inlayc does, with weights from a file or, without a file, random ones. If
/// something is wrong, returns nothing and a message in `error`.
std::vector<bench_network> read_networks(const std::string& object, const std::string& weights_file,
                                         std::string& error);

}  // namespace inlay::bench
