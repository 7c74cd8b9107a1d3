// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: the readers refuse the bytes with a reason, or give tensors whose sizes fit their shapes, from
// memory and through a file. Each input is read as a file, and again as a header up to the first line feed with data
// behind it, so that most inputs get past the header's length and the corpus can be text files.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "inlay/graph_builder.hpp"
#include "inlay/weights.hpp"

namespace {

using namespace inlay;

void require(bool holds) {
  if (!holds) std::abort();
}

bool has_its_values(const weight_tensor& tensor) {
  std::uint64_t elements = 1;
  for (std::uint64_t size : tensor.shape) elements *= size;
  return elements == tensor.values.size();
}

weights_result read(std::span<const std::byte> file) {
  weights_result result = read_safetensors(file);
  require(result || (result.value.tensors.empty() && result.value.unread.empty() && result.notes.empty()));
  for (const weight_tensor& tensor : result.value.tensors) {
    require(has_its_values(tensor));
    require(result.value.find(tensor.name) == &tensor);
  }
  return result;
}

/// A network whose parameter names are in the dictionary.
graph_builder network() {
  graph_builder b("net");
  b.output(b.input("x", {1, {1}}), "y");
  b.parameter("a", {2, {1, 2}});
  b.parameter("b.running_var", {1, {1}});
  b.parameter("c", {0, {}});
  require(!b.finish());
  return b;
}

/// Reads the file through a descriptor. The values that load_weights() reads must equal the whole-file reader's.
void load(std::span<const std::byte> file, const weights_result& whole) {
  static const int descriptor = memfd_create("fuzz", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  static const graph_builder graph = network();
  static const graph_view view = graph.view();
  require(ftruncate(descriptor, 0) == 0);
  require(pwrite(descriptor, file.data(), file.size(), 0) == static_cast<ssize_t>(file.size()));
  for (const bool tied : {false, true}) {
    weights_request request{.files = {path}};
    if (tied) request.ties = {"a=d^T", "c=e"};
    const weights_load loaded = load_weights(std::span(&view, 1), request);
    require(loaded.errors.empty() == !loaded.value.tensors.empty());
    if (!whole) require(!loaded);
    require(!loaded || check_weights(view, loaded.value).empty());
    for (const weight_tensor& tensor : loaded.value.tensors) {
      require(has_its_values(tensor));
      const weight_tensor* same = whole.value.find(tensor.name);
      if (same == nullptr || tied || tensor.values.empty()) continue;
      require(std::memcmp(same->values.data(), tensor.values.data(), 4 * tensor.values.size()) == 0);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span input(reinterpret_cast<const std::byte*>(data), size);
  read(input);

  const std::uint8_t* feed = std::find(data, data + size, '\n');
  const std::uint64_t header = static_cast<std::uint64_t>(feed - data);
  std::vector<std::byte> file(sizeof header + size);
  std::memcpy(file.data(), &header, sizeof header);
  std::copy(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(header), file.begin() + sizeof header);
  if (header < size) {  // without the line feed
    std::copy(input.begin() + static_cast<std::ptrdiff_t>(header) + 1, input.end(),
              file.begin() + static_cast<std::ptrdiff_t>(sizeof header + header));
    file.pop_back();
  }
  const weights_result first = read(file);
  // Load every accepted file, but only some refused ones: the same code refuses them, and system calls take time.
  if (first || size % 16 == 0) load(file, first);
  if (first) {
    const weights_result again = read_safetensors(write_safetensors(first.value));
    require(static_cast<bool>(again) && again.value.tensors.size() == first.value.tensors.size());
  }
  return 0;
}
