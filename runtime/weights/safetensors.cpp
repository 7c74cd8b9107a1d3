// SPDX-License-Identifier: Apache-2.0
// The safetensors format: eight bytes of header length, a JSON header, the tensors' bytes without gaps.
#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "inlay/weights.hpp"

namespace inlay {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian, as is this reader");

constexpr std::uint64_t kMostHeaderBytes = 100'000'000;  // the format's own limit

/// Where a tensor lies, as the header claims.
struct entry {
  std::string name, type;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

weights_result refuse(const std::string& why) { return {{}, "safetensors: " + why}; }

std::uint64_t element_bytes(const std::string& type) {
  return type == "I64" ? 8 : type == "F32" ? 4 : type == "F16" || type == "BF16" ? 2 : 0;
}

/// Training's counter of a torch.nn.BatchNorm1d, which every file with one has and no network reads.
bool is_counter(const std::string& name, const std::string& type) {
  return type == "I64" && name.ends_with(".num_batches_tracked");
}

/// A list of non-negative integers, or false.
bool numbers_of(const json& list, std::vector<std::uint64_t>& into) {
  if (!list.is_array()) return false;
  for (const json& number : list) {
    if (!number.is_number_unsigned()) return false;
    into.push_back(number.get<std::uint64_t>());
  }
  return true;
}

/// Bytes of the tensor, or false if the product does not fit in 64 bits.
bool bytes_of(const entry& e, std::uint64_t& bytes) {
  bytes = element_bytes(e.type);
  for (std::uint64_t size : e.shape)
    if (__builtin_mul_overflow(bytes, size, &bytes)) return false;
  return true;
}

std::string read_entry(const std::string& name, const json& value, std::uint64_t data_bytes, entry& e) {
  const std::string who = "tensor '" + name + "': ";
  if (!value.is_object()) return who + "expected an object with dtype, shape and data_offsets";
  const auto type = value.find("dtype"), shape = value.find("shape"), offsets = value.find("data_offsets");
  if (type == value.end() || !type->is_string()) return who + "expected a dtype string";
  e.name = name, e.type = type->get<std::string>();
  if (element_bytes(e.type) == 0 || (e.type == "I64" && !is_counter(name, e.type)))
    return who + "dtype " + e.type + " is not supported; expected F32, F16 or BF16: convert it first";
  if (shape == value.end() || !numbers_of(*shape, e.shape)) return who + "expected a shape of non-negative integers";
  std::vector<std::uint64_t> range;
  if (offsets == value.end() || !numbers_of(*offsets, range) || range.size() != 2)
    return who + "expected data_offsets [begin, end]";
  e.begin = range[0], e.end = range[1];
  if (e.begin > e.end || e.end > data_bytes)
    return who + "data_offsets [" + std::to_string(e.begin) + ", " + std::to_string(e.end) +
           "] are not inside of the " + std::to_string(data_bytes) + " bytes of data: is the file truncated?";
  std::uint64_t bytes = 0;
  if (!bytes_of(e, bytes)) return who + "its shape has more elements than a file can hold";
  if (bytes != e.end - e.begin)
    return who + "its shape needs " + std::to_string(bytes) + " bytes, data_offsets give " +
           std::to_string(e.end - e.begin);
  return {};
}

std::string read_header(std::string_view text, std::uint64_t data_bytes, std::vector<entry>& entries) {
  std::set<std::string> names;
  std::string duplicate;
  // The parser keeps the last of two equal keys; the callback sees both.
  const auto watch = [&](int depth, json::parse_event_t event, json& key) {
    if (event == json::parse_event_t::key && depth == 1 && !names.insert(key.get<std::string>()).second)
      duplicate = key.get<std::string>();
    return true;
  };
  const json header = json::parse(text, watch, /*allow_exceptions=*/false);
  if (header.is_discarded()) return "the header is not valid JSON";
  if (!header.is_object()) return "the header is not a JSON object";
  if (!duplicate.empty()) return "tensor '" + duplicate + "' appears twice";
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      if (!value.is_object() || !std::ranges::all_of(value, [](const json& v) { return v.is_string(); }))
        return "__metadata__ must map strings to strings";
      continue;
    }
    entries.emplace_back();
    if (std::string error = read_entry(name, value, data_bytes, entries.back()); !error.empty()) return error;
  }
  return {};
}

/// The tensors' bytes must cover the data exactly: no overlap, no gap, nothing left over.
std::string check_cover(std::vector<entry> entries, std::uint64_t data_bytes) {
  std::ranges::sort(entries, {}, [](const entry& e) { return std::pair(e.begin, e.end); });
  std::uint64_t position = 0;
  const entry* before = nullptr;
  for (const entry& e : entries) {
    if (e.begin < position) return "tensors '" + before->name + "' and '" + e.name + "' overlap";
    if (e.begin > position)
      return "tensor '" + e.name + "': " + std::to_string(e.begin - position) + " bytes before it belong to no tensor";
    position = e.end;
    before = &e;
  }
  if (position != data_bytes)
    return std::to_string(data_bytes - position) + " bytes after the last tensor belong to no tensor";
  return {};
}

std::vector<float> widen(const entry& e, const std::byte* data) {
  std::vector<float> values((e.end - e.begin) / element_bytes(e.type));
  if (e.type == "F32") {
    if (!values.empty()) std::memcpy(values.data(), data + e.begin, values.size() * sizeof(float));
    return values;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, data + e.begin + 2 * i, sizeof bits);
    values[i] = e.type == "F16" ? float_from_half(bits) : float_from_bfloat16(bits);
  }
  return values;
}

}  // namespace

weights_result read_safetensors(std::span<const std::byte> file) {
  std::uint64_t header_bytes = 0;
  if (file.size() < sizeof header_bytes)
    return refuse("truncated: " + std::to_string(file.size()) + " bytes, the header's length alone takes 8");
  std::memcpy(&header_bytes, file.data(), sizeof header_bytes);
  file = file.subspan(sizeof header_bytes);
  if (header_bytes > kMostHeaderBytes)
    return refuse("the header claims " + std::to_string(header_bytes) + " bytes, the format allows " +
                  std::to_string(kMostHeaderBytes) + ": is this a safetensors file?");
  if (header_bytes > file.size())
    return refuse("truncated: the header claims " + std::to_string(header_bytes) + " bytes, " +
                  std::to_string(file.size()) + " are left in the file");
  const std::string_view text(reinterpret_cast<const char*>(file.data()), header_bytes);
  file = file.subspan(header_bytes);

  std::vector<entry> entries;
  if (std::string error = read_header(text, file.size(), entries); !error.empty()) return refuse(error);
  if (std::string error = check_cover(entries, file.size()); !error.empty()) return refuse(error);
  weights w;
  for (entry& e : entries) {
    if (is_counter(e.name, e.type)) continue;
    std::vector<float> values = widen(e, file.data());
    w.tensors.push_back({std::move(e.name), std::move(e.shape), std::move(e.type), std::move(values)});
  }
  std::ranges::sort(w.tensors, {}, &weight_tensor::name);
  return {std::move(w), {}};
}

weights_result load_safetensors(const std::string& path) {
  const auto system_error = [&] { return weights_result{{}, "'" + path + "': " + std::strerror(errno)}; };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return system_error();
  std::vector<std::byte> bytes;
  std::byte block[1 << 16];
  std::size_t count = 0;
  while ((count = std::fread(block, 1, sizeof block, file.get())) > 0) bytes.insert(bytes.end(), block, block + count);
  if (std::ferror(file.get()) != 0) return system_error();
  weights_result result = read_safetensors(bytes);
  if (!result) result.error = "'" + path + "': " + result.error;
  return result;
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
