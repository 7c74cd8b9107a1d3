// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: any bytes are either refused or give tensors whose sizes agree with their shapes.
#include <cstdlib>

#include "inlay/weights.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto result = inlay::read_safetensors({reinterpret_cast<const std::byte*>(data), size});
  for (const inlay::weight_tensor& tensor : result.value.tensors) {
    std::uint64_t elements = 1;
    for (std::uint64_t s : tensor.shape) elements *= s;
    if (elements != tensor.values.size()) std::abort();
  }
  return 0;
}
