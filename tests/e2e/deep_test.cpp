// SPDX-License-Identifier: Apache-2.0
// Tests deep networks, in which equal layers share code: each layer must use its own weights and memory, and the object
// must grow by a layer's weights rather than by a kernel.
#include <gtest/gtest.h>

#include "kernel_harness.hpp"
#include "llvm/Object/ELFObjectFile.h"

namespace inlay::testing {
namespace {

constexpr std::size_t kBatches[] = {1, 2, 13, 14, 31};

std::uint32_t activated(graph_builder& b, std::uint32_t x, activation function) {
  const instruction program[] = {{.code = scalar_op::operand, .a = 0}, apply(function, 0)};
  const std::uint32_t operands[] = {x};
  return b.map(operands, program, b.view().nodes[x].dims);
}

std::uint32_t sum(graph_builder& b, std::uint32_t x, std::uint32_t y) {
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::operand, .a = 1},
                                 {.code = scalar_op::add, .a = 0, .b = 1}};
  const std::uint32_t operands[] = {x, y};
  return b.map(operands, program, b.view().nodes[x].dims);
}

std::uint32_t layer(graph_builder& b, std::uint32_t x, std::uint32_t outputs, int number,
                    zeros zero_inputs = zeros::automatic) {
  const auto inputs = static_cast<std::uint32_t>(b.view().nodes[x].dims.elements());
  return dense(b, ("fc" + std::to_string(number)).c_str(), x, inputs, outputs, number % 3 != 0, zero_inputs);
}

/// tanh(0.2 x), which keeps sums small, so that layers do not amplify errors.
std::uint32_t squashed(graph_builder& b, std::uint32_t x) {
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::literal, .p0 = 0.2f},
                                 {.code = scalar_op::multiply, .a = 0, .b = 1},
                                 apply(activation::tanh, 2)};
  const std::uint32_t operands[] = {x};
  return b.map(operands, program, b.view().nodes[x].dims);
}

/// A chain of dense(width) and tanh.
void build_chain(graph_builder& b, int layers, std::uint32_t width) {
  std::uint32_t h = b.input("x", {1, {width}});
  for (int i = 0; i < layers; ++i) h = squashed(b, layer(b, h, width, i));
  b.output(h, "y");
  b.finish();
}

class Deep : public ::testing::TestWithParam<std::string> {};

TEST_P(Deep, ChainOfEqualLayers) {
  std::mt19937 random(1);
  for (const std::uint32_t width : {3u, 12u, 17u}) {
    graph_builder b("chain");
    build_chain(b, 30, width);
    ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-4}), "") << width;
  }
}

TEST_P(Deep, ResidualBlocksWithEveryKindOfStep) {
  std::mt19937 random(2);
  constexpr std::uint32_t width = 17;
  graph_builder b("blocks");
  const auto x = b.input("x", {1, {width}});
  std::uint32_t h = x;
  for (int i = 0; i < 7; ++i) {
    const auto narrow = activated(b, layer(b, b.softmax(h), 20, 2 * i), activation::sigmoid);
    const auto wide = layer(b, activated(b, narrow, activation::relu), width, 2 * i + 1, zeros::skip);
    h = sum(b, activated(b, wide, activation::gelu), i % 4 == 0 ? x : h);
  }
  b.output(h, "y");
  b.output(b.softmax(h), "p");
  b.finish();
  EXPECT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-3}), "");
}

TEST_P(Deep, DividedAmongThreads) {
  std::mt19937 random(3);
  graph_builder b("divided");
  std::uint32_t h = b.input("x", {1, {210}});
  for (int i = 0; i < 26; ++i) h = sum(b, activated(b, layer(b, b.softmax(h), 210, i), activation::silu), h);
  b.output(h, "y");
  b.finish();
  for (std::size_t parts : {1u, 3u, 7u}) {
    const inlay_parallel_for workers = {run_backwards, &parts};
    ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-3, .workers = &workers}), "")
        << parts << " parts";
  }
}

TEST_P(Deep, CodeGrowsLessThanAKernelForEachLayer) {
  /// The bytes of code and constants that a program loads.
  const auto bytes = [&](int layers) {
    graph_builder b("chain");
    build_chain(b, layers, 12);
    std::mt19937 random(4);
    const auto kernel = compile(b, random_weights(b.view(), random), {.cpu = GetParam()});
    const llvm::StringRef object(kernel->object().data(), kernel->object().size());
    const auto file = llvm::cantFail(llvm::object::ObjectFile::createObjectFile({object, "object"}));
    std::uint64_t sum = 0;
    for (const llvm::object::SectionRef& section : file->sections())
      if (llvm::object::ELFSectionRef(section).getFlags() & llvm::ELF::SHF_ALLOC) sum += section.getSize();
    return sum;
  };
  // 12 x 12 weights and a bias, padded to vectors, are up to 832 bytes. The code of a layer for a single sample is some
  // hundred instructions. Without sharing, a kernel for blocks of rows would take 4 to 60 KB per layer.
  EXPECT_LT(bytes(80) - bytes(40), 40 * 2400);
}

INSTANTIATE_TEST_SUITE_P(Cpus, Deep, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
