// SPDX-License-Identifier: Apache-2.0
// Runs MobileNetV2, compiled, on one image.
#include <inlay/compiled.hpp>

#include "classify.hpp"
#include "model.hpp"

int main(int argc, char** argv) {
  inlay::compiled<mobilenet_v2_example::mobilenet_v2> net;
  return torchvision_example::classify(
      argc, argv,
      {"mobilenet_v2", MANIFEST, net.graph, [&net](auto image, auto logits) { return net(image, logits); }});
}
