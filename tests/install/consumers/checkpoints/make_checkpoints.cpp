// SPDX-License-Identifier: Apache-2.0
// Writes the two checkpoints: make_checkpoints MATRICES BIASES.
#include <fstream>
#include <inlay/weights.hpp>

namespace {

void write(const char* path, const inlay::weights& w) {
  const std::vector<std::byte> file = inlay::write_safetensors(w);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
}

}  // namespace

int main(int, char** arguments) {
  write(arguments[1], {{{"actor.enc.weight", {2, 3}, "F32", {1, 2, 3, 4, 5, 6}}}});
  write(arguments[2], {{{"actor.enc.bias", {2}, "F32", {0, 1}}}});
}
