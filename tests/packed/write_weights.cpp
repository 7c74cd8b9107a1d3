// SPDX-License-Identifier: Apache-2.0
// Writes the weights of a seed to a safetensors file: write_weights <seed> <file>.
#include <cstdio>
#include <cstdlib>

#include "drawn_weights.hpp"

int main(int, char** argv) {
  const std::vector<std::byte> bytes =
      inlay::write_safetensors(drawn_weights(static_cast<unsigned>(std::atoi(argv[1]))));
  std::FILE* file = std::fopen(argv[2], "wb");
  if (file == nullptr) return 1;
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  return std::fclose(file) == 0 && written ? 0 : 1;
}
