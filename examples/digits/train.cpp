// SPDX-License-Identifier: Apache-2.0
// Trains the network of model.hpp from random weights, in compiled code, and writes its weights.
#include <string>

#include "../handwriting/curve.hpp"
#include "../handwriting/training.hpp"
#include "images.hpp"
#include "model.hpp"
#include "program.hpp"

namespace {

using namespace digits_example;

picture::outcome run(const std::string& weights) {
  const std::string data = std::string(DIGITS_FOLDER) + "/data/digits.csv";
  const handwriting::curve learned =
      handwriting::train<digits>(read_training_images(data), read_held_out_images(data),
                                 {.epochs = 240, .reported = 40}, /*least=*/0.975, weights);
  return {true, handwriting::draw(learned, "The dense network")};
}

}  // namespace

int main(int argc, char** argv) {
  return picture::run_example(
      argc, argv, "digits_train", "Trains the network from random weights, and checks it on the held-out digits.",
      {"WEIGHTS", "gets the weights, as safetensors; not if fewer digits than promised are right"}, run);
}
