// SPDX-License-Identifier: Apache-2.0
// Reads graph images from untrusted bytes, and writes them. Readers touch nothing outside of the given bytes, and every
// graph that they return keeps all rules of graph_rules.hpp.
#pragma once

#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "inlay/graph_builder.hpp"

namespace inlay {

/// A graph, or why there is none.
struct read_result {
  graph_view graph;   ///< points into the bytes that were read
  std::string error;  ///< empty on success

  explicit operator bool() const { return error.empty(); }
};

namespace detail {

class image_reader {
 public:
  explicit image_reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  read_result read() {
    if (std::string error = read_tables(); !error.empty()) return {{}, "graph image: " + error};
    for (std::uint32_t i = 0; i < g_.nodes.size(); ++i) {
      std::string error = check_rules(i);
      if (error.empty()) error = check_parameter_name(i);
      if (!error.empty()) return {{}, "graph image: node " + std::to_string(i) + ": " + error};
    }
    if (violation found = check_graph(g_)) return {{}, "graph image: " + describe(found)};
    if (graph_hash(g_) != g_.hash) return {{}, "graph image: the hash does not match the content: the file is damaged"};
    return {g_, {}};
  }

 private:
  std::span<const std::byte> bytes_;
  graph_view g_{};
  std::unordered_map<std::string_view, std::uint32_t> parameters_{};  ///< first node of each name

  /// The violation as one line. Its place is `line` of the source file or, if that is 0, its own position, if any.
  std::string describe(const violation& v, std::uint32_t line = 0) const {
    const auto words = [](const auto& t) { return std::string(t.view()); };
    const auto at = line == 0 ? v.at : position_text(g_.source_file, line);
    return (at.size() == 0 ? "" : words(at) + ": ") + "'" + words(v.layer) + "': expected " + words(v.expected) +
           ", found " + (v.found.size() == 0 ? "none" : words(v.found)) + "; " + std::string(advice(v.code));
  }

  template <class T>
  bool table(table_record r, std::span<const T>& into) const {
    // A table that overlaps the header could contain the very hash that checks it.
    if (r.offset % alignof(T) != 0 || r.offset < sizeof(graph_header) || r.offset > bytes_.size() ||
        r.count > (bytes_.size() - r.offset) / sizeof(T))
      return false;
    into = {reinterpret_cast<const T*>(bytes_.data() + r.offset), r.count};
    return true;
  }

  std::string read_tables() {
    graph_header h;
    if (bytes_.size() < sizeof h)
      return "truncated: " + std::to_string(bytes_.size()) + " bytes, the header has " + std::to_string(sizeof h);
    if (reinterpret_cast<std::uintptr_t>(bytes_.data()) % alignof(graph_header) != 0) return "not aligned to 8 bytes";
    std::memcpy(&h, bytes_.data(), sizeof h);
    if (h.magic != graph_magic) return "no graph here: the magic number is wrong";
    if (h.version != graph_version)
      return "version " + std::to_string(h.version) + ", this reader knows version " + std::to_string(graph_version) +
             ": compile the model against the same release";
    if (h.image_bytes > bytes_.size() || h.image_bytes < sizeof h)
      return "truncated: it claims " + std::to_string(h.image_bytes) + " bytes, there are " +
             std::to_string(bytes_.size());
    bytes_ = bytes_.first(h.image_bytes);
    std::span<const char> characters;
    if (!table(h.nodes, g_.nodes) || !table(h.operands, g_.operand_table) || !table(h.attributes, g_.attribute_table) ||
        !table(h.instructions, g_.instruction_table) || !table(h.outputs, g_.outputs) || !table(h.data, g_.data) ||
        !table(h.characters, characters))
      return "a table lies outside of the image";
    g_.characters = {characters.data(), characters.size()};
    if (!is_inside(h.name, g_.characters.size()) || !is_inside(h.source_file, g_.characters.size()))
      return "the name lies outside of the image";
    g_.hash = h.hash, g_.name = g_.text(h.name), g_.source_file = g_.text(h.source_file);
    return {};
  }

  std::string check_rules(std::uint32_t index) const {
    violation found = check_record(g_, index);
    if (!found) found = check_node(g_, index);
    return found ? describe(found, g_.nodes[index].line) : std::string();
  }

  /// The builder makes one node per parameter name. If an image has several, they must have the same shape.
  std::string check_parameter_name(std::uint32_t index) {
    const node_record& n = g_.nodes[index];
    if (n.kind != op::parameter) return {};
    const node_record& first = g_.nodes[parameters_.try_emplace(g_.name_of(n), index).first->second];
    if (first.dims == n.dims) return {};
    return describe(
        {fault::duplicate_parameter, violation::text(g_.name_of(n)), shape_text(first.dims), shape_text(n.dims), {}},
        n.line);
  }
};

}  // namespace detail

/// Reads the image at the start of `bytes`, which must be aligned to 8 bytes and outlive the graph.
inline read_result read_graph(std::span<const std::byte> bytes) { return detail::image_reader(bytes).read(); }

/// Reads every image of a `.inlay` section. Skips the zero bytes that align images. Stops at the first error, which is
/// then the last result.
inline std::vector<read_result> read_section(std::span<const std::byte> bytes) {
  std::vector<read_result> graphs;
  std::size_t position = 0;
  while (bytes.size() - position >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + position, sizeof word);
    if (word == 0) {
      position += sizeof word;
      continue;
    }
    graphs.push_back(read_graph(bytes.subspan(position)));
    if (!graphs.back()) return graphs;
    graph_header header;
    std::memcpy(&header, bytes.data() + position, sizeof header);
    position += (header.image_bytes + 7u) / 8u * 8u;
    if (position > bytes.size()) break;
  }
  return graphs;
}

/// The image of a finished graph, as `INLAY_NETWORK` writes it, aligned as read_graph() needs it.
inline std::vector<std::uint64_t> write_image(const graph_builder& builder) {
  const graph_view g = builder.view();
  graph_header header;
  header.name = builder.name_range();
  header.source_file = builder.source_file_range();
  std::size_t size = sizeof header;
  const auto table = [&size](table_record& t, std::size_t count, std::size_t record) {
    t = {static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(count)};
    // As in graph_image: an empty table keeps one unused record.
    size += std::max<std::size_t>(count, 1) * record;
  };
  table(header.nodes, g.nodes.size(), sizeof(node_record));
  table(header.operands, g.operand_table.size(), sizeof(std::uint32_t));
  table(header.attributes, g.attribute_table.size(), sizeof(std::uint32_t));
  table(header.instructions, g.instruction_table.size(), sizeof(instruction));
  table(header.outputs, g.outputs.size(), sizeof(output_record));
  table(header.data, g.data.size(), sizeof(float));
  table(header.characters, g.characters.size(), sizeof(char));
  size = (size + 7) / 8 * 8;
  header.image_bytes = static_cast<std::uint32_t>(size);
  header.hash = graph_hash(g);

  std::vector<std::uint64_t> words(size / 8, 0);
  auto* bytes = reinterpret_cast<std::byte*>(words.data());
  const auto put = [bytes](table_record t, const void* from, std::size_t record) {
    if (t.count != 0) std::memcpy(bytes + t.offset, from, t.count * record);
  };
  std::memcpy(bytes, &header, sizeof header);
  put(header.nodes, g.nodes.data(), sizeof(node_record));
  put(header.operands, g.operand_table.data(), sizeof(std::uint32_t));
  put(header.attributes, g.attribute_table.data(), sizeof(std::uint32_t));
  put(header.instructions, g.instruction_table.data(), sizeof(instruction));
  put(header.outputs, g.outputs.data(), sizeof(output_record));
  put(header.data, g.data.data(), sizeof(float));
  put(header.characters, g.characters.data(), sizeof(char));
  return words;
}

}  // namespace inlay
