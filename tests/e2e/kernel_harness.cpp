// SPDX-License-Identifier: Apache-2.0
// Compiles a graph that was built at run time, loads the object into this process and compares it with the interpreter.
#include "kernel_harness.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "Inlay/Import/ImportGraph.h"
#include "Inlay/Pipelines/Pipelines.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"

namespace inlay::testing {
namespace {

[[noreturn]] void give_up(llvm::Error error) {
  std::fprintf(stderr, "kernel_harness: %s\n", llvm::toString(std::move(error)).c_str());
  std::abort();
}

template <class T>
T need(llvm::Expected<T> value) {
  if (!value) give_up(value.takeError());
  return std::move(*value);
}

float random_input(std::mt19937& random, bool edges) {
  static constexpr float special[] = {std::numeric_limits<float>::quiet_NaN(),
                                      std::numeric_limits<float>::infinity(),
                                      -std::numeric_limits<float>::infinity(),
                                      std::numeric_limits<float>::denorm_min(),
                                      -1e-40f,
                                      0.0f,
                                      -0.0f,
                                      std::numeric_limits<float>::max(),
                                      -std::numeric_limits<float>::max(),
                                      88.9f,
                                      -104.0f};
  if (edges && random() % 3 == 0) return special[random() % std::size(special)];
  return std::uniform_real_distribution<float>(-3, 3)(random);
}

bool close(float found, float expected, const comparison& how) {
  if (std::isnan(expected) || std::isnan(found)) return std::isnan(expected) && std::isnan(found);
  if (std::isinf(expected) || std::isinf(found)) return expected == found;
  return std::abs(static_cast<double>(found) - static_cast<double>(expected)) <=
         how.tolerance * std::max(1.0, std::abs(static_cast<double>(expected)));
}

}  // namespace

std::vector<std::string> runnable_cpus() {
#if defined(__x86_64__)
  const auto features = llvm::sys::getHostCPUFeatures();
  const auto has = [&](const char* name) { return features.lookup(name); };
  std::vector<std::string> cpus = {"native", "x86-64"};
  if (has("avx2") && has("fma") && has("bmi2")) cpus.push_back("x86-64-v3");
  return cpus;
#else
  return {"native"};
#endif
}

weights random_weights(const graph_view& graph, std::mt19937& random) {
  weights w;
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (const node_record& node : graph.nodes) {
    if (node.kind != op::parameter) continue;
    weight_tensor tensor;
    tensor.name = graph.name_of(node);
    tensor.shape.assign(node.dims.sizes.begin(), node.dims.sizes.begin() + node.dims.rank);
    for (std::uint64_t i = 0; i < node.dims.elements(); ++i) tensor.values.push_back(uniform(random));
    w.tensors.push_back(std::move(tensor));
  }
  std::sort(w.tensors.begin(), w.tensors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return w;
}

kernel::~kernel() = default;

kernel::kernel(const graph_builder& builder, const weights& w, const std::string& cpu) {
  mlir::DialectRegistry registry;
  compiler::registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  const auto lookup = [&](llvm::StringRef name) {
    const weight_tensor* tensor = w.find(std::string_view(name.data(), name.size()));
    return tensor ? llvm::ArrayRef<float>(tensor->values) : llvm::ArrayRef<float>();
  };
  graph_view graph = builder.view();
  graph.hash = graph_hash(graph);
  if (mlir::failed(compiler::importGraph(graph, lookup, *module))) std::abort();
  compiler::Target target = need(compiler::resolveTarget("", cpu));
  compiler::CompileResult result = need(compiler::compileModule(*module, target, {}));
  summary_ = result.networks.front();
  object_.assign(result.object.begin(), result.object.end());

  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  jit_ = need(llvm::orc::LLJITBuilder().create());
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(object_.data(), object_.size()), summary_.name);
  if (llvm::Error error = jit_->addObjectFile(std::move(buffer))) give_up(std::move(error));
  entry_ = need(jit_->lookup(summary_.name + "_run")).toPtr<void*>();
}

int kernel::run(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t batch,
                void* scratch) const {
  // The C signature, by the number of pointers; inputs and outputs are passed alike.
  std::vector<float*> p;
  for (const float* input : inputs) p.push_back(const_cast<float*>(input));
  p.insert(p.end(), outputs.begin(), outputs.end());
  using F = float*;
  using S = std::size_t;
  switch (p.size()) {
    case 2: return reinterpret_cast<int (*)(F, F, S, void*)>(entry_)(p[0], p[1], batch, scratch);
    case 3: return reinterpret_cast<int (*)(F, F, F, S, void*)>(entry_)(p[0], p[1], p[2], batch, scratch);
    case 4: return reinterpret_cast<int (*)(F, F, F, F, S, void*)>(entry_)(p[0], p[1], p[2], p[3], batch, scratch);
    case 5:
      return reinterpret_cast<int (*)(F, F, F, F, F, S, void*)>(entry_)(p[0], p[1], p[2], p[3], p[4], batch, scratch);
  }
  std::fprintf(stderr, "kernel_harness: %zu inputs and outputs are more than it can pass\n", p.size());
  std::abort();
}

std::string compare_with_interpreter(const graph_builder& builder, const std::string& cpu,
                                     std::span<const std::size_t> batches, std::mt19937& random,
                                     const comparison& how) {
  const graph_view graph = builder.view();
  if (builder.first_violation()) return "ill-formed graph: " + std::string(advice(builder.first_violation().code));
  const weights w = random_weights(graph, random);
  const kernel compiled(builder, w, cpu);
  interpreter_result interpreted = interpreter::create(graph, w);
  if (!interpreted) return interpreted.errors.front();

  for (std::size_t batch : batches) {
    std::vector<std::unique_ptr<guarded_floats>> memory;
    std::vector<const float*> inputs;
    std::vector<float*> outputs, expected;
    std::vector<std::size_t> sizes;
    const auto allocate = [&](std::size_t count) {
      memory.push_back(std::make_unique<guarded_floats>(count));
      return memory.back()->data();
    };
    for (const node_record& node : graph.nodes) {
      if (node.kind != op::input) continue;
      const std::size_t count = batch * static_cast<std::size_t>(node.dims.elements());
      float* input = allocate(count);
      for (std::size_t i = 0; i < count; ++i) input[i] = random_input(random, how.edges);
      inputs.push_back(input);
    }
    for (const output_record& output : graph.outputs) {
      sizes.push_back(batch * static_cast<std::size_t>(graph.nodes[output.node].dims.elements()));
      outputs.push_back(allocate(sizes.back()));
      expected.push_back(allocate(sizes.back()));
    }
    // Scratch starts as NaN: a kernel that uses what it has not written shows it.
    const std::size_t scratch_floats = static_cast<std::size_t>(compiled.summary().scratchBytes) / sizeof(float);
    float* scratch = allocate(scratch_floats);
    std::fill_n(scratch, scratch_floats, std::numeric_limits<float>::quiet_NaN());

    interpreted.value->run(inputs, expected, batch, engine::reference);
    if (const int code = compiled.run(inputs, outputs, batch, scratch); code != 0)
      return "the kernel returned " + std::to_string(code);
    for (std::size_t o = 0; o < outputs.size(); ++o)
      for (std::size_t i = 0; i < sizes[o]; ++i)
        if (!close(outputs[o][i], expected[o][i], how))
          return "cpu " + cpu + ", batch " + std::to_string(batch) + ", output " + std::to_string(o) + ", element " +
                 std::to_string(i) + ": compiled " + std::to_string(outputs[o][i]) + ", interpreted " +
                 std::to_string(expected[o][i]);
  }
  return {};
}

}  // namespace inlay::testing
