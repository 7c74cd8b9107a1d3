// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: the reader refuses the bytes with a reason, or gives a graph whose elements can all be read,
// evaluated and written again.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "inlay/graph_reader.hpp"
#include "inlay/reference.hpp"

namespace {

using namespace inlay;

void require(bool holds) {
  if (!holds) std::abort();
}

/// The graph of an image whose only fault is a wrong hash.
graph_view unchecked(std::span<const std::byte> image) {
  graph_header h;
  std::memcpy(&h, image.data(), sizeof h);
  const auto table = [&]<class T>(table_record r, std::span<const T>& into) {
    into = {reinterpret_cast<const T*>(image.data() + r.offset), r.count};
  };
  graph_view g;
  std::span<const char> characters;
  table(h.nodes, g.nodes), table(h.operands, g.operand_table), table(h.attributes, g.attribute_table);
  table(h.instructions, g.instruction_table), table(h.outputs, g.outputs), table(h.data, g.data);
  table(h.characters, characters);
  g.characters = {characters.data(), characters.size()};
  g.name = g.text(h.name), g.source_file = g.text(h.source_file);
  return g;
}

constexpr std::size_t kMostWork = 2000;

/// Evaluates the graph with inputs and weights of 1, unless that takes too long.
void evaluate(const graph_view& g) {
  std::uint64_t work = 0;
  for (const node_record& n : g.nodes) {
    work += n.dims.elements() * (1 + g.program(n).size() + g.operands(n).size());
    if (n.kind == op::dense) work += n.dims.elements() * g.nodes[g.operands(n)[0]].dims.elements();
    if (work > kMostWork) return;
  }
  if (memory_bytes(g) > 4 * kMostWork) return;
  static const std::vector<float> ones(kMostWork, 1.0f);
  std::vector<std::size_t> inputs;
  for (const node_record& n : g.nodes)
    if (n.kind == op::input) inputs.push_back(static_cast<std::size_t>(n.dims.elements()));
  const std::span<const float> all(ones);
  reference::evaluate(
      g, [&](std::size_t i) { return all.first(inputs[i]); },
      [&](const node_record& n) { return all.first(static_cast<std::size_t>(n.dims.elements())); },
      [&](std::uint32_t node, std::span<const double> values) {
        require(values.size() == g.nodes[node].dims.elements());
      });
}

void use(const read_result& result) {
  if (!result) return;
  const graph_view& g = result.graph;
  std::size_t read = g.name.size() + g.source_file.size();
  for (const node_record& n : g.nodes) {
    read += g.name_of(n).size() + g.program(n).size();
    for (std::uint32_t operand : g.operands(n)) require(operand == no_node || operand < g.nodes.size());
    if (n.kind == op::constant)
      for (float f : g.elements(n)) read += f != f ? 1 : 0;
  }
  for (const output_record& o : g.outputs) read += g.text(o.name).size() + g.nodes[o.node].dims.rank;
  require(read > 0);
  require(!check_graph(g));
  evaluate(g);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The buffer of words aligns the image. It ends with the image's last word, so that reads beyond it are seen.
  std::vector<std::uint64_t> words((size + 7) / 8);
  if (size > 0) std::memcpy(words.data(), data, size);
  const std::span<std::byte> image(reinterpret_cast<std::byte*>(words.data()), size);
  for (const read_result& result : read_section(image)) use(result);

  const read_result first = read_graph(image);
  if (first || first.error.find("hash") == std::string::npos) return 0;
  // Everything else is right, so with the right hash the image must be accepted.
  const std::uint64_t hash = graph_hash(unchecked(image));
  std::memcpy(image.data() + offsetof(graph_header, hash), &hash, sizeof hash);
  const read_result again = read_graph(image);
  require(static_cast<bool>(again));
  use(again);
  return 0;
}
