// SPDX-License-Identifier: Apache-2.0
// Runs the network on a thread pool and reads a weights file, on the target machine.
#include <cstdio>
#include <fstream>
#include <inlay/compiled.hpp>
#include <inlay/thread_pool.hpp>
#include <inlay/weights.hpp>
#include <vector>

#include "model.hpp"

#ifndef __aarch64__
#error "not compiled for the target"
#endif

int main() {
  constexpr std::size_t batch = 200;
  std::vector<float> in(batch * WIDTH), out(batch * 64);
  for (std::size_t row = 0; row < batch; ++row)
    for (std::size_t i = 0; i < WIDTH; ++i) in[row * WIDTH + i] = i % 2 == 0 ? static_cast<float>(row) : -5;
  inlay::thread_pool pool(3);
  inlay::compiled<wide> net;
  if (net(in, out, pool) != inlay::status::ok) return 1;
  for (std::size_t row = 0; row < batch; ++row)
    for (std::size_t i = 0; i < 64; ++i)
      if (out[row * 64 + i] != static_cast<float>(row) * WIDTH / 2) return 2;

  const std::string header = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const std::uint64_t length = header.size();
  const float value = 0.25f;
  std::ofstream file("cross.safetensors", std::ios::binary);
  file.write(reinterpret_cast<const char*>(&length), 8) << header;
  file.write(reinterpret_cast<const char*>(&value), 4);
  file.close();
  const inlay::weights_result weights = inlay::load_safetensors("cross.safetensors");
  if (!weights || weights.value.find("w") == nullptr || weights.value.find("w")->values.at(0) != value) return 3;
  std::puts("all right");
  return 0;
}
