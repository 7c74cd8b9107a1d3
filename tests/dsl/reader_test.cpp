// SPDX-License-Identifier: Apache-2.0
// Tests the reader on damaged images: it accesses nothing outside of the bytes, and a graph that it accepts can be
// walked and evaluated.
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <random>
#include <string>

#include "inlay/graph_reader.hpp"
#include "inlay/reference.hpp"
#include "sample_networks.hpp"

namespace {

using namespace inlay;

/// A copy of exactly these bytes on the heap, so that AddressSanitizer sees every access outside.
class exact_bytes {
 public:
  explicit exact_bytes(std::span<const std::byte> from)
      : size_(from.size()), bytes_(new(std::align_val_t{8}) std::byte[from.size()]) {
    if (size_ != 0) std::memcpy(bytes_.get(), from.data(), size_);
  }
  std::span<const std::byte> view() const { return {bytes_.get(), size_}; }

 private:
  struct release {
    void operator()(std::byte* p) const { ::operator delete[](p, std::align_val_t{8}); }
  };
  std::size_t size_;
  std::unique_ptr<std::byte[], release> bytes_;
};

template <class T>
T get(const std::vector<std::byte>& image, std::size_t offset) {
  T value;
  std::memcpy(&value, image.data() + offset, sizeof value);
  return value;
}
template <class T>
void put(std::vector<std::byte>& image, std::size_t offset, const T& value) {
  std::memcpy(image.data() + offset, &value, sizeof value);
}

std::string error_of(const std::vector<std::byte>& image) { return read_graph(exact_bytes(image).view()).error; }

/// Everything that the hash covers, as text: graphs with the same meaning have the same text.
std::string meaning(const graph_view& g) {
  std::string s(g.name);
  const auto add = [&s](std::uint64_t n) { s += ' ' + std::to_string(n); };
  for (const node_record& n : g.nodes) {
    s += "\n" + std::string(g.name_of(n));
    add(static_cast<std::uint32_t>(n.kind)), add(static_cast<std::uint32_t>(n.type)), add(n.dims.rank);
    for (std::uint32_t word : g.attributes(n)) add(word);
    for (std::uint32_t d = 0; d < n.dims.rank; ++d) add(n.dims.sizes[d]);
    s += " of";
    for (std::uint32_t operand : g.operands(n)) add(operand);
    for (const instruction& c : g.program(n)) {
      s += " |";
      add(static_cast<std::uint32_t>(c.code)), add(static_cast<std::uint32_t>(c.function));
      add(static_cast<std::uint32_t>(c.tier)), add(c.a), add(c.b), add(c.c);
      add(std::bit_cast<std::uint32_t>(c.p0)), add(std::bit_cast<std::uint32_t>(c.p1));
    }
    if (n.kind == op::constant)
      for (float f : g.elements(n)) add(std::bit_cast<std::uint32_t>(f));
  }
  for (const output_record& o : g.outputs) s += "\n" + std::string(g.text(o.name)), add(o.node);
  return s;
}

/// Evaluates a graph that was accepted, unless its values are too large for a test.
void walk(const graph_view& g) {
  std::uint64_t most = 0;
  for (const node_record& n : g.nodes) most = std::max(most, n.dims.elements());
  (void)meaning(g);
  if (most > 10000 || memory_bytes(g) > 1000000) return;
  const std::vector<float> ones(static_cast<std::size_t>(most), 1.0f);
  std::vector<std::size_t> inputs;
  for (const node_record& n : g.nodes)
    if (n.kind == op::input) inputs.push_back(static_cast<std::size_t>(n.dims.elements()));
  std::size_t seen = 0;
  reference::evaluate(
      g, [&](std::size_t i) { return std::span(ones).first(inputs.at(i)); },
      [&](const node_record& n) { return std::span(ones).first(static_cast<std::size_t>(n.dims.elements())); },
      [&](std::uint32_t node, std::span<const double> elements) {
        ASSERT_EQ(elements.size(), g.nodes[node].dims.elements()) << "node " << node;
        ++seen;
      });
  EXPECT_EQ(seen, g.nodes.size());
}

/// Wrong values for a byte: with each bit flipped, with all bits flipped, 0 and 255.
std::vector<std::byte> corruptions(std::byte right) {
  std::vector<std::byte> values{std::byte{0}, std::byte{0xff}, right ^ std::byte{0xff}};
  for (unsigned bit = 0; bit < 8; ++bit) values.push_back(right ^ std::byte(1u << bit));
  std::erase(values, right);
  return values;
}

TEST(Reader, SaysWhatIsWrongWithTheHeader) {
  const std::vector<std::byte> right = samples::image_copy<samples::every_kind>();
  ASSERT_EQ(error_of(right), "");

  auto magic = right;
  put(magic, offsetof(graph_header, magic), std::uint32_t{0x464c457f});
  EXPECT_EQ(error_of(magic), "graph image: no graph here: the magic number is wrong");

  auto version = right;
  put(version, offsetof(graph_header, version), std::uint32_t{77});
  EXPECT_EQ(error_of(version), "graph image: version 77, this reader knows version " + std::to_string(graph_version) +
                                   ": compile the model against the same release");

  auto hash = right;
  put(hash, offsetof(graph_header, hash), std::uint64_t{1});
  EXPECT_EQ(error_of(hash), "graph image: the hash does not match the content: the file is damaged");

  auto longer = right;
  put(longer, offsetof(graph_header, image_bytes), static_cast<std::uint32_t>(right.size() + 8));
  EXPECT_EQ(error_of(longer), "graph image: truncated: it claims " + std::to_string(right.size() + 8) +
                                  " bytes, there are " + std::to_string(right.size()));

  const std::vector<std::byte> stub(right.begin(), right.begin() + 10);
  EXPECT_EQ(error_of(stub), "graph image: truncated: 10 bytes, the header has 96");
  EXPECT_EQ(error_of({}), "graph image: truncated: 0 bytes, the header has 96");

  auto outside = right;
  put(outside, offsetof(graph_header, data), table_record{static_cast<std::uint32_t>(right.size()), 1});
  EXPECT_EQ(error_of(outside), "graph image: a table lies outside of the image");

  // A table of weights that overlaps the header, and so the hash.
  auto over = right;
  put(over, offsetof(graph_header, data), table_record{0, 1});
  EXPECT_EQ(error_of(over), "graph image: a table lies outside of the image");

  std::vector<std::byte> shifted(1);
  shifted.insert(shifted.end(), right.begin(), right.end());
  const exact_bytes unaligned(shifted);
  EXPECT_EQ(read_graph(unaligned.view().subspan(1)).error, "graph image: not aligned to 8 bytes");
}

TEST(Reader, RefusesEveryTruncation) {
  const auto right = samples::image_bytes<samples::every_kind>();
  for (std::size_t size = 0; size < right.size(); ++size)
    EXPECT_FALSE(read_graph(exact_bytes(right.first(size)).view())) << size << " bytes";
}

TEST(Reader, IgnoresWhatFollowsTheImage) {
  std::vector<std::byte> image = samples::image_copy<samples::every_kind>();
  image.insert(image.end(), 40, std::byte{0xee});
  EXPECT_EQ(error_of(image), "");
}

// A changed byte is refused unless it changes no meaning, as in a source position or in unused room.
TEST(Reader, RefusesEveryChangeOfMeaning) {
  const std::vector<std::byte> right = samples::image_copy<samples::every_kind>();
  const std::string wanted = meaning(graph_of<samples::every_kind>);
  std::vector<bool> accepted(right.size(), false);
  for (std::size_t i = 0; i < right.size(); ++i)
    for (std::byte wrong : corruptions(right[i])) {
      auto image = right;
      image[i] = wrong;
      const exact_bytes bytes(image);
      const read_result result = read_graph(bytes.view());
      if (!result) continue;
      accepted[i] = true;
      ASSERT_EQ(meaning(result.graph), wanted) << "byte " << i;
    }

  const auto expect_refused = [&](std::size_t first, std::size_t count, const char* what) {
    for (std::size_t i = first; i < first + count; ++i) EXPECT_FALSE(accepted[i]) << what << ", byte " << i;
  };
  const auto header = get<graph_header>(right, 0);
  expect_refused(0, offsetof(graph_header, image_bytes), "magic, version, hash");
  expect_refused(offsetof(graph_header, name), sizeof(range_record), "network's name");
  // Not the number of characters: it may include the zeros that follow them.
  // Not where the attributes are: the image has the same few small words in other places, too.
  constexpr std::size_t attributes = offsetof(graph_header, attributes), counts = attributes + sizeof(std::uint32_t);
  expect_refused(offsetof(graph_header, nodes), attributes - offsetof(graph_header, nodes), "tables");
  expect_refused(counts, offsetof(graph_header, characters) + sizeof(std::uint32_t) - counts, "tables");
  expect_refused(header.operands.offset, header.operands.count * sizeof(std::uint32_t), "operands");
  expect_refused(header.attributes.offset, header.attributes.count * sizeof(std::uint32_t), "attributes");
  expect_refused(header.instructions.offset, header.instructions.count * sizeof(instruction), "instructions");
  expect_refused(header.data.offset, header.data.count * sizeof(float), "data");
  for (std::uint32_t i = 0; i < header.outputs.count; ++i)
    expect_refused(header.outputs.offset + i * sizeof(output_record), sizeof(std::uint32_t), "output");
  for (std::uint32_t i = 0; i < header.nodes.count; ++i) {
    const std::size_t node = header.nodes.offset + i * sizeof(node_record);
    expect_refused(node, offsetof(node_record, dims), "kind and type of a node");
    const auto rank = get<std::uint32_t>(right, node + offsetof(node_record, dims));
    expect_refused(node + offsetof(node_record, dims), (1 + rank) * sizeof(std::uint32_t), "shape of a node");
    expect_refused(node + offsetof(node_record, operands),
                   offsetof(node_record, line) - offsetof(node_record, operands),
                   "operands, attributes and program of a node");
  }
  // The hash does not cover source positions, so moving a model in its file changes nothing.
  EXPECT_TRUE(accepted[header.nodes.offset + offsetof(node_record, line)]);
}

/// Gives a damaged image the right hash for its content, if that can be computed, so that only the structural checks
/// can refuse it.
bool seal(std::vector<std::byte>& image) {
  const auto header = get<graph_header>(image, 0);
  graph_view g;
  const auto table = [&image]<class T>(table_record t, std::span<const T>& into) {
    if (t.offset % alignof(T) != 0 || t.offset > image.size() || t.count > (image.size() - t.offset) / sizeof(T))
      return false;
    into = {reinterpret_cast<const T*>(image.data() + t.offset), t.count};
    return true;
  };
  std::span<const char> characters;
  if (!table(header.nodes, g.nodes) || !table(header.operands, g.operand_table) ||
      !table(header.attributes, g.attribute_table) || !table(header.instructions, g.instruction_table) ||
      !table(header.outputs, g.outputs) || !table(header.data, g.data) || !table(header.characters, characters))
    return false;
  g.characters = {characters.data(), characters.size()};
  const auto inside = [&g](range_record r) {
    return r.first <= g.characters.size() && r.count <= g.characters.size() - r.first;
  };
  bool hashable = inside(header.name);
  for (const node_record& n : g.nodes) hashable = hashable && inside(n.name) && n.dims.rank <= max_rank;
  for (const output_record& o : g.outputs) hashable = hashable && inside(o.name);
  if (!hashable) return false;
  g.name = g.text(header.name);
  put(image, offsetof(graph_header, hash), graph_hash(g));
  return true;
}

TEST(Reader, AcceptsOnlySoundGraphsWhereTheHashIsForged) {
  const std::vector<std::byte> right = samples::image_copy<samples::every_kind>();
  std::size_t sealed = 0, accepted = 0;
  for (std::size_t i = 0; i < right.size(); ++i)
    for (std::byte wrong : corruptions(right[i])) {
      auto image = right;
      image[i] = wrong;
      if (!seal(image)) continue;
      ++sealed;
      const exact_bytes bytes(image);
      const read_result result = read_graph(bytes.view());
      if (!result) continue;
      ++accepted;
      walk(result.graph);
      if (HasFatalFailure()) FAIL() << "byte " << i;
    }
  // After most damage the hash can be computed, and many images are sound graphs with other weights or names.
  EXPECT_GT(sealed, 4 * right.size());
  EXPECT_GT(accepted, right.size());
  EXPECT_LT(accepted, sealed);
}

TEST(Reader, SurvivesManyForgedWordsAtOnce) {
  const std::vector<std::byte> right = samples::image_copy<samples::every_kind>();
  std::mt19937 random(20);
  const std::uint32_t telling[] = {0, 1, 2, 3, 4, 6, 7, 8, 16, 0x7fffffffu, 0x80000000u, 0xfffffffeu, no_node};
  std::size_t accepted = 0;
  for (unsigned round = 0; round < 30000; ++round) {
    auto image = right;
    for (unsigned change = 0; change <= round % 3; ++change) {
      const std::size_t word = 4 + random() % (right.size() / 4 - 4);
      put(image, 4 * word, telling[random() % std::size(telling)]);
    }
    if (!seal(image)) continue;
    const exact_bytes bytes(image);
    const read_result result = read_graph(bytes.view());
    if (!result) continue;
    ++accepted;
    walk(result.graph);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
  EXPECT_GT(accepted, 1000u);
}

/// The reader's error for `every_kind` with one word of one node changed and the hash recomputed.
std::string error_with(op kind, std::size_t field, std::uint32_t value) {
  auto image = samples::image_copy<samples::every_kind>();
  const auto header = get<graph_header>(image, 0);
  for (std::uint32_t i = 0; i < header.nodes.count; ++i) {
    const std::size_t node = header.nodes.offset + i * sizeof(node_record);
    if (get<op>(image, node) != kind) continue;
    put(image, node + field, value);
    EXPECT_TRUE(seal(image));
    return error_of(image);
  }
  return "no such node";
}

/// The same with one attribute of the first node of that kind changed.
std::string error_with_attribute(op kind, std::uint32_t index, std::uint32_t value) {
  auto image = samples::image_copy<samples::every_kind>();
  const auto header = get<graph_header>(image, 0);
  for (std::uint32_t i = 0; i < header.nodes.count; ++i) {
    const auto node = get<node_record>(image, header.nodes.offset + i * sizeof(node_record));
    if (node.kind != kind) continue;
    put(image, header.attributes.offset + (node.attributes.first + index) * sizeof(std::uint32_t), value);
    EXPECT_TRUE(seal(image));
    return error_of(image);
  }
  return "no such node";
}

TEST(Reader, NamesTheBrokenRecord) {
  const auto has = [](const std::string& error, const char* what) {
    EXPECT_NE(error.find(what), std::string::npos) << "found: " << error << "\nexpected: " << what;
  };
  constexpr std::size_t dims = offsetof(node_record, dims), operands = offsetof(node_record, operands);
  has(error_with(op::input, offsetof(node_record, type), 9), "expected a known element type, found type 9");
  // The first input is what a reshape reads; the last one is read by an embedding.
  has(error_with(op::input, offsetof(node_record, type), 2),
      "'picture': expected f32 values for reshape, found i32[2,2] of picture; only embedding reads i32 values");
  has(error_with(op::dense, offsetof(node_record, type), 2), "'hidden': expected type f32, found type i32");
  has(error_with(op::input, 0, 99),
      "node 0: sample_networks.hpp:17: 'picture': expected a known node kind, found kind 99");
  has(error_with(op::dense, operands + 4, 2),
      "'hidden': expected operands: 3, found operands: 2; a node of this kind takes another number of operands");
  has(error_with(op::dense, dims + 4, 4), "'hidden': expected the shape f32[3], found f32[4]; the record is damaged");
  has(error_with(op::dense, operands, 0x10000),
      "'hidden': expected ranges inside of their tables, found a range outside");
  has(error_with_attribute(op::dense, 0, 3), "'hidden': expected zero_inputs up to 2, found number 3");
  has(error_with(op::dense, offsetof(node_record, attributes) + 4, 0), "expected attributes: 1, found attributes: 0");
  has(error_with(op::dense, offsetof(node_record, attributes), 0x10000),
      "'hidden': expected ranges inside of their tables, found a range outside");
  has(error_with(op::map, offsetof(node_record, instructions) + 4, 0),
      "expected at least one instruction, found an empty program");
  has(error_with(op::map, dims + 4, 2), advice(fault::pointwise_shapes).data());
  has(error_with(op::softmax, dims + 4, 5), "expected the shape f32[6], found f32[5]");
  has(error_with(op::reshape, dims + 4, 5), advice(fault::reshape_elements).data());
  has(error_with_attribute(op::concat, 0, 1), "expected rank above 1");
  const auto data = static_cast<std::uint32_t>(graph_of<samples::every_kind>.data.size());
  has(error_with_attribute(op::constant, 0, data - 1), "'(constant)': expected f32[1,3], found elements: 1");
  has(error_with(op::parameter, offsetof(node_record, name) + 4, 0), advice(fault::missing_name).data());
  // The error names the node's place in the model's source.
  has(error_with(op::dense, dims + 4, 4), "graph image: node 6: sample_networks.hpp:19: 'hidden': ");
}

// What a kind does not have must not be there. Otherwise one network could have two hashes.
TEST(Reader, RefusesWhatAKindDoesNotHave) {
  const auto has = [](const std::string& error, const char* what) {
    EXPECT_NE(error.find(what), std::string::npos) << "found: " << error << "\nexpected: " << what;
  };
  for (const op_row& row : op_table) {
    const auto wrong = static_cast<std::uint32_t>(row.attributes.size()) + 1;
    const std::string error = error_with(row.id, offsetof(node_record, attributes) + 4, wrong);
    // At the end of the table there is no further attribute.
    EXPECT_TRUE(error.find("found attributes: " + std::to_string(wrong)) != std::string::npos ||
                error.find("expected ranges inside of their tables") != std::string::npos)
        << error;
    // The instruction exists in the table, but only a map may have a program.
    if (row.id != op::map)
      has(error_with(row.id, offsetof(node_record, instructions) + 4, 1),
          "expected a program for a map only, found instructions: 1");
  }
}

/// The reader's error for `every_kind` with one word of its first instruction of this kind changed and the hash
/// recomputed.
std::string error_with(scalar_op code, std::size_t field, std::uint32_t value) {
  auto image = samples::image_copy<samples::every_kind>();
  const auto table = get<graph_header>(image, 0).instructions;
  for (std::uint32_t i = 0; i < table.count; ++i) {
    const std::size_t record = table.offset + i * sizeof(instruction);
    if (get<scalar_op>(image, record) != code) continue;
    put(image, record + field, value);
    EXPECT_TRUE(seal(image));
    return error_of(image);
  }
  return "no such instruction";
}

TEST(Reader, NamesTheBrokenInstruction) {
  const auto has = [](const std::string& error, const char* what) {
    EXPECT_NE(error.find(what), std::string::npos) << "found: " << error << "\nexpected: " << what;
  };
  has(error_with(scalar_op::operand, 0, 0), "expected a known operation, found instruction 0: operation 0");
  has(error_with(scalar_op::operand, 0, 17), "expected a known operation, found instruction 0: operation 17");
  has(error_with(scalar_op::operand, offsetof(instruction, a), 2),
      "expected an operand below 2, found instruction 0: operand 2");
  // The sum is instruction 2 of its program; the selection is the last instruction of its program.
  const char* early = "expected an earlier result, found instruction ";
  has(error_with(scalar_op::add, offsetof(instruction, a), 2), early);
  has(error_with(scalar_op::add, offsetof(instruction, b), 2), early);
  std::uint32_t last = 0;
  for (const node_record& n : graph_of<samples::every_kind>.nodes)
    for (const instruction& c : graph_of<samples::every_kind>.program(n))
      if (c.code == scalar_op::select)
        last = static_cast<std::uint32_t>(&c - graph_of<samples::every_kind>.program(n).data());
  ASSERT_GT(last, 0u);
  for (std::size_t field : {offsetof(instruction, a), offsetof(instruction, b), offsetof(instruction, c)}) {
    has(error_with(scalar_op::select, field, last), early);
    EXPECT_EQ(error_with(scalar_op::select, field, last - 1), "");
  }
  has(error_with(scalar_op::apply, offsetof(instruction, a), 0xffffffffu), early);
  has(error_with(scalar_op::apply, offsetof(instruction, function), 0),
      "expected a known activation, found instruction 3: number ");
  has(error_with(scalar_op::apply, offsetof(instruction, function), static_cast<std::uint32_t>(activation_count + 1)),
      "expected a known activation, found instruction 3: number ");
  has(error_with(scalar_op::apply, offsetof(instruction, tier), 3),
      "expected a known accuracy tier, found instruction 3: tier 3");
}

// The hash cannot be recomputed here: it would cover sizes that the record does not have.
TEST(Reader, RefusesARankWithoutRoomForItsSizes) {
  auto image = samples::image_copy<samples::every_kind>();
  const std::size_t rank = get<graph_header>(image, 0).nodes.offset + offsetof(node_record, dims);
  for (std::uint32_t wrong : {max_rank + 1, 0xffffffffu}) {
    put(image, rank, wrong);
    EXPECT_EQ(error_of(image),
              "graph image: node 0: sample_networks.hpp:17: 'picture': expected rank up to 6, found rank " +
                  std::to_string(wrong) + "; " + std::string(advice(fault::rank_range)));
  }
}

TEST(Reader, RefusesOneParameterNameWithTwoShapes) {
  // The builder never writes this image. Both names have the same length, and the second is overwritten by hand.
  graph_builder b("net");
  const std::uint32_t x = b.input("x", shape_of<2>);
  const std::uint32_t y = b.dense("first", x, b.parameter("p.a", shape_of<3, 2>), no_node);
  b.output(b.dense("second", y, b.parameter("p.b", shape_of<1, 3>), no_node), "y");
  ASSERT_FALSE(b.finish());
  const std::vector<std::uint64_t> words = write_image(b);
  const auto bytes = std::as_bytes(std::span(words));
  std::vector<std::byte> image(bytes.begin(), bytes.end());
  ASSERT_EQ(error_of(image), "");

  const auto header = get<graph_header>(image, 0);
  const auto name = [&header](std::uint32_t node) {
    return header.nodes.offset + node * sizeof(node_record) + offsetof(node_record, name);
  };
  put(image, name(3), get<range_record>(image, name(1)));
  ASSERT_TRUE(seal(image));
  EXPECT_EQ(error_of(image), "graph image: node 3: 'p.a': expected f32[3,2], found f32[1,3]; " +
                                 std::string(advice(fault::duplicate_parameter)));
}

TEST(Section, HoldsSeveralImagesWithPadding) {
  const auto first = samples::image_copy<samples::every_kind>();
  const auto second = samples::image_copy<samples::smallest>();
  for (std::size_t padding : {std::size_t{0}, std::size_t{8}, std::size_t{24}, std::size_t{56}}) {
    std::vector<std::byte> section(padding);
    for (const auto* image : {&first, &second, &first}) {
      section.insert(section.end(), image->begin(), image->end());
      section.resize(section.size() + padding);
    }
    const exact_bytes bytes(section);
    const std::vector<read_result> graphs = read_section(bytes.view());
    ASSERT_EQ(graphs.size(), 3u) << "padding " << padding;
    for (const read_result& r : graphs) EXPECT_TRUE(r) << r.error;
    EXPECT_EQ(graphs[0].graph.name, "every_kind");
    EXPECT_EQ(graphs[1].graph.name, "smallest");
    EXPECT_EQ(graphs[2].graph.hash, graphs[0].graph.hash);
  }
}

TEST(Section, StopsAtTheFirstError) {
  auto section = samples::image_copy<samples::smallest>();
  const std::size_t size = section.size();
  const auto damaged = samples::image_copy<samples::every_kind>();
  section.insert(section.end(), damaged.begin(), damaged.end());
  section[size] ^= std::byte{1};
  section.insert(section.end(), damaged.begin(), damaged.end());
  const exact_bytes bytes(section);
  const std::vector<read_result> graphs = read_section(bytes.view());
  ASSERT_EQ(graphs.size(), 2u);
  EXPECT_TRUE(graphs[0]);
  EXPECT_EQ(graphs[1].error, "graph image: no graph here: the magic number is wrong");
}

TEST(Section, MayBeEmpty) {
  EXPECT_TRUE(read_section({}).empty());
  const std::vector<std::byte> zeros(64);
  EXPECT_TRUE(read_section(zeros).empty());
}

TEST(Section, SurvivesEveryTruncation) {
  auto section = samples::image_copy<samples::smallest>();
  const std::size_t size = section.size();
  section.insert(section.end(), section.begin(), section.end());
  for (std::size_t cut = 0; cut < section.size(); ++cut) {
    const exact_bytes bytes(std::span<const std::byte>(section).first(cut));
    const std::vector<read_result> graphs = read_section(bytes.view());
    // With less than a word the reader cannot tell an image from padding.
    const bool whole = cut % size < 8;
    EXPECT_EQ(graphs.size(), cut / size + (whole ? 0 : 1)) << cut;
    if (!graphs.empty()) {
      EXPECT_EQ(static_cast<bool>(graphs.back()), whole) << cut;
    }
  }
}

}  // namespace
