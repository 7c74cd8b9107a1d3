// SPDX-License-Identifier: Apache-2.0
// Tests kernels for aarch64 in qemu, if it is installed: every activation against its contract, dense layers with
// remainders and softmax against the interpreter.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "accuracy.hpp"
#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

constexpr std::size_t samples = 67, inputs = 64, activations = std::size(activation_table), classes = 37;

/// Two outputs: every activation of x side by side, and the result of a small classifier.
graph_builder everything() {
  graph_builder b("everything");
  const auto x = b.input("x", {1, {inputs}});
  std::vector<std::uint32_t> pieces;
  for (const activation_row& row : activation_table) {
    const instruction program[] = {
        {.code = scalar_op::operand, .a = 0},
        {.code = scalar_op::apply, .function = row.id, .a = 0, .p0 = row.defaults[0], .p1 = row.defaults[1]}};
    const std::uint32_t operands[] = {x};
    pieces.push_back(b.map(operands, program, {1, {inputs}}));
  }
  b.output(b.concat(pieces, 0), "activations");
  // A tanh in front of the classifier keeps infinities away from it.
  const auto bounded = pieces[static_cast<std::size_t>(activation::tanh) - 1];
  const auto h =
      b.dense("fc1", bounded, b.parameter("fc1.weight", {2, {45, inputs}}), b.parameter("fc1.bias", {1, {45}}));
  // A gate with one element, for which kernels have separate code.
  const std::uint32_t sum[] = {
      b.dense("gate", h, b.parameter("gate.weight", {2, {1, 45}}), b.parameter("gate.bias", {1, {1}}))};
  const instruction squash[] = {{.code = scalar_op::operand, .a = 0}, apply(activation::sigmoid, 0)};
  const std::uint32_t factors[] = {h, b.map(sum, squash, {1, {1}})};
  const instruction product[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::operand, .a = 1},
                                 {.code = scalar_op::multiply, .a = 0, .b = 1}};
  const auto gated = b.map(factors, product, {1, {45}});
  const auto y =
      b.dense("fc2", gated, b.parameter("fc2.weight", {2, {classes, 45}}), b.parameter("fc2.bias", {1, {classes}}));
  b.output(b.softmax(y), "probabilities");
  b.finish();
  return b;
}

/// Floats of all magnitudes, infinities and signed zeros, but no NaN, which the classifier would spread.
std::vector<float> floats_of_all_sizes() {
  std::vector<float> x(samples * inputs);
  const std::uint32_t first = tools::index_in_order(-INFINITY), last = tools::index_in_order(INFINITY);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = i % 2 == 0 ? tools::float_in_order(
                            first + static_cast<std::uint32_t>(i * std::uint64_t{last - first} / (x.size() - 1)))
                      : -8 + 16 * static_cast<float>(i) / static_cast<float>(x.size());
  x[1] = INFINITY, x[3] = -INFINITY, x[5] = 0.0f, x[7] = -0.0f;
  return x;
}

/// Whether kernels can be run here.
bool can_emulate() { return !std::string(INLAY_QEMU_AARCH64).empty() && !std::string(INLAY_CLANG).empty(); }

/// The outputs of a kernel for aarch64 for `x`, in a rounding mode as in FPCR: first all activations, then all
/// probabilities.
std::vector<float> emulate(const tools::jit_kernel& kernel, std::span<const float> x, int mode) {
  // Each test has its own folder, because tests run at the same time.
  const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / ("inlay_aarch64_" + test);
  std::filesystem::create_directories(folder);
  const auto file = [&](const char* name) { return (folder / name).string(); };
  std::ofstream(file("kernel.o"), std::ios::binary)
      .write(kernel.object().data(), static_cast<std::streamsize>(kernel.object().size()));
  std::ofstream(file("x.bin"), std::ios::binary)
      .write(reinterpret_cast<const char*>(x.data()), static_cast<std::streamsize>(x.size() * sizeof(float)));
  const std::string sizes = " -DSAMPLES=" + std::to_string(samples) + " -DINPUTS=" + std::to_string(inputs) +
                            " -DFIRST=" + std::to_string(activations * inputs) +
                            " -DSECOND=" + std::to_string(classes) +
                            " -DSCRATCH=" + std::to_string(kernel.scratch_bytes());
  const std::string build = INLAY_CLANG
                            " --target=aarch64-linux-gnu -O1 -ffreestanding -fno-builtin -nostdlib -static "
                            "-fuse-ld=lld" +
                            sizes + " -DMODE=" + std::to_string(mode) + " " INLAY_AARCH64_RUNNER " " +
                            file("kernel.o") + " -o " + file("runner");
  EXPECT_EQ(std::system(build.c_str()), 0) << build;
  const std::string run = INLAY_QEMU_AARCH64 " " + file("runner") + " < " + file("x.bin") + " > " + file("y.bin");
  EXPECT_EQ(std::system(run.c_str()), 0) << run;
  std::vector<float> y(samples * (activations * inputs + classes));
  std::ifstream result(file("y.bin"), std::ios::binary);
  result.read(reinterpret_cast<char*>(y.data()), static_cast<std::streamsize>(y.size() * sizeof(float)));
  EXPECT_TRUE(result) << "the emulated program wrote too little";
  return y;
}

TEST(Aarch64, ReproducibleKernelsGiveTheBitsOfThisMachine) {
  if (!can_emulate()) GTEST_SKIP() << "needs qemu-aarch64 (package qemu-user) and clang 19";
  std::mt19937 random(10);
  const graph_builder b = everything();
  const weights w = random_weights(b.view(), random);
  const auto here = compile(b, w, {.cpu = "x86-64-v3", .reproducible = true});
  if (here->entry() == nullptr) GTEST_SKIP() << "compares with x86-64";
  const std::vector<float> x = floats_of_all_sizes();
  std::vector<float> all(samples * activations * inputs), probabilities(samples * classes);
  std::vector<std::byte> scratch(here->scratch_bytes());
  const float* const in[] = {x.data()};
  float* const out[] = {all.data(), probabilities.data()};
  ASSERT_EQ(here->run(in, out, samples, scratch.data()), 0);
  all.insert(all.end(), probabilities.begin(), probabilities.end());

  const std::vector<float> there =
      emulate(*compile(b, w, {.triple = "aarch64-linux-gnu", .cpu = "generic", .reproducible = true}), x, 0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (std::isnan(all[i]) && std::isnan(there[i])) continue;  // the sign of a NaN depends on the processor
    ASSERT_EQ(std::bit_cast<std::uint32_t>(there[i]), std::bit_cast<std::uint32_t>(all[i]))
        << "output " << i << ": " << there[i] << ", here " << all[i];
  }
}

TEST(Aarch64, KernelsRunInQemuAsInTheInterpreter) {
  if (!can_emulate()) GTEST_SKIP() << "needs qemu-aarch64 (package qemu-user) and clang 19";
  std::mt19937 random(9);
  const graph_builder b = everything();
  const graph_view graph = b.view();
  const weights w = random_weights(graph, random);
  const auto kernel = compile(b, w, {.triple = "aarch64-linux-gnu", .cpu = "generic"});
  const std::vector<float> x = floats_of_all_sizes();
  const std::vector<float> found = emulate(*kernel, x, 0);
  for (int mode = 1; mode < 4; ++mode) {  // up, down, towards zero
    const std::vector<float> other = emulate(*kernel, x, mode);
    EXPECT_EQ(std::memcmp(other.data(), found.data(), found.size() * sizeof(float)), 0) << "rounding mode " << mode;
  }

  double worst = 0;
  for (std::size_t s = 0; s < samples; ++s)
    for (const activation_row& row : activation_table)
      for (std::size_t i = 0; i < inputs; ++i) {
        const float input = x[s * inputs + i];
        const bool periodic = row.id == activation::sin || row.id == activation::cos;
        if (periodic && std::abs(input) > 32768) continue;
        const float y = found[(s * activations + static_cast<std::size_t>(row.id) - 1) * inputs + i];
        const double exact = row.formula(static_cast<double>(input), static_cast<double>(row.defaults[0]),
                                         static_cast<double>(row.defaults[1]));
        const float rounded = static_cast<float>(exact);
        if (!std::isfinite(rounded)) {
          EXPECT_TRUE(std::isnan(rounded) ? std::isnan(y) : y == rounded) << row.name << " at " << input;
          continue;
        }
        const double error = std::abs(static_cast<double>(y) - exact) / tools::ulp_at(exact);
        EXPECT_LE(error, static_cast<double>(row.exact_ulp)) << row.name << " at " << input;
        worst = std::max(worst, error);
      }
  EXPECT_GT(worst, 0.25) << "the comparison saw no rounding at all";

  interpreter_result interpreted = interpreter::create(graph, w);
  ASSERT_TRUE(interpreted) << interpreted.errors.front();
  std::vector<float> all(samples * activations * inputs), probabilities(samples * classes);
  const float* in[] = {x.data()};
  float* out[] = {all.data(), probabilities.data()};
  interpreted.value->run(in, out, samples, engine::reference);
  for (std::size_t i = 0; i < probabilities.size(); ++i)
    EXPECT_NEAR(found[samples * activations * inputs + i], probabilities[i], 1e-5) << "probability " << i;
}

}  // namespace
}  // namespace inlay::testing
