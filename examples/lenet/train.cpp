// SPDX-License-Identifier: Apache-2.0
// Trains the network of model.hpp from random weights, in compiled code, and writes its weights.
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "../handwriting/training.hpp"
#include "images.hpp"
#include "model.hpp"

int main(int argc, char** argv) try {
  using namespace lenet_example;
  if (argc > 2) throw std::runtime_error("usage: lenet_train [lenet.safetensors to write]");
  const std::string data = std::string(LENET_FOLDER) + "/data/digits.csv";
  handwriting::train<lenet>(read_training_images(data), read_held_out_images(data), {.epochs = 60, .reported = 10},
                            /*least=*/0.985, argc == 2 ? argv[1] : "");
} catch (const std::exception& e) {
  std::fprintf(stderr, "lenet_train: %s\n", e.what());
  return 1;
}
