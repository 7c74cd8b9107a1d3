// SPDX-License-Identifier: Apache-2.0
// Tests embeddings: rows of every width around vectors, indices of every shape and out of range, tables that several
// layers read, and a whole model.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "compiled_for_cpus.hpp"
#include "inlay/dsl.hpp"
#include "inlay/thread_pool.hpp"

namespace inlay::testing {
namespace {

constexpr std::size_t kBatches[] = {1, 2, 40};
constexpr comparison kOutOfRange{.tolerance = 0, .edges = true};

std::uint32_t embedding(graph_builder& b, const std::string& name, std::uint32_t x, std::uint32_t weight) {
  const std::uint32_t operands[] = {x, weight};
  return b.apply(op::embedding, operands, {}, {}, name);
}
std::uint32_t table(graph_builder& b, const std::string& name, std::uint32_t rows, std::uint32_t width) {
  return b.parameter(name + ".weight", {2, {rows, width}});
}

/// The graph of a network of the DSL.
template <class Net>
graph_builder traced(const Net& net) {
  graph_builder b(net.name);
  inlay::detail::trace(net, b);
  return b;
}

class Embedding : public CompiledForCpus {
 protected:
  /// Compares a finished network with both engines.
  void matches_engines(const graph_builder& b, const std::string& what, comparison how) {
    ASSERT_FALSE(b.first_violation()) << what << ": " << advice(b.first_violation().code);
    for (const engine each : {engine::reference, engine::baseline}) {
      how.oracle = each;
      ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random_, how), "") << what;
    }
  }
};

TEST_P(Embedding, RowsAroundVectors) {
  for (const std::uint32_t tokens : {1u, 3u, 17u}) {
    graph_builder b("rows");
    const auto x = b.input("x", {1, {tokens}}, dtype::i32);
    for (const std::uint32_t width : {1u, 3u, 4u, 5u, 8u, 9u, 16u, 17u, 31u, 70u}) {
      const std::string name = "w" + std::to_string(width);
      b.output(embedding(b, name, x, table(b, name, width + 1, width)), name);
    }
    b.finish();
    matches_engines(b, std::to_string(tokens) + " tokens", kOutOfRange);
  }
}

TEST_P(Embedding, ResultsInTheArenaAndInsideOthers) {
  // The last vector of a single row may be stored whole in the arena, but not before another piece of a concat.
  for (const std::uint32_t tokens : {1u, 2u}) {
    graph_builder b("inside");
    const auto x = b.input("x", {1, {tokens}}, dtype::i32), y = b.input("y", {1, {5}});
    const auto first = b.reshape(embedding(b, "a", x, table(b, "a", 9, 3)), {1, {3 * tokens}});
    const auto last = b.reshape(embedding(b, "b", x, table(b, "b", 7, 6)), {1, {6 * tokens}});
    const std::uint32_t pieces[] = {first, y, last};
    const auto joined = b.concat(pieces, 0);
    b.output(b.softmax(embedding(b, "c", x, table(b, "c", 4, 11))), "alone");
    b.output(b.softmax(joined), "joined");
    b.finish();
    matches_engines(b, std::to_string(tokens) + " tokens", {.edges = true});
  }
}

TEST_P(Embedding, IndicesOfEveryShape) {
  graph_builder b("shapes");
  const auto scalar = b.input("scalar", {}, dtype::i32), image = b.input("image", {3, {2, 3, 4}}, dtype::i32);
  b.output(embedding(b, "a", scalar, table(b, "a", 5, 6)), "vector");
  const auto pixels = embedding(b, "b", image, table(b, "b", 10, 7));
  b.output(pixels, "pixels");
  b.output(embedding(b, "one", image, table(b, "one", 1, 2)), "one");
  b.finish();
  matches_engines(b, "shapes", kOutOfRange);
}

TEST_P(Embedding, OneTableForSeveralLayers) {
  // Two embeddings of different indices, and the classifier, whose weight is the table.
  graph_builder b("tied");
  const auto x = b.input("x", {1, {3}}, dtype::i32), y = b.input("y", {1, {3}}, dtype::i32);
  const auto words = table(b, "words", 21, 18);
  const auto first = embedding(b, "words", x, words), second = embedding(b, "target", y, words);
  const std::uint32_t both[] = {first, second};
  const instruction product[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::operand, .a = 1},
                                 {.code = scalar_op::multiply, .a = 0, .b = 1},
                                 {.code = scalar_op::add, .a = 2, .b = 0}};
  const std::uint32_t gated[] = {b.map(both, product, {2, {3, 18}})};
  const auto mean = b.apply(op::reduce, gated, words_of(ops::reduce_attributes{ops::reduction::mean, 1, 0}));
  b.output(b.dense("scores", mean, words, no_node), "scores");
  b.finish();
  matches_engines(b, "tied", {.edges = true});
}

TEST_P(Embedding, TablesThatAreComputed) {
  // A table made of weights alone, which the compiler computes, and one made of an input.
  graph_builder b("computed");
  const auto x = b.input("x", {1, {4}}, dtype::i32), y = b.input("y", {1, {30}});
  const std::uint32_t plain[] = {table(b, "plain", 6, 5)};
  const instruction squashed[] = {{.code = scalar_op::operand}, apply(activation::relu, 0)};
  b.output(embedding(b, "a", x, b.map(plain, squashed, {2, {6, 5}})), "of_weights");
  b.output(embedding(b, "b", x, b.reshape(y, {2, {6, 5}})), "of_input");
  const auto h = b.map(std::span(&y, 1), squashed, {1, {30}});
  b.output(embedding(b, "c", x, b.reshape(h, {2, {3, 10}})), "of_value");
  b.finish();
  matches_engines(b, "computed", kOutOfRange);
}

constexpr auto classifier = network("classifier", input<i32, 12>("tokens"), [](auto tokens) {
  auto h = embedding<50, 27>("words", tokens) + param<f32, 12, 27>("positions");
  auto normed = layer_norm("norm", h);
  return softmax(dense<5>("fc", relu(dense<33>("hidden", mean<0>(normed)))));
});

TEST_P(Embedding, WholeModel) { matches_engines(traced(classifier), "classifier", {.edges = true}); }

TEST_P(Embedding, OnSeveralThreads) {
  const thread_pool pool(3);
  const inlay_parallel_for& workers = pool;
  matches_engines(traced(classifier), "classifier", {.edges = true, .workers = &workers});
}

TEST_P(Embedding, KnownRows) {
  // From NumPy: table = arange(8).reshape(4, 2); table[[3, 0, 2]]. There are no rows -1 and 4.
  graph_builder b("known");
  const float elements[] = {0, 1, 2, 3, 4, 5, 6, 7};
  b.output(embedding(b, "a", b.input("x", {1, {3}}, dtype::i32), b.constant({2, {4, 2}}, elements)), "y");
  ASSERT_FALSE(b.finish());
  const auto kernel = compile(b, {}, {.cpu = GetParam()});
  const auto run = *reinterpret_cast<int (*)(const std::int32_t*, float*, std::size_t, void*)>(kernel->entry());
  const std::int32_t x[] = {3, 0, 2, -1, 1, 4};
  float y[12];
  std::vector<std::byte> scratch(kernel->scratch_bytes());
  ASSERT_EQ(run(x, y, 2, scratch.data()), 0);
  EXPECT_EQ(std::vector<float>(y, y + 6), (std::vector<float>{6, 7, 0, 1, 4, 5}));
  EXPECT_EQ(std::vector<float>(y + 8, y + 10), (std::vector<float>{2, 3}));
  for (const std::size_t missing : {6, 7, 10, 11}) EXPECT_TRUE(std::isnan(y[missing])) << missing;
}

INSTANTIATE_TEST_SUITE_P(Cpus, Embedding, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

TEST(EmbeddingForAarch64, Compiles) {
  const graph_builder b = traced(classifier);
  std::mt19937 random(1);
  const auto kernel =
      compile(b, random_weights(b.view(), random), {.triple = "aarch64-linux-gnu", .cpu = "generic", .parallel = true});
  EXPECT_FALSE(kernel->object().empty());
}

}  // namespace
}  // namespace inlay::testing
