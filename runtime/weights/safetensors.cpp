// SPDX-License-Identifier: Apache-2.0
// Whole safetensors files: eight bytes of header length, a JSON header, and the tensors' bytes without gaps.
#include <cstring>
#include <new>
#include <nlohmann/json.hpp>

#include "inlay/weights.hpp"
#include "notes.hpp"
#include "tensor_file.hpp"

namespace inlay {
namespace {

using nlohmann::json;

/// Reads every tensor of a file whose header has been read.
weights_result read_all(const detail::tensor_file& file) try {
  weights_result result;
  detail::f64_totals f64;
  std::vector<std::string> others;
  const auto note = [&](const std::string& line) {
    if (!line.empty()) result.notes.push_back(file.label() + line);
  };
  for (const detail::tensor_entry& e : file.entries) {
    if (!detail::is_readable(e.type)) {
      result.value.unread.push_back({e.name, e.shape, e.type});
      others.push_back(e.name);
      continue;
    }
    weight_tensor tensor{e.name, e.shape, e.type, {}};
    detail::rounding_counts counts;
    if (const std::string error = detail::read_floats(file, e, tensor.values, counts); !error.empty())
      return {{}, file.label() + error, {}};
    if (e.type == "F64") f64.add(tensor.values.size(), counts);
    note(detail::remark_on(e.name, tensor.values, counts));
    result.value.tensors.push_back(std::move(tensor));
  }
  note(f64.remark());
  if (!others.empty())
    note("left out, because they are not F32, F16, BF16 or F64: " + detail::listed(others, detail::kMostNamed));
  return result;
} catch (const std::bad_alloc&) {
  return {{}, file.label() + "not enough memory for its tensors", {}};
}

}  // namespace

weights_result read_safetensors(std::span<const std::byte> bytes) {
  detail::tensor_file file;
  file.source = detail::source_in_memory(bytes);
  if (const std::string error = detail::read_entries(file); !error.empty()) return {{}, file.label() + error, {}};
  return read_all(file);
}

weights_result load_safetensors(const std::string& path) {
  detail::tensor_file file;
  if (std::string error = detail::open_tensor_file(path, file); !error.empty()) return {{}, std::move(error), {}};
  return read_all(file);
}

std::vector<std::byte> write_safetensors(const weights& w) {
  json header = json::object();
  std::uint64_t position = 0;
  for (const weight_tensor& tensor : w.tensors) {
    const std::uint64_t end = position + tensor.values.size() * sizeof(float);
    header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {position, end}}};
    position = end;
  }
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');  // spaces, so that the data starts aligned
  const std::uint64_t length = text.size();
  std::vector<std::byte> file(sizeof length + text.size() + position);
  std::memcpy(file.data(), &length, sizeof length);
  std::memcpy(file.data() + sizeof length, text.data(), text.size());
  std::byte* data = file.data() + sizeof length + text.size();
  for (const weight_tensor& tensor : w.tensors) {
    const std::size_t bytes = tensor.values.size() * sizeof(float);
    if (bytes != 0) std::memcpy(data, tensor.values.data(), bytes);
    data += bytes;
  }
  return file;
}

}  // namespace inlay
