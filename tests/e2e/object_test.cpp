// SPDX-License-Identifier: Apache-2.0
// Tests on generated objects: what they must not contain, and how their entry points behave.
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <thread>

#include "kernel_harness.hpp"
#include "llvm/DebugInfo/DWARF/DWARFContext.h"
#include "llvm/DebugInfo/DWARF/DWARFDebugFrame.h"
#include "llvm/Object/ELFObjectFile.h"

namespace inlay::testing {
namespace {

/// A network with everything that might need a library function: copies, fills, exponentials, wide and narrow layers.
graph_builder everything() {
  graph_builder b("everything");
  const auto x = b.input("x", {1, {64}});
  const auto w = b.parameter("w", {2, {300, 64}});
  const auto h = b.dense("wide", x, w, no_node);
  std::vector<instruction> program = {{.code = scalar_op::operand, .a = 0}};
  for (const activation_row& row : activation_table)
    program.push_back({.code = scalar_op::apply,
                       .function = row.id,
                       .a = static_cast<std::uint32_t>(program.size() - 1),
                       .p0 = row.defaults[0],
                       .p1 = row.defaults[1]});
  // Apply the long program to the input, so that it is not repeated for every accumulator of a tile.
  const std::uint32_t operands[] = {x};
  const auto m = b.map(operands, program, {1, {64}});
  const std::uint32_t pieces[] = {h, m, x};
  b.output(b.softmax(b.concat(pieces, 0)), "y");
  b.output(x, "copy");
  b.finish();
  return b;
}

auto read_object(const tools::jit_kernel& kernel) {
  const llvm::StringRef bytes(kernel.object().data(), kernel.object().size());
  return llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(bytes, "object"));
}

class Object : public ::testing::TestWithParam<std::string> {};

TEST_P(Object, NeedsNothingAndKeepsNoState) {
  std::mt19937 random(6);
  const graph_builder b = everything();
  const auto compiled = compile(b, random_weights(b.view(), random), {.cpu = GetParam(), .parallel = true});
  auto file = read_object(*compiled);
  ASSERT_TRUE(static_cast<bool>(file)) << llvm::toString(file.takeError());
  for (const llvm::object::SymbolRef& symbol : (*file)->symbols()) {
    const std::string name = llvm::cantFail(symbol.getName()).str();
    const bool undefined = llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined;
    EXPECT_FALSE(undefined && !name.empty()) << "undefined symbol " << name;
  }
  for (const llvm::object::SectionRef& section : (*file)->sections()) {
    const std::string name = llvm::cantFail(section.getName()).str();
    const bool writable = llvm::object::ELFSectionRef(section).getFlags() & llvm::ELF::SHF_WRITE;
    EXPECT_FALSE(writable && section.getSize() > 0) << "writable section " << name;
    EXPECT_FALSE(section.isBSS() && section.getSize() > 0) << "zero-initialised section " << name;
  }
}

TEST_P(Object, TellsDebuggersAndUnwindersOfEveryFunction) {
  std::mt19937 random(6);
  const graph_builder b = everything();
  const auto compiled = compile(b, random_weights(b.view(), random), {.cpu = GetParam(), .parallel = true});
  auto file = read_object(*compiled);
  ASSERT_TRUE(static_cast<bool>(file)) << llvm::toString(file.takeError());
  const auto dwarf = llvm::DWARFContext::create(**file);
  auto frames = dwarf->getEHFrame();
  ASSERT_TRUE(static_cast<bool>(frames)) << llvm::toString(frames.takeError());
  std::multiset<std::uint64_t> described;
  for (const llvm::dwarf::FrameEntry& entry : **frames)
    if (const auto* fde = llvm::dyn_cast<llvm::dwarf::FDE>(&entry)) described.insert(fde->getAddressRange());
  std::set<std::pair<std::uint64_t, std::uint64_t>>
      functions;  // by section and address, because aliases are symbols, too
  for (const llvm::object::SymbolRef& each : (*file)->symbols()) {
    const llvm::object::ELFSymbolRef symbol(each);
    const auto section = llvm::cantFail(symbol.getSection());
    if (section == (*file)->section_end() || !section->isText() || symbol.getELFType() == llvm::ELF::STT_SECTION)
      continue;
    const std::string name = llvm::cantFail(symbol.getName()).str();
    EXPECT_EQ(symbol.getELFType(), llvm::ELF::STT_FUNC) << name;
    EXPECT_GT(symbol.getSize(), 0u) << name;
    if (!functions.insert({section->getIndex(), llvm::cantFail(symbol.getAddress())}).second) continue;
    const auto found = described.find(symbol.getSize());
    EXPECT_TRUE(found != described.end()) << name << " has no entry in .eh_frame";
    if (found != described.end()) described.erase(found);
  }
  // Entry points, and one kernel for each block size and stage.
  EXPECT_GE(functions.size(), 5u);
}

TEST_P(Object, RunsOnSeveralThreadsAtOnce) {
  std::mt19937 random(7);
  const graph_builder b = everything();
  const auto compiled = compile(b, random_weights(b.view(), random), {.cpu = GetParam()});
  constexpr std::size_t batch = 23, width = 300 + 2 * 64;
  std::vector<float> x(batch * 64);
  for (float& f : x) f = std::uniform_real_distribution<float>(-1, 1)(random);
  const auto run = [&](std::vector<float>& y) {
    std::vector<float> copy(batch * 64);
    std::vector<std::byte> scratch(compiled->scratch_bytes());
    const float* inputs[] = {x.data()};
    float* outputs[] = {y.data(), copy.data()};
    for (int i = 0; i < 50; ++i) ASSERT_EQ(compiled->run(inputs, outputs, batch, scratch.data()), 0);
  };
  std::vector<std::vector<float>> results(4, std::vector<float>(batch * width));
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&] { run(result); });
  for (std::thread& thread : threads) thread.join();
  // Compare bits, because the chain of all activations yields some NaN.
  for (const auto& result : results)
    EXPECT_EQ(std::memcmp(result.data(), results[0].data(), result.size() * sizeof(float)), 0);
}

TEST_P(Object, RefusesNullPointers) {
  std::mt19937 random(8);
  graph_builder b("two_layers");
  const auto x0 = b.input("x", {1, {64}});
  const auto h = b.dense("fc1", x0, b.parameter("fc1.weight", {2, {20, 64}}), no_node);
  const std::uint32_t operands[] = {h};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::apply, .function = activation::relu, .a = 0}};
  const auto r = b.map(operands, program, {1, {20}});
  b.output(b.dense("fc2", r, b.parameter("fc2.weight", {2, {5, 20}}), no_node), "y");
  b.output(x0, "copy");
  b.finish();
  const auto compiled = compile(b, random_weights(b.view(), random), {.cpu = GetParam()});
  ASSERT_GT(compiled->scratch_bytes(), 0);
  std::vector<float> x(64), y(5), copy(64);
  std::vector<std::byte> scratch(compiled->scratch_bytes());
  const float *input[] = {x.data()}, *no_input[] = {nullptr};
  float *outputs[] = {y.data(), copy.data()}, *no_output[] = {y.data(), nullptr};
  EXPECT_EQ(compiled->run(no_input, outputs, 1, scratch.data()), 1);
  EXPECT_EQ(compiled->run(input, no_output, 1, scratch.data()), 1);
  EXPECT_EQ(compiled->run(input, outputs, 1, nullptr), 1);
  EXPECT_EQ(compiled->run(no_input, no_output, 0, nullptr), 0) << "an empty batch touches nothing";
  EXPECT_EQ(compiled->run(input, outputs, 1, scratch.data()), 0);
}

TEST_P(Object, NeedsNoScratchWhereAllStaysInRegisters) {
  std::mt19937 random(4);
  graph_builder b("small");
  const std::uint32_t sums[] = {dense(b, "fc1", b.input("x", {1, {2}}), 2, 4)};
  const instruction squash[] = {{.code = scalar_op::operand, .a = 0}, apply(activation::tanh, 0)};
  b.output(dense(b, "fc2", b.map(sums, squash, {1, {4}}), 4, 1), "y");
  b.finish();
  const weights w = random_weights(b.view(), random);
  const auto compiled = compile(b, w, {.cpu = GetParam()});
  EXPECT_EQ(compiled->scratch_bytes(), 0);
  const float x[] = {1, 2, 3, 4};
  float found[2], expected[2];
  const float* const inputs[] = {x};
  float* const outputs[] = {found};
  ASSERT_EQ(compiled->run(inputs, outputs, 2, nullptr), 0);
  interpreter::create(b.view(), w).value->run(x, expected, 2, engine::reference);
  for (int i = 0; i < 2; ++i) EXPECT_NEAR(found[i], expected[i], 1e-5);
}

/// A policy as in reinforcement learning: two wide layers and a few actions.
graph_builder policy() {
  graph_builder b("policy");
  const instruction squash[] = {{.code = scalar_op::operand, .a = 0}, apply(activation::tanh, 0)};
  const std::uint32_t first[] = {dense(b, "fc1", b.input("x", {1, {48}}), 48, 256)};
  const std::uint32_t second[] = {dense(b, "fc2", b.map(first, squash, {1, {256}}), 256, 250)};
  b.output(dense(b, "fc3", b.map(second, squash, {1, {250}}), 250, 12), "y");
  b.finish();
  return b;
}

TEST_P(Object, RefusesBatchesAboveTheLimitAndNeedsScratchForNoMore) {
  std::mt19937 random(9);
  const graph_builder b = policy();
  const weights w = random_weights(b.view(), random);
  const auto any = compile(b, w, {.cpu = GetParam()});
  const auto oracle = interpreter::create(b.view(), w).value;
  for (const std::size_t most : {1u, 3u, 13u, 1000u}) {
    const auto compiled = compile(b, w, {.cpu = GetParam(), .max_batch = most});
    // Two values of 256 floats are live at once; the rest is padding.
    EXPECT_LE(compiled->scratch_bytes(), std::min(any->scratch_bytes(), most * 3 * 1024 + 256)) << most;
    std::vector<float> x((most + 1) * 48), y((most + 1) * 12, -7), expected((most + 1) * 12);
    for (float& each : x) each = std::uniform_real_distribution<float>(-1, 1)(random);
    guarded_floats scratch(compiled->scratch_bytes() / sizeof(float));
    const float* const inputs[] = {x.data()};
    float* const outputs[] = {y.data()};
    EXPECT_EQ(compiled->run(inputs, outputs, most + 1, scratch.data()), 4) << most;
    EXPECT_TRUE(std::all_of(y.begin(), y.end(), [](float each) { return each == -7; })) << "a refused call wrote";
    for (const std::size_t batch : {std::size_t{1}, most / 2, most}) {
      if (batch == 0) continue;
      std::fill_n(scratch.data(), compiled->scratch_bytes() / sizeof(float), std::numeric_limits<float>::quiet_NaN());
      ASSERT_EQ(compiled->run(inputs, outputs, batch, scratch.data()), 0);
      oracle->run(x.data(), expected.data(), batch, engine::reference);
      for (std::size_t i = 0; i < batch * 12; ++i) EXPECT_NEAR(y[i], expected[i], 2e-4) << most << " " << batch;
    }
  }
  const float* const no_inputs[] = {nullptr};
  float* const no_outputs[] = {nullptr};
  EXPECT_EQ(compile(b, w, {.cpu = GetParam(), .max_batch = 1})->run(no_inputs, no_outputs, 2, nullptr), 1);
}

INSTANTIATE_TEST_SUITE_P(Cpus, Object, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
