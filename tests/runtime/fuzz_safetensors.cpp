// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: any bytes are either refused with a reason or give tensors whose sizes agree with their shapes.
#include <algorithm>
#include <cstdlib>

#include "inlay/weights.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = [](std::span<const std::byte> file) {
    inlay::weights_result result = inlay::read_safetensors(file);
    require(result || result.value.tensors.empty());
    for (const inlay::weight_tensor& tensor : result.value.tensors) {
      std::uint64_t elements = 1;
      for (std::uint64_t s : tensor.shape) elements *= s;
      require(elements == tensor.values.size());
      require(result.value.find(tensor.name) == &tensor);
    }
    return result;
  };
  read({reinterpret_cast<const std::byte*>(data), size});

  // The same bytes once more behind a length that is true, so that most runs reach the JSON and the tensors.
  const std::size_t header = size == 0 ? 0 : size - std::min<std::size_t>(size - 1, data[0] % 16u);
  std::vector<std::byte> file(8 + size);
  for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<std::byte>((header >> (8 * i)) & 0xffu);
  for (std::size_t i = 0; i < size; ++i) file[8 + i] = static_cast<std::byte>(data[i]);
  if (const inlay::weights_result first = read(file)) {
    const inlay::weights_result again = inlay::read_safetensors(inlay::write_safetensors(first.value));
    require(static_cast<bool>(again) && again.value.tensors.size() == first.value.tensors.size());
  }
  return 0;
}
