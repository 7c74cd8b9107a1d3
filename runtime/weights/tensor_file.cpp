// SPDX-License-Identifier: Apache-2.0
// Sources of bytes, in a file or in memory, and reading single tensors from them.
#include "tensor_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <new>

#include "inlay/weights.hpp"

namespace inlay::detail {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian, as is this reader");

constexpr std::uint64_t kMostHeaderBytes = 100'000'000;  // the format's own limit

class memory_source : public byte_source {
 public:
  explicit memory_source(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  std::string read(std::uint64_t at, std::span<std::byte> into) const override {
    if (!into.empty()) std::memcpy(into.data(), bytes_.data() + at, into.size());
    return {};
  }

 private:
  std::span<const std::byte> bytes_;
};

class disk_source : public byte_source {
 public:
  disk_source(int descriptor, std::uint64_t size) : descriptor_(descriptor), size_(size) {}
  disk_source(const disk_source&) = delete;
  disk_source& operator=(const disk_source&) = delete;
  ~disk_source() override { ::close(descriptor_); }
  std::uint64_t size() const override { return size_; }
  std::string read(std::uint64_t at, std::span<std::byte> into) const override {
    while (!into.empty()) {
      const ssize_t count = ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(at));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return std::strerror(errno);
      if (count == 0) return "the file became shorter while it was read";
      into = into.subspan(static_cast<std::size_t>(count));
      at += static_cast<std::uint64_t>(count);
    }
    return {};
  }

 private:
  int descriptor_;
  std::uint64_t size_;
};

/// Makes room for the tensor's elements. Returns an error if there is not enough memory.
template <class T>
std::string make_room(const tensor_entry& e, std::uint64_t elements, std::vector<T>& values) {
  try {
    values.resize(elements);
    return {};
  } catch (const std::exception&) {
    return "tensor '" + e.name + "': not enough memory for its " + std::to_string(elements) + " elements";
  }
}

std::uint64_t elements_of(const tensor_entry& e) { return (e.end - e.begin) / (bits_of_type(e.type) / 8); }

/// Calls `each(first, doubles)` with the tensor's elements, some thousands at a time.
template <class Each>
std::string read_in_blocks(const tensor_file& file, const tensor_entry& e, Each each) {
  constexpr std::uint64_t kBlock = 4096;
  std::byte bytes[kBlock * sizeof(double)];
  double doubles[kBlock];
  const std::uint64_t stride = bits_of_type(e.type) / 8, elements = elements_of(e);
  for (std::uint64_t first = 0; first < elements; first += kBlock) {
    const std::size_t count = std::min(kBlock, elements - first);
    const std::span block(bytes, count * stride);
    if (std::string error = file.source->read(file.data_start + e.begin + first * stride, block); !error.empty())
      return "tensor '" + e.name + "': " + error;
    each(first, std::span<const std::byte>(block), std::span(doubles, count));
  }
  return {};
}

}  // namespace

std::unique_ptr<byte_source> source_in_memory(std::span<const std::byte> bytes) {
  return std::make_unique<memory_source>(bytes);
}

std::unique_ptr<byte_source> source_on_disk(const std::string& path, std::string& error) {
  // Without O_NONBLOCK, opening a pipe would wait for a writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    error = std::strerror(errno);
    return nullptr;
  }
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0)
    error = std::strerror(errno);
  else if (S_ISDIR(status.st_mode))
    error = std::strerror(EISDIR);
  else if (!S_ISREG(status.st_mode))
    error = "not a regular file; weights are read by position, so copy them to a file first";
  if (!error.empty()) {
    ::close(descriptor);
    return nullptr;
  }
  return std::make_unique<disk_source>(descriptor, static_cast<std::uint64_t>(status.st_size));
}

const tensor_entry* tensor_file::find(std::string_view name) const {
  const auto found =
      std::ranges::lower_bound(entries, name, {}, [](const tensor_entry& e) { return std::string_view(e.name); });
  return found != entries.end() && found->name == name ? &*found : nullptr;
}

std::string read_entries(tensor_file& file) {
  std::uint64_t header_bytes = 0;
  const std::uint64_t size = file.source->size();
  if (size < sizeof header_bytes)
    return "truncated: " + std::to_string(size) + " bytes, the header's length alone takes 8";
  if (std::string error = file.source->read(0, std::as_writable_bytes(std::span(&header_bytes, 1))); !error.empty())
    return error;
  if (header_bytes > kMostHeaderBytes)
    return "the header claims " + std::to_string(header_bytes) + " bytes, the format allows " +
           std::to_string(kMostHeaderBytes) + ": is this a safetensors file?";
  file.data_start = sizeof header_bytes + header_bytes;
  if (file.data_start > size)
    return "truncated: the header claims " + std::to_string(header_bytes) + " bytes, " +
           std::to_string(size - sizeof header_bytes) + " are left in the file";
  try {
    std::string text(header_bytes, ' ');
    if (std::string error = file.source->read(sizeof header_bytes, std::as_writable_bytes(std::span(text)));
        !error.empty())
      return error;
    return read_header(text, size - file.data_start, file.entries);
  } catch (const std::bad_alloc&) {
    return "not enough memory for the header's " + std::to_string(header_bytes) + " bytes";
  }
}

std::string open_tensor_file(const std::string& path, tensor_file& file) {
  file.path = path;
  std::string error;
  file.source = source_on_disk(path, error);
  if (!file.source) return "'" + path + "': " + error;
  error = read_entries(file);
  return error.empty() ? error : file.label() + error;
}

std::string read_floats(const tensor_file& file, const tensor_entry& e, std::vector<float>& values,
                        rounding_counts& counts) {
  if (std::string error = make_room(e, elements_of(e), values); !error.empty()) return error;
  if (e.type == "F32") {
    const std::string error = file.source->read(file.data_start + e.begin, std::as_writable_bytes(std::span(values)));
    if (!error.empty()) return "tensor '" + e.name + "': " + error;
  } else {
    const std::string error =
        read_in_blocks(file, e, [&](std::uint64_t first, std::span<const std::byte> bytes, std::span<double> doubles) {
          float* to = values.data() + first;
          std::uint16_t bits = 0;
          if (e.type == "F64") {
            convert_to_double(e.type, bytes.data(), doubles);
            for (std::size_t i = 0; i < doubles.size(); ++i) to[i] = round_to_float(doubles[i], counts);
          } else {
            for (std::size_t i = 0; i < doubles.size(); ++i) {
              std::memcpy(&bits, bytes.data() + 2 * i, sizeof bits);
              to[i] = e.type == "F16" ? float_from_half(bits) : float_from_bfloat16(bits);
            }
          }
        });
    if (!error.empty()) return error;
  }
  return {};
}

std::string read_doubles(const tensor_file& file, const tensor_entry& e, std::vector<double>& values) {
  if (std::string error = make_room(e, elements_of(e), values); !error.empty()) return error;
  return read_in_blocks(file, e, [&](std::uint64_t first, std::span<const std::byte> bytes, std::span<double> doubles) {
    convert_to_double(e.type, bytes.data(), doubles);
    std::ranges::copy(doubles, values.begin() + static_cast<std::ptrdiff_t>(first));
  });
}

}  // namespace inlay::detail
