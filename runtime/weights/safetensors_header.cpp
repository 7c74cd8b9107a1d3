// SPDX-License-Identifier: Apache-2.0
// Reads the JSON header of a safetensors file event by event, so that hostile nesting takes no memory.
#include "safetensors_header.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "element_types.hpp"

namespace inlay::detail {
namespace {

using nlohmann::json;

/// Computes a tensor's number of bytes; false if it does not fit in 64 bits. Types smaller than a byte are packed.
bool bytes_of(const tensor_entry& e, std::uint64_t& bytes) {
  bytes = bits_of_type(e.type);
  for (std::uint64_t size : e.shape)
    if (__builtin_mul_overflow(bytes, size, &bytes)) return false;
  bytes = bytes / 8 + (bytes % 8 != 0 ? 1 : 0);
  return true;
}

/// A name that `names` has twice, or null. Sorts `names`.
const std::string* repeated(std::vector<std::string>& names) {
  std::ranges::sort(names);
  const auto found = std::ranges::adjacent_find(names);
  return found == names.end() ? nullptr : &*found;
}

/// The receiver of the parser's events (nlohmann's "SAX interface"). It keeps a wrong entry as `error` and goes on
/// parsing, because a header that is not JSON must be reported as such.
class header_events {
 public:
  header_events(std::uint64_t data_bytes, std::vector<tensor_entry>& entries)
      : data_bytes_(data_bytes), entries_(entries) {}

  bool is_json = true, is_object = false, has_metadata_twice = false;
  std::string error;  ///< the first thing wrong with an entry

  bool null() { return value(kind::other); }
  bool boolean(bool) { return value(kind::other); }
  bool number_integer(std::int64_t) { return value(kind::other); }
  bool number_float(double, const std::string&) { return value(kind::other); }
  bool binary(json::binary_t&) { return value(kind::other); }
  bool number_unsigned(std::uint64_t number) {
    if (depth_ == 3 && list_ != nullptr) {
      list_->push_back(number);
      return true;
    }
    return value(kind::other);
  }
  bool string(std::string& text) {
    if (depth_ == 2 && field_ == field::dtype) {
      entry_.type = std::move(text);
      has_type_ = true;
    }
    return value(kind::string);
  }
  bool start_object(std::size_t) { return open(kind::object); }
  bool start_array(std::size_t) { return open(kind::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    if (depth_ == 1 && is_object) {
      entry_ = {};
      entry_.name = std::move(name);
      keys_.clear();
      offsets_.clear();
      has_type_ = has_shape_ = has_offsets_ = value_is_object_ = false;
      is_metadata_ = entry_.name == "__metadata__";
      only_strings_ = true;
    } else if (depth_ == 2 && value_is_object_) {
      field_ = name == "dtype"          ? field::dtype
               : name == "shape"        ? field::shape
               : name == "data_offsets" ? field::offsets
                                        : field::other;
      if (is_metadata_) field_ = field::other;
      keys_.push_back(std::move(name));
    }
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) { return is_json = false; }

 private:
  enum class kind { object, array, string, other };
  enum class field { none, dtype, shape, offsets, other };

  /// A value begins, inside of `depth_` objects and lists.
  bool value(kind what) {
    if (depth_ == 1) {
      value_is_object_ = what == kind::object;
      if (what != kind::object && what != kind::array) finish();
    } else if (depth_ == 2) {
      only_strings_ &= what == kind::string;
      if (field_ == field::shape) has_shape_ = what == kind::array;
      if (field_ == field::offsets) has_offsets_ = what == kind::array;
    } else if (depth_ == 3 && list_ != nullptr) {
      (field_ == field::shape ? has_shape_ : has_offsets_) = false;  // not a non-negative integer
    }
    return true;
  }

  bool open(kind what) {
    if (depth_ == 0)
      is_object = what == kind::object;
    else
      value(what);
    if (depth_ == 2 && what == kind::array && field_ == field::shape) list_ = &entry_.shape;
    if (depth_ == 2 && what == kind::array && field_ == field::offsets) list_ = &offsets_;
    ++depth_;
    return true;
  }

  bool close() {
    --depth_;
    if (depth_ == 2) list_ = nullptr, field_ = field::none;
    if (depth_ == 1) field_ = field::none, finish();
    return true;
  }

  /// The value of a top-level key is complete.
  void finish() {
    if (!is_object) return;
    std::string problem;
    if (is_metadata_) {
      has_metadata_twice |= has_metadata_;
      has_metadata_ = true;
      if (!value_is_object_ || !only_strings_)
        problem = "__metadata__ must map strings to strings";
      else if (const std::string* twice = repeated(keys_))
        problem = "__metadata__ has the key '" + *twice + "' twice";
    } else {
      if (const std::string why = check_entry(); !why.empty()) problem = "tensor '" + entry_.name + "': " + why;
      entries_.push_back(std::move(entry_));
    }
    if (error.empty()) error = std::move(problem);
  }

  std::string check_entry() {
    if (!value_is_object_) return "expected an object with dtype, shape and data_offsets";
    if (const std::string* twice = repeated(keys_)) return "its entry has the key '" + *twice + "' twice";
    if (!has_type_) return "expected a dtype string";
    if (!has_shape_) return "expected a shape of non-negative integers";
    if (!has_offsets_ || offsets_.size() != 2) return "expected data_offsets [begin, end]";
    tensor_entry& e = entry_;
    e.begin = offsets_[0], e.end = offsets_[1];
    if (e.begin > e.end || e.end > data_bytes_)
      return "data_offsets [" + std::to_string(e.begin) + ", " + std::to_string(e.end) + "] are not inside of the " +
             std::to_string(data_bytes_) + " bytes of data: is the file truncated?";
    if (bits_of_type(e.type) == 0) return {};  // its size is not known, and no network reads it
    std::uint64_t bytes = 0;
    if (!bytes_of(e, bytes)) return "its shape has more elements than a file can hold";
    if (bytes != e.end - e.begin)
      return "its shape needs " + std::to_string(bytes) + " bytes, data_offsets give " +
             std::to_string(e.end - e.begin);
    return {};
  }

  std::uint64_t data_bytes_;
  std::vector<tensor_entry>& entries_;
  std::size_t depth_ = 0;
  // State of the top-level key whose value is being read.
  tensor_entry entry_;
  std::vector<std::uint64_t> offsets_;
  std::vector<std::string> keys_;
  bool has_type_ = false, has_shape_ = false, has_offsets_ = false, value_is_object_ = false;
  bool is_metadata_ = false, has_metadata_ = false, only_strings_ = true;
  field field_ = field::none;
  std::vector<std::uint64_t>* list_ = nullptr;
};

/// Checks that the tensors' bytes cover the data exactly: no overlap, no gap, no bytes left.
std::string check_cover(const std::vector<tensor_entry>& entries, std::uint64_t data_bytes) {
  std::vector<const tensor_entry*> in_order;
  for (const tensor_entry& e : entries) in_order.push_back(&e);
  std::ranges::sort(in_order, {},
                    [](const tensor_entry* e) { return std::tuple(e->begin, e->end, std::string_view(e->name)); });
  std::uint64_t position = 0;
  const tensor_entry* before = nullptr;
  for (const tensor_entry* e : in_order) {
    if (e->begin < position) return "tensors '" + before->name + "' and '" + e->name + "' overlap";
    if (e->begin > position)
      return "tensor '" + e->name + "': " + std::to_string(e->begin - position) +
             " bytes before it belong to no tensor";
    position = e->end;
    before = e;
  }
  if (position != data_bytes)
    return std::to_string(data_bytes - position) + " bytes after the last tensor belong to no tensor";
  return {};
}

}  // namespace

std::string read_header(std::string_view text, std::uint64_t data_bytes, std::vector<tensor_entry>& entries) {
  // The parser would skip a byte-order mark, and would take a NUL byte for the end of the text.
  if (text.starts_with("\xef\xbb\xbf"))
    return "the header begins with a byte-order mark; JSON in UTF-8 without one is expected";
  if (const std::size_t at = text.find('\0'); at != std::string_view::npos)
    return "the header has a NUL byte at " + std::to_string(at) + " of its " + std::to_string(text.size()) +
           " bytes; expected JSON, padded with spaces";
  header_events events(data_bytes, entries);
  json::sax_parse(text, &events);
  if (!events.is_json) return "the header is not valid JSON";
  if (!events.is_object) return "the header is not a JSON object";
  std::ranges::sort(entries, {}, &tensor_entry::name);
  const auto twice = std::ranges::adjacent_find(entries, {}, &tensor_entry::name);
  if (twice != entries.end()) return "tensor '" + twice->name + "' appears twice";
  if (events.has_metadata_twice) return "__metadata__ appears twice";
  if (!events.error.empty()) return events.error;
  return check_cover(entries, data_bytes);
}

}  // namespace inlay::detail
