// SPDX-License-Identifier: Apache-2.0
// The graph contract: the flat binary image of a network that the DSL writes, the compiler imports and the interpreter
// runs. It consists of plain records with 32-bit fields and has a version. graph_reader.hpp checks every bound.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "inlay/activations.hpp"

namespace inlay {

/// First word of every image; "INLY" in memory on a little-endian machine.
inline constexpr std::uint32_t graph_magic = 0x594c4e49u;
/// Raised whenever a record or the meaning of a field changes. A reader accepts its own version only.
inline constexpr std::uint32_t graph_version = 4;
/// The ELF section that `INLAY_NETWORK` writes; it may hold several images, each aligned to 8 bytes.
inline constexpr std::string_view graph_section = ".inlay";

inline constexpr std::uint32_t max_rank = 6;
/// Most elements that one value may have, so that an index into it fits in 31 bits.
inline constexpr std::uint64_t max_elements = 0x7fffffffu;
/// Marks an absent operand (a dense layer without bias).
inline constexpr std::uint32_t no_node = 0xffffffffu;

/// The type of a value's elements. Inputs have any of these; everything else is f32.
enum class dtype : std::uint32_t {
  f32 = 1,
  i32 = 2  ///< indices, which embedding reads
};
constexpr bool is_element_type(dtype type) { return type == dtype::f32 || type == dtype::i32; }

/// What a node computes. Every node yields exactly one value, so a node's index is also its value's index.
enum class op : std::uint32_t {
  input = 1,        ///< a network input; inputs come in declaration order
  parameter = 2,    ///< weights found by name in a weights file
  constant = 3,     ///< weights written in the source
  dense = 4,        ///< operands x[K], weight[N,K], bias[N] or no_node; y = weight x + bias (torch.nn.Linear)
  map = 5,          ///< pointwise program over operands of one shape; one-element operands are broadcast
  softmax = 6,      ///< softmax over the last axis
  reshape = 7,      ///< same elements in row-major order, another shape
  concat = 8,       ///< operands joined along `axis`
  log_softmax = 9,  ///< logarithm of softmax over the last axis
  slice = 10,       ///< a range of one axis
  transpose = 11,   ///< two axes exchanged
  conv2d = 12,      ///< operands x[C,H,W], weight[N,C/groups,KH,KW], bias[N] or no_node (torch.nn.Conv2d)
  max_pool = 13,    ///< the largest element of each window of x[C,H,W]
  avg_pool = 14,    ///< the mean of each window of x[C,H,W]
  reduce = 15,      ///< a sum, mean, extreme or its place, over any axes
  normalize = 16,   ///< runs of elements, each divided by its deviation (torch.nn.LayerNorm, RMSNorm, GroupNorm)
  /// x[C,H,W], weight[C,N/groups,KH,KW], bias[N] or no_node (torch.nn.ConvTranspose2d)
  conv_transpose2d = 17,
  pad = 18,       ///< a value with a number or some of its own elements around it (torch.nn.functional.pad)
  upsample = 19,  ///< x[C,H,W] interpolated to another height and width
  /// The means of as many parts of x[C,H,W] as the result has pixels.
  adaptive_avg_pool = 20,
  state = 21,      ///< what an `update` of the step before has kept; at first operand 0, or zeros for no_node
  update = 22,     ///< operands: a state, and the value that it has from the next step on; yields that value
  history = 23,    ///< operand x of this step and of steps before, oldest first; zeros before the first step
  embedding = 24,  ///< x of i32, weight[N,D]; for each element of x, that row of the weight (torch.nn.Embedding)
};

/// An instruction of a pointwise program. Comparisons yield 0 or 1; with NaN they yield 0, except not_equal.
enum class scalar_op : std::uint32_t {
  operand = 1,  ///< element of the node's operand number `a`
  literal = 2,  ///< the number `p0`
  add = 3,
  subtract = 4,
  multiply = 5,
  divide = 6,
  minimum = 7,  ///< NaN if either side is NaN
  maximum = 8,  ///< NaN if either side is NaN
  less = 9,
  less_equal = 10,
  greater = 11,
  greater_equal = 12,
  equal = 13,
  not_equal = 14,
  select = 15,  ///< a != 0 ? b : c
  apply = 16,   ///< the activation `function` with parameters p0, p1, on `a`, at accuracy `tier`
};

/// Number of earlier results that `code` reads (fields a, b, c in this order); 0 for an unknown code.
constexpr std::uint32_t scalar_arity(scalar_op code) {
  switch (code) {
    case scalar_op::operand:
    case scalar_op::literal: return 0;
    case scalar_op::apply: return 1;
    case scalar_op::select: return 3;
    default: return code >= scalar_op::add && code <= scalar_op::not_equal ? 2 : 0;
  }
}

/// A range of the string pool, the operand table or the instruction table.
struct range_record {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// A static shape: the sizes of one sample, without the batch.
struct shape {
  std::uint32_t rank = 0;
  std::array<std::uint32_t, max_rank> sizes{};

  constexpr std::uint64_t elements() const {
    std::uint64_t product = 1;
    for (std::uint32_t i = 0; i < rank; ++i) {
      if (sizes[i] != 0 && product > ~std::uint64_t{0} / sizes[i]) return ~std::uint64_t{0};
      product *= sizes[i];
    }
    return product;
  }
  /// elements() as a size_t, for values that fit into memory.
  constexpr std::size_t size() const { return std::size_t{elements()}; }
  friend constexpr bool operator==(const shape& a, const shape& b) {
    if (a.rank != b.rank) return false;
    for (std::uint32_t i = 0; i < a.rank; ++i)
      if (a.sizes[i] != b.sizes[i]) return false;
    return true;
  }
};

template <std::uint32_t... Sizes>
inline constexpr shape shape_of{sizeof...(Sizes), {Sizes...}};

/// What a dense layer's kernel for a single sample does with inputs that are zero.
enum class zeros : std::uint32_t {
  automatic = 0,  ///< the compiler decides: it skips if many zeros are likely and the weights are large
  skip = 1,       ///< do not read their weights
  multiply = 2    ///< treat zeros as any other number
};

struct node_record {
  op kind{};
  dtype type{};
  shape dims{};
  range_record name{};          ///< layer or parameter name with its scopes ("layer1.0.fc1"); may be empty
  range_record operands{};      ///< into the operand table; each entry is an earlier node or no_node
  range_record attributes{};    ///< words of the attribute table; ops/ says what each means
  range_record instructions{};  ///< of a map
  std::uint32_t line = 0;       ///< in `source_file`; not part of the hash
  std::uint32_t column = 0;
};

struct instruction {
  scalar_op code{};
  activation function{};
  accuracy tier{};
  std::uint32_t a = 0, b = 0, c = 0;
  float p0 = 0, p1 = 0;
};

struct output_record {
  std::uint32_t node = 0;
  range_record name{};
};

/// Where a table lies, in bytes from the image's start, and how many records it has.
struct table_record {
  std::uint32_t offset = 0;
  std::uint32_t count = 0;
};

struct alignas(8) graph_header {
  std::uint32_t magic = graph_magic;
  std::uint32_t version = graph_version;
  std::uint64_t hash = 0;
  std::uint32_t image_bytes = 0;
  range_record name{};
  range_record source_file{};
  table_record nodes{}, operands{}, attributes{}, instructions{}, outputs{}, data{}, characters{};
  std::uint32_t reserved = 0;
};

/// A graph for reading: non-owning, cheap to copy, usable in constant expressions.
struct graph_view {
  std::uint64_t hash = 0;
  std::string_view name{};
  std::string_view source_file{};
  std::span<const node_record> nodes{};
  std::span<const std::uint32_t> operand_table{};
  std::span<const std::uint32_t> attribute_table{};
  std::span<const instruction> instruction_table{};
  std::span<const output_record> outputs{};
  std::span<const float> data{};
  std::string_view characters{};

  constexpr std::string_view text(range_record r) const { return characters.substr(r.first, r.count); }
  constexpr std::string_view name_of(const node_record& n) const { return text(n.name); }
  constexpr std::span<const std::uint32_t> operands(const node_record& n) const {
    return operand_table.subspan(n.operands.first, n.operands.count);
  }
  constexpr std::span<const std::uint32_t> attributes(const node_record& n) const {
    return attribute_table.subspan(n.attributes.first, n.attributes.count);
  }
  constexpr std::span<const instruction> program(const node_record& n) const {
    return instruction_table.subspan(n.instructions.first, n.instructions.count);
  }
  /// Elements of a constant node, row-major.
  constexpr std::span<const float> elements(const node_record& n) const {
    return data.subspan(attributes(n)[0], n.dims.size());
  }
};

/// Identity of a graph: a 64-bit FNV-1a hash of everything that changes what is computed or how it is called. Hashes
/// the records word by word, without source positions.
constexpr std::uint64_t graph_hash(const graph_view& g) {
  // Plain pointers and one expression per word, because the C++ compiler evaluates this for every word of the graph.
  constexpr std::uint64_t prime = 0x100000001b3u;
  std::uint64_t h = 0xcbf29ce484222325u ^ graph_version;
  const char* characters = g.characters.data();
  auto text = [&h, characters](range_record r) {
    h = (h ^ r.count) * prime;
    for (std::uint32_t i = r.first; i < r.first + r.count; ++i)
      h = (h ^ static_cast<unsigned char>(characters[i])) * prime;
  };
  for (char c : g.name) h = (h ^ static_cast<unsigned char>(c)) * prime;
  const node_record* nodes = g.nodes.data();
  for (std::size_t i = 0, n = g.nodes.size(); i < n; ++i) {
    const node_record& r = nodes[i];
    h = (h ^ static_cast<std::uint32_t>(r.kind)) * prime;
    h = (h ^ static_cast<std::uint32_t>(r.type)) * prime;
    h = (h ^ r.dims.rank) * prime;
    for (std::uint32_t d = 0; d < r.dims.rank; ++d) h = (h ^ r.dims.sizes[d]) * prime;
    text(r.name);
    h = (h ^ r.operands.first) * prime;
    h = (h ^ r.operands.count) * prime;
    h = (h ^ r.instructions.first) * prime;
    h = (h ^ r.instructions.count) * prime;
    h = (h ^ r.attributes.first) * prime;
    h = (h ^ r.attributes.count) * prime;
  }
  const std::uint32_t* operands = g.operand_table.data();
  for (std::size_t i = 0, n = g.operand_table.size(); i < n; ++i) h = (h ^ operands[i]) * prime;
  const std::uint32_t* attributes = g.attribute_table.data();
  for (std::size_t i = 0, n = g.attribute_table.size(); i < n; ++i) h = (h ^ attributes[i]) * prime;
  const instruction* instructions = g.instruction_table.data();
  for (std::size_t i = 0, n = g.instruction_table.size(); i < n; ++i) {
    const instruction& c = instructions[i];
    h = (h ^ static_cast<std::uint32_t>(c.code)) * prime;
    h = (h ^ static_cast<std::uint32_t>(c.function)) * prime;
    h = (h ^ static_cast<std::uint32_t>(c.tier)) * prime;
    h = (((((h ^ c.a) * prime) ^ c.b) * prime) ^ c.c) * prime;
    h = (h ^ std::bit_cast<std::uint32_t>(c.p0)) * prime;
    h = (h ^ std::bit_cast<std::uint32_t>(c.p1)) * prime;
  }
  for (const output_record& o : g.outputs) {
    h = (h ^ o.node) * prime;
    text(o.name);
  }
  const float* data = g.data.data();
  for (std::size_t i = 0, n = g.data.size(); i < n; ++i) h = (h ^ std::bit_cast<std::uint32_t>(data[i])) * prime;
  return h;
}

/// How many records each table of a graph has.
struct graph_sizes {
  std::size_t nodes = 0, operands = 0, attributes = 0, instructions = 0, outputs = 0, data = 0, characters = 0;
};

/// The image, with tables of exactly the graph's sizes. Its bytes are the contract. Empty tables keep an unused record.
template <std::size_t Nodes, std::size_t Operands, std::size_t Attributes, std::size_t Instructions,
          std::size_t Outputs, std::size_t Data, std::size_t Characters>
struct graph_image {
  template <std::size_t N>
  static constexpr std::size_t at_least_one = N == 0 ? 1 : N;

  graph_header header{};
  std::array<node_record, at_least_one<Nodes>> nodes{};
  std::array<std::uint32_t, at_least_one<Operands>> operands{};
  std::array<std::uint32_t, at_least_one<Attributes>> attributes{};
  std::array<instruction, at_least_one<Instructions>> instructions{};
  std::array<output_record, at_least_one<Outputs>> outputs{};
  std::array<float, at_least_one<Data>> data{};
  static constexpr std::size_t bytes_before_characters = sizeof(graph_header) + sizeof nodes + sizeof operands +
                                                         sizeof attributes + sizeof instructions + sizeof outputs +
                                                         sizeof data;
  /// Rounded up in size, so that the image is a whole number of 64-bit words without padding.
  std::array<char, (bytes_before_characters + at_least_one<Characters> + 7) / 8 * 8 - bytes_before_characters>
      characters{};

  static constexpr graph_sizes room{Nodes, Operands, Attributes, Instructions, Outputs, Data, Characters};

  constexpr graph_view view() const { return view(room); }
  /// The graph in the first records of each table.
  constexpr graph_view view(const graph_sizes& sizes) const {
    graph_view g;
    g.hash = header.hash;
    g.nodes = {nodes.data(), sizes.nodes};
    g.operand_table = {operands.data(), sizes.operands};
    g.attribute_table = {attributes.data(), sizes.attributes};
    g.instruction_table = {instructions.data(), sizes.instructions};
    g.outputs = {outputs.data(), sizes.outputs};
    g.data = {data.data(), sizes.data};
    g.characters = {characters.data(), sizes.characters};
    g.name = g.text(header.name);
    g.source_file = g.text(header.source_file);
    return g;
  }

  /// Copies the tables of a graph that is no larger.
  constexpr void copy_tables(const graph_view& g) {
    copy(g.nodes, nodes), copy(g.operand_table, operands), copy(g.attribute_table, attributes);
    copy(g.instruction_table, instructions), copy(g.outputs, outputs), copy(g.data, data);
    copy(g.characters, characters);
  }

  /// Completes the header. Call it when the tables, `header.name` and `header.source_file` are filled.
  constexpr void seal() {
    std::uint32_t offset = sizeof(graph_header);
    auto table = [&offset](table_record& t, std::size_t count, std::size_t bytes) {
      t = {offset, static_cast<std::uint32_t>(count)};
      offset += static_cast<std::uint32_t>(bytes);
    };
    table(header.nodes, Nodes, sizeof nodes);
    table(header.operands, Operands, sizeof operands);
    table(header.attributes, Attributes, sizeof attributes);
    table(header.instructions, Instructions, sizeof instructions);
    table(header.outputs, Outputs, sizeof outputs);
    table(header.data, Data, sizeof data);
    table(header.characters, Characters, sizeof characters);
    header.image_bytes = sizeof(graph_image);
    header.hash = graph_hash(view());
  }

 private:
  template <class From, class T, std::size_t N>
  static constexpr void copy(const From& from, std::array<T, N>& to) {
    const T* source = from.data();
    T* target = to.data();
    for (std::size_t i = 0, n = from.size(); i < n; ++i) target[i] = source[i];
  }
};

}  // namespace inlay
