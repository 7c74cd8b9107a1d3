// SPDX-License-Identifier: Apache-2.0
// Trains the six networks while the project is built. Writes their weights, and the held-out images as bytes.
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

#include "sweep.hpp"

namespace {

void write(const char* path, const inlay::weights& tensors) {
  const std::vector<std::byte> bytes = inlay::write_safetensors(tensors);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw std::runtime_error(std::string(path) + ": cannot be written");
}

}  // namespace

int main(int argc, char** argv) try {
  using namespace saturation_example;
  if (argc != 3) throw std::runtime_error("usage: saturation_train WEIGHTS IMAGES   (two safetensors files to write)");
  const images bytes = read_bytes(SATURATION_DATA);
  inlay::weights weights, samples;
  for (experiment& each : run_sweep(bytes))
    for (inlay::weight_tensor& tensor : each.trained.tensors) weights.tensors.push_back(std::move(tensor));
  samples.tensors.push_back(
      {"pixels", {bytes.held_out.size(), digits_example::image_pixels}, "F32", bytes.held_out.pixels});
  write(argv[1], weights);
  write(argv[2], samples);
} catch (const std::exception& e) {
  std::fprintf(stderr, "saturation_train: %s\n", e.what());
  return 1;
}
