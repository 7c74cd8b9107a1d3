// SPDX-License-Identifier: Apache-2.0
// Tests the image of a graph: an image written at run time equals the compiler's image in the object file byte by byte,
// and the reader returns the graph that was written.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "inlay/graph_reader.hpp"
#include "sample_networks.hpp"

namespace {

using namespace inlay;

std::span<const std::byte> bytes_of(const std::vector<std::uint64_t>& words) { return std::as_bytes(std::span(words)); }

template <const auto& Net>
graph_builder traced() {
  graph_builder b(Net.name);
  detail::trace(Net, b);
  return b;
}

template <const auto& Net>
void expect_image_of_run_time_trace() {
  const std::vector<std::uint64_t> words = write_image(traced<Net>());
  const auto written = bytes_of(words);
  const auto embedded = samples::image_bytes<Net>();
  ASSERT_EQ(written.size(), embedded.size());
  for (std::size_t i = 0; i < written.size(); ++i) ASSERT_EQ(written[i], embedded[i]) << "byte " << i;
}

TEST(Image, OfARunTimeTraceIsTheEmbeddedOne) { expect_image_of_run_time_trace<samples::every_kind>(); }
TEST(Image, WithEmptyTablesIsTheEmbeddedOne) { expect_image_of_run_time_trace<samples::smallest>(); }

TEST(Image, LayoutIsTheContract) {
  EXPECT_EQ(sizeof(node_record), 76u);
  EXPECT_EQ(sizeof(instruction), 32u);
  EXPECT_EQ(sizeof(output_record), 12u);
  EXPECT_EQ(sizeof(graph_header), 96u);
  EXPECT_EQ(offsetof(graph_header, magic), 0u);
  EXPECT_EQ(offsetof(graph_header, version), 4u);
  EXPECT_EQ(offsetof(graph_header, hash), 8u);
  EXPECT_EQ(offsetof(graph_header, image_bytes), 16u);
  EXPECT_EQ(std::memcmp(samples::image_bytes<samples::every_kind>().data(), "INLY", 4), 0);
}

void expect_same_text(const graph_view& a, range_record in_a, const graph_view& b, range_record in_b) {
  EXPECT_EQ(a.text(in_a), b.text(in_b));
}

void expect_same(const instruction& a, const instruction& b) {
  EXPECT_EQ(a.code, b.code);
  EXPECT_EQ(a.function, b.function);
  EXPECT_EQ(a.tier, b.tier);
  EXPECT_EQ(a.a, b.a);
  EXPECT_EQ(a.b, b.b);
  EXPECT_EQ(a.c, b.c);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(a.p0), std::bit_cast<std::uint32_t>(b.p0));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(a.p1), std::bit_cast<std::uint32_t>(b.p1));
}

TEST(Image, ReaderGivesBackWhatWasWritten) {
  const graph_builder builder = traced<samples::every_kind>();
  const graph_view wanted = builder.view();
  const std::vector<std::uint64_t> words = write_image(builder);
  const read_result result = read_graph(bytes_of(words));
  ASSERT_TRUE(result) << result.error;
  const graph_view& found = result.graph;

  EXPECT_EQ(found.name, "every_kind");
  EXPECT_EQ(found.hash, graph_hash(wanted));
  EXPECT_EQ(found.hash, graph_of<samples::every_kind>.hash);
  EXPECT_TRUE(found.source_file.ends_with("sample_networks.hpp"));
  ASSERT_EQ(found.nodes.size(), wanted.nodes.size());
  for (std::size_t i = 0; i < found.nodes.size(); ++i) {
    SCOPED_TRACE(i);
    const node_record &f = found.nodes[i], &w = wanted.nodes[i];
    EXPECT_EQ(f.kind, w.kind);
    EXPECT_EQ(f.dims, w.dims);
    EXPECT_EQ(f.line, w.line);
    EXPECT_EQ(f.column, w.column);
    EXPECT_EQ(found.name_of(f), wanted.name_of(w));
    EXPECT_TRUE(std::ranges::equal(found.operands(f), wanted.operands(w)));
    EXPECT_TRUE(std::ranges::equal(found.attributes(f), wanted.attributes(w)));
    const auto found_program = found.program(f), wanted_program = wanted.program(w);
    ASSERT_EQ(found_program.size(), wanted_program.size());
    for (std::size_t c = 0; c < found_program.size(); ++c) {
      SCOPED_TRACE(c);
      expect_same(found_program[c], wanted_program[c]);
    }
    if (f.kind == op::constant) {
      EXPECT_TRUE(std::ranges::equal(found.elements(f), wanted.elements(w)));
    }
  }
  ASSERT_EQ(found.outputs.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found.outputs[i].node, wanted.outputs[i].node);
    expect_same_text(found, found.outputs[i].name, wanted, wanted.outputs[i].name);
  }
  EXPECT_EQ(found.text(found.outputs[0].name), "scores");
}

}  // namespace
