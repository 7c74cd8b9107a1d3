// SPDX-License-Identifier: Apache-2.0
// Runs ResNet-18, compiled, on one image.
#include <inlay/compiled.hpp>

#include "classify.hpp"
#include "model.hpp"

int main(int argc, char** argv) {
  inlay::compiled<resnet18_example::resnet18> net;
  return torchvision_example::classify(
      argc, argv, {"resnet18", MANIFEST, net.graph, [&net](auto image, auto logits) { return net(image, logits); }});
}
