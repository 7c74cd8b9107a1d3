// SPDX-License-Identifier: Apache-2.0
// Draws the weights of the wide layers while the project is built, always the same ones.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <inlay/weights.hpp>
#include <string>

#include "model.hpp"

namespace {

/// Uniform numbers from -limit to limit (a linear congruential generator with the constants of Knuth's MMIX).
std::vector<float> draw(std::size_t count, float limit, std::uint64_t state) {
  constexpr float largest = 1 << 24;  // the generator's best 24 bits
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    values.push_back((2 * static_cast<float>(state >> 40) / largest - 1) * limit);
  }
  return values;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: draw_weights FILE\n", stderr);
    return 2;
  }
  using sparsity_example::conv1_size;
  const float limit = 1 / std::sqrt(static_cast<float>(conv1_size));  // as torch.nn.Linear
  inlay::weights drawn;
  for (const std::uint64_t outputs : {64u, 256u, 1024u}) {
    const std::string name = "wide" + std::to_string(outputs);
    drawn.tensors.push_back(
        {name + ".weight", {outputs, conv1_size}, "F32", draw(outputs * conv1_size, limit, outputs)});
    drawn.tensors.push_back({name + ".bias", {outputs}, "F32", draw(outputs, limit, outputs + 1)});
  }
  const std::vector<std::byte> bytes = inlay::write_safetensors(drawn);
  std::ofstream file(argv[1], std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) std::fprintf(stderr, "draw_weights: %s: cannot be written\n", argv[1]);
  return file ? 0 : 1;
}
