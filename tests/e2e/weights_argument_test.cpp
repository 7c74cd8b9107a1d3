// SPDX-License-Identifier: Apache-2.0
// Tests networks whose kernels take their weights as an argument: against the interpreter, against kernels with
// embedded weights, and with other weights in the same kernels. The block of weights lies in front of a guard page.
#include <cmath>
#include <cstring>

#include "compiled_for_cpus.hpp"
#include "inlay/thread_pool.hpp"
#include "llvm/Object/ELFObjectFile.h"
#include "trial.hpp"

namespace inlay::testing {
namespace {

constexpr std::size_t kBatches[] = {0, 1, 2, 3, 5, 13, 14, 15, 33};
constexpr comparison kArgument{.tolerance = 1e-4, .weights_argument = true};

std::uint32_t conv(graph_builder& b, const std::string& name, std::uint32_t x, std::uint32_t outputs,
                   std::uint32_t groups = 1, std::uint32_t padding = 1) {
  const std::uint32_t channels = b.view().nodes[x].dims.sizes[0];
  const std::uint32_t operands[] = {x, b.parameter(name + ".weight", {4, {outputs, channels / groups, 3, 2}}),
                                    b.parameter(name + ".bias", {1, {outputs}})};
  const ops::window_attributes window{1, 1, padding, 0, padding, 1, 1, 1};
  return b.apply(op::conv2d, operands, words_of(ops::conv2d_attributes{window, groups}), {}, name);
}

std::uint32_t conv_transpose(graph_builder& b, const std::string& name, std::uint32_t x, std::uint32_t outputs) {
  const std::uint32_t channels = b.view().nodes[x].dims.sizes[0];
  const std::uint32_t operands[] = {x, b.parameter(name + ".weight", {4, {channels, outputs, 3, 3}}),
                                    b.parameter(name + ".bias", {1, {outputs}})};
  const ops::conv_transpose2d_attributes how{.window = {2, 2, 0, 1, 0, 0, 1, 1}, .output_padding_w = 1};
  return b.apply(op::conv_transpose2d, operands, words_of(how), {}, name);
}

std::uint32_t apply(graph_builder& b, activation function, std::uint32_t x) {
  const std::uint32_t operands[] = {x};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0}, testing::apply(function, 0)};
  return b.map(operands, program, b.view().nodes[x].dims);
}

std::uint32_t flat(graph_builder& b, std::uint32_t x) {
  return b.reshape(x, {1, {static_cast<std::uint32_t>(b.view().nodes[x].dims.elements())}});
}

/// (x - mean) / sqrt(variance + 2) * scale, of weights that have `dims` and are broadcast. The drawn variances are at
/// least -1.
std::uint32_t batch_norm(graph_builder& b, std::uint32_t x, const shape& dims) {
  const std::uint32_t operands[] = {x, b.parameter("mean", dims), b.parameter("variance", dims),
                                    b.parameter("scale", dims)};
  std::vector<instruction> program;
  for (std::uint32_t i = 0; i < 4; ++i) program.push_back({.code = scalar_op::operand, .a = i});
  program.push_back({.code = scalar_op::literal, .p0 = 2.0f});
  program.push_back({.code = scalar_op::add, .a = 2, .b = 4});
  program.push_back(testing::apply(activation::rsqrt, 5));
  program.push_back({.code = scalar_op::subtract, .a = 0, .b = 1});
  program.push_back({.code = scalar_op::multiply, .a = 7, .b = 6});
  program.push_back({.code = scalar_op::multiply, .a = 8, .b = 3});
  return b.map(operands, program, b.view().nodes[x].dims);
}

class WeightsArgument : public CompiledForCpus {
 protected:
  void matches(graph_builder& b, std::uint32_t y, const std::string& what, comparison how = kArgument) {
    CompiledForCpus::matches(b, y, kBatches, what, how);
  }
};

TEST_P(WeightsArgument, DenseLayersOfEveryWidth) {
  for (const std::uint32_t outputs : {1u, 3u, 4u, 8u, 9u, 16u, 17u, 33u, 130u})
    for (const std::uint32_t inputs : {1u, 7u, 17u, 100u}) {
      graph_builder b("dense");
      const auto x = b.input("x", {1, {inputs}});
      const auto h = apply(b, activation::relu, dense(b, "fc1", x, inputs, outputs, outputs % 2 == 0));
      b.output(h, "hidden");
      matches(b, b.softmax(dense(b, "fc2", h, outputs, 5)), std::to_string(inputs) + " -> " + std::to_string(outputs));
    }
}

TEST_P(WeightsArgument, DeepLayersAndThoseThatSkipZeros) {
  graph_builder b("mlp");
  const auto h = apply(b, activation::relu, dense(b, "fc1", b.input("x", {1, {700}}), 700, 301));
  const auto g = apply(b, activation::relu, dense(b, "fc2", h, 301, 100));
  matches(b, dense(b, "fc3", g, 100, 2), "mlp", {.tolerance = 1e-3, .weights_argument = true});
}

/// These layers have their weights in two orders. The harness gives the block a guard page.
TEST_P(WeightsArgument, ValuesThatStayInRegisters) {
  for (const std::uint32_t width : {4u, 8u, 16u}) {
    graph_builder b("chain");
    const auto h = apply(b, activation::tanh, dense(b, "fc1", b.input("x", {1, {3}}), 3, width));
    const auto g = apply(b, activation::relu, dense(b, "fc2", h, width, width));
    matches(b, dense(b, "fc3", g, width, width), std::to_string(width));
  }
}

TEST_P(WeightsArgument, SamplesInLanes) {
  constexpr std::size_t batches[] = {1, 3, 4, 5, 8, 12, 15, 16, 17, 31, 64, 67};
  for (const std::uint32_t hidden : {1u, 3u, 8u}) {
    graph_builder b("small");
    const auto h = apply(b, activation::tanh, dense(b, "fc1", b.input("x", {1, {2}}), 2, hidden));
    b.output(apply(b, activation::sigmoid, dense(b, "fc2", h, hidden, 1)), "y");
    ASSERT_FALSE(b.finish());
    EXPECT_EQ(compare_with_interpreter(b, GetParam(), batches, random_, kArgument), "") << hidden;
  }
}

TEST_P(WeightsArgument, ConvolutionsOfEveryKind) {
  for (const std::uint32_t channels : {1u, 3u}) {
    graph_builder b("image");
    const auto x = b.input("x", {3, {channels, 5, 6}});
    const auto stem = apply(b, activation::relu, conv(b, "stem", x, 18));
    const auto depthwise = conv(b, "depthwise", stem, 18, 18);
    const auto grouped = conv(b, "grouped", depthwise, 6, 3, 0);
    const auto up = apply(b, activation::tanh, conv_transpose(b, "up", grouped, 5));
    const std::uint32_t pieces[] = {flat(b, up), flat(b, stem)};
    const auto all = b.concat(pieces, 0);
    b.output(dense(b, "head", all, static_cast<std::uint32_t>(b.view().nodes[all].dims.elements()), 3), "scores");
    // A flattened image goes into the order of the weights.
    matches(b, dense(b, "flat", flat(b, stem), static_cast<std::uint32_t>(b.view().nodes[stem].dims.elements()), 17),
            std::to_string(channels), {.tolerance = 1e-3, .weights_argument = true});
  }
}

TEST_P(WeightsArgument, NormsBroadcastsAndResiduals) {
  graph_builder b("norms");
  const auto x = b.input("x", {3, {5, 4, 7}});
  const auto image = apply(b, activation::relu, batch_norm(b, conv(b, "conv", x, 5), {3, {5, 1, 1}}));
  const std::uint32_t sum[] = {image, b.parameter("positions", {3, {5, 4, 6}}), b.parameter("factor", {1, {1}})};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::operand, .a = 1},
                                 {.code = scalar_op::operand, .a = 2},
                                 {.code = scalar_op::multiply, .a = 0, .b = 2},
                                 {.code = scalar_op::add, .a = 3, .b = 1}};
  // Without the last column, so that the shapes fit.
  const std::uint32_t cut[] = {sum[0]};
  const auto narrow = b.apply(op::slice, cut, words_of(ops::slice_attributes{2, 0, 6}));
  const std::uint32_t operands[] = {narrow, sum[1], sum[2]};
  const auto moved = b.map(operands, program, {3, {5, 4, 6}});
  const std::uint32_t normal[] = {moved};
  const auto norm = b.apply(op::normalize, normal, words_of(ops::normalize_attributes{.axis = 1, .groups = 1}));
  matches(b, dense(b, "head", flat(b, norm), 120, 9), "norms", {.tolerance = 1e-3, .weights_argument = true});
}

TEST_P(WeightsArgument, WeightsAsOutputsAndWithNumbersOfTheSource) {
  graph_builder b("policy");
  const auto x = b.input("x", {1, {6}});
  b.output(apply(b, activation::exp, b.parameter("log_std", {1, {3}})), "std");
  b.output(b.parameter("unchanged", {1, {17}}), "unchanged");
  // A weight of which some rows are learned and some written in the source.
  std::vector<float> rows(12);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i) - 4.5f;
  const std::uint32_t pieces[] = {b.parameter("learned", {2, {5, 6}}), b.constant({2, {2, 6}}, rows)};
  const auto y = b.dense("mixed", x, b.concat(pieces, 0), no_node);
  // Numbers beside those that stand for weights.
  const float small[] = {-1e-45f, -1e-44f, 1e-45f, -0.0f, 0.0f, -1.0f, 1e-40f};
  const std::uint32_t sum[] = {y, b.constant({1, {7}}, small)};
  const instruction add[] = {{.code = scalar_op::operand, .a = 0},
                             {.code = scalar_op::operand, .a = 1},
                             {.code = scalar_op::add, .a = 0, .b = 1}};
  matches(b, b.map(sum, add, {1, {7}}), "policy");
}

TEST_P(WeightsArgument, Embeddings) {
  graph_builder b("words");
  const auto x = b.input("x", {1, {5}}, dtype::i32);
  const std::uint32_t operands[] = {x, b.parameter("table", {2, {7, 19}})};
  const auto words = b.apply(op::embedding, operands, {}, {}, "words");
  matches(b, dense(b, "head", flat(b, words), 95, 4), "words",
          {.tolerance = 1e-4, .edges = true, .weights_argument = true});
}

TEST_P(WeightsArgument, OnSeveralThreads) {
  thread_pool pool(2);
  graph_builder b("wide");
  const auto h = apply(b, activation::relu, dense(b, "fc1", b.input("x", {1, {300}}), 300, 700));
  const inlay_parallel_for& workers = pool;
  matches(b, dense(b, "fc2", h, 700, 130), "wide", {.tolerance = 1e-3, .weights_argument = true, .workers = &workers});
}

/// A network that inlayc does not fold.
void build_plain(graph_builder& b) {
  const auto h = apply(b, activation::tanh, dense(b, "fc1", b.input("x", {1, {19}}), 19, 37));
  b.output(b.softmax(dense(b, "fc2", h, 37, 11)), "y");
  ASSERT_FALSE(b.finish());
}

std::vector<float> results(const tools::jit_kernel& kernel, std::size_t batch) {
  std::vector<float> in(batch * 19), out(batch * 11), scratch(kernel.scratch_bytes() / sizeof(float) + 1);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = std::sin(static_cast<float>(i));
  const float* const inputs[] = {in.data()};
  float* const outputs[] = {out.data()};
  EXPECT_EQ(kernel.run(inputs, outputs, batch, scratch.data()), 0);
  return out;
}

TEST_P(WeightsArgument, GiveTheBitsOfEmbeddedOnesAlsoAfterAnExchange) {
  graph_builder b("plain");
  build_plain(b);
  const weights first = random_weights(b.view(), random_), second = random_weights(b.view(), random_);
  const auto kernel = compile(b, first, {.cpu = GetParam(), .weights_argument = true});
  for (const weights& each : {first, second}) {
    kernel->pack(b.view(), each);
    const auto embedded = compile(b, each, {.cpu = GetParam()});
    for (const std::size_t batch : {1u, 7u, 40u}) EXPECT_EQ(results(*kernel, batch), results(*embedded, batch));
  }
  EXPECT_NE(results(*compile(b, first, {.cpu = GetParam()}), 1), results(*kernel, 1));
}

TEST_P(WeightsArgument, RefuseANullBlock) {
  graph_builder b("plain");
  build_plain(b);
  const auto kernel = compile(b, random_weights(b.view(), random_), {.cpu = GetParam(), .weights_argument = true});
  std::vector<float> in(19), out(11), scratch(kernel->scratch_bytes() / sizeof(float) + 1);
  const auto run = reinterpret_cast<int (*)(const float*, float*, std::size_t, const void*, void*)>(kernel->entry());
  EXPECT_EQ(run(in.data(), out.data(), 1, nullptr, scratch.data()), 1);
  EXPECT_EQ(run(in.data(), out.data(), 0, nullptr, scratch.data()), 0);
}

TEST_P(WeightsArgument, AreNotInTheObject) {
  graph_builder b("plain");
  const auto h = apply(b, activation::tanh, dense(b, "fc1", b.input("x", {1, {300}}), 300, 512));
  b.output(dense(b, "fc2", h, 512, 11), "y");
  ASSERT_FALSE(b.finish());
  weights w = random_weights(b.view(), random_);
  const auto kernel = compile(b, w, {.cpu = GetParam(), .weights_argument = true});
  EXPECT_LT(kernel->object().size(), 100'000u) << "512 x 300 weights take 600 KB";
  auto file = llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(llvm::StringRef(kernel->object().data(), kernel->object().size()), "object"));
  ASSERT_TRUE(static_cast<bool>(file)) << llvm::toString(file.takeError());
  for (const llvm::object::SymbolRef& symbol : (*file)->symbols()) {
    const std::string name = llvm::cantFail(symbol.getName()).str();
    const bool undefined = llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined;
    EXPECT_FALSE(undefined && !name.empty()) << "undefined symbol " << name;
  }
  for (const llvm::object::SectionRef& section : (*file)->sections()) {
    const bool writable = llvm::object::ELFSectionRef(section).getFlags() & llvm::ELF::SHF_WRITE;
    EXPECT_FALSE(writable && section.getSize() > 0) << llvm::cantFail(section.getName()).str();
  }
}

TEST_P(WeightsArgument, RandomNetworksStayWithinTheirBounds) {
  fuzz::trial_settings settings;
  settings.seed = 15, settings.cpus = {GetParam()}, settings.weights_argument = 1, settings.draw.state = 0;
  settings.draw.most_weights = 20000;
  settings.ignored = {"compile-error"};  // networks without parameters, and weights computed from weights
  std::uint64_t compiled = 0;
  constexpr std::uint64_t kNetworks = 40;
  for (std::uint64_t index = 0; index < kNetworks; ++index) {
    const fuzz::trial t = fuzz::draw_trial(settings, index);
    const fuzz::verdict v = fuzz::run_trial(t, settings);
    ASSERT_EQ(v.what, fuzz::finding::none) << "network " << index << " on " << GetParam() << ": " << v.text << "\n"
                                           << fuzz::dsl_source(t.networks[0]);
    if (v.counts.elements > 0) ++compiled;
  }
  EXPECT_GT(compiled, kNetworks / 2);
}

INSTANTIATE_TEST_SUITE_P(Cpus, WeightsArgument, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
