// SPDX-License-Identifier: Apache-2.0
// Tests networks that are divided among threads against the interpreter.
#include <gtest/gtest.h>

#include "inlay/thread_pool.hpp"
#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

/// Large layers, one of which overwrites its residual, small layers, and all other ops; the widths leave remainders.
void build(graph_builder& b) {
  const auto x = b.input("x", {1, {300}});
  const std::uint32_t first[] = {dense(b, "fc1", x, 300, 707)};
  // The factor keeps sums small, so that softmax is not steep.
  const instruction gelu[] = {{.code = scalar_op::operand, .a = 0},
                              {.code = scalar_op::literal, .p0 = 0.01f},
                              {.code = scalar_op::multiply, .a = 0, .b = 1},
                              apply(activation::gelu, 2)};
  const auto h = b.map(first, gelu, {1, {707}});
  const std::uint32_t second[] = {dense(b, "fc2", h, 707, 707), h};
  const instruction residual[] = {
      {.code = scalar_op::operand, .a = 0},     {.code = scalar_op::operand, .a = 1},
      {.code = scalar_op::literal, .p0 = 0.1f}, {.code = scalar_op::multiply, .a = 0, .b = 2},
      {.code = scalar_op::add, .a = 3, .b = 1}, apply(activation::relu, 4)};
  const auto r = b.map(second, residual, {1, {707}});
  const auto narrow = dense(b, "fc3", r, 707, 10);
  const std::uint32_t pieces[] = {b.softmax(narrow), dense(b, "fc4", r, 707, 33), x};
  b.output(b.softmax(b.concat(pieces, 0)), "y");
  b.output(b.softmax(r), "z");
  b.finish();
}

std::uint32_t conv(graph_builder& b, const std::string& name, std::uint32_t x, shape weight,
                   ops::window_attributes window, std::uint32_t groups = 1) {
  const std::uint32_t operands[] = {x, b.parameter(name + ".weight", weight),
                                    b.parameter(name + ".bias", {1, {weight.sizes[0]}})};
  return b.apply(op::conv2d, operands, words_of(ops::conv2d_attributes{window, groups}), {}, name);
}

/// tanh(x / 16), which keeps sums small, so that their rounding errors do not grow from layer to layer.
std::uint32_t squash(graph_builder& b, std::uint32_t x) {
  const std::uint32_t operands[] = {x};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::literal, .p0 = 0.0625f},
                                 {.code = scalar_op::multiply, .a = 0, .b = 1},
                                 apply(activation::tanh, 2)};
  return b.map(operands, program, b.view().nodes[x].dims);
}

/// Images whose lines are divided: a stride and padding, a depthwise layer, few lines with a residual, more weights
/// than pixels. The dense layer gives the network a kernel for blocks of samples, which are divided by samples.
void build_images(graph_builder& b) {
  const ops::window_attributes same{.padding_top = 1, .padding_left = 1, .padding_bottom = 1, .padding_right = 1};
  ops::window_attributes halved = same;
  halved.stride_h = halved.stride_w = 2;
  const auto x = b.input("x", {3, {5, 71, 67}});
  const auto first = conv(b, "c1", x, {4, {18, 5, 5, 3}}, halved);
  const auto each = conv(b, "c2", squash(b, first), {4, {18, 1, 5, 3}}, same, 18);
  const auto small = squash(b, conv(b, "c3", each, {4, {70, 18, 5, 5}}, halved));
  const std::uint32_t both[] = {conv(b, "c4", small, {4, {70, 70, 3, 3}}, same), small};
  const instruction residual[] = {{.code = scalar_op::operand, .a = 0},
                                  {.code = scalar_op::operand, .a = 1},
                                  {.code = scalar_op::add, .a = 0, .b = 1}};
  const auto y = squash(b, b.map(both, residual, b.view().nodes[small].dims));
  const auto wide = squash(b, conv(b, "c5", y, {4, {130, 70, 5, 5}}, halved));
  const std::uint32_t flat[] = {wide};
  const auto row = b.apply(op::reshape, flat, {}, {1, {static_cast<std::uint32_t>(b.view().nodes[wide].dims.size())}});
  b.output(dense(b, "fc", row, static_cast<std::uint32_t>(b.view().nodes[row].dims.size()), 40), "y");
  b.output(y, "image");
  b.finish();
}

constexpr std::size_t kBatches[] = {0, 1, 2, 14, 29, 57, 113};

class Parallel : public ::testing::TestWithParam<std::string> {};

TEST_P(Parallel, AnyNumberOfPartsInAnyOrder) {
  std::mt19937 random(1);
  graph_builder b("divided");
  build(b);
  for (std::size_t parts : {1u, 3u, 40u}) {
    const inlay_parallel_for workers = {run_backwards, &parts};
    ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-4, .workers = &workers}), "")
        << parts << " parts";
  }
}

struct counted_parts {
  std::size_t parts, meetings;
};

TEST_P(Parallel, LinesOfImages) {
  std::mt19937 random(4);
  graph_builder b("images");
  build_images(b);
  const auto count_and_run = [](void* context, void (*work)(void*, std::size_t, std::size_t), void* argument) {
    auto& counted = *static_cast<counted_parts*>(context);
    ++counted.meetings;
    run_backwards(&counted.parts, work, argument);
  };
  constexpr std::size_t batches[] = {1, 3};
  for (std::size_t parts : {2u, 7u, 40u}) {
    counted_parts counted{parts, 0};
    const inlay_parallel_for workers = {count_and_run, &counted};
    ASSERT_EQ(compare_with_interpreter(b, GetParam(), batches, random, {.tolerance = 1e-4, .workers = &workers}), "")
        << parts << " parts";
    EXPECT_GE(counted.meetings, 7u) << "five layers of one sample, and the stages of three";
  }
}

TEST_P(Parallel, ThreadPool) {
  std::mt19937 random(2);
  graph_builder b("divided");
  build(b);
  thread_pool pool(3);
  const inlay_parallel_for& workers = pool;
  EXPECT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-4, .workers = &workers}), "");
}

TEST_P(Parallel, ASmallNetworkNeedsNoThreads) {
  std::mt19937 random(3);
  graph_builder b("small");
  const auto x = b.input("x", {1, {20}});
  b.output(dense(b, "fc", x, 20, 30), "y");
  b.finish();
  const inlay_parallel_for never = {[](void*, void (*)(void*, std::size_t, std::size_t), void*) { FAIL(); }, nullptr};
  constexpr std::size_t batches[] = {1, 14};
  EXPECT_EQ(compare_with_interpreter(b, GetParam(), batches, random, {.workers = &never}), "");
}

INSTANTIATE_TEST_SUITE_P(Cpus, Parallel, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
