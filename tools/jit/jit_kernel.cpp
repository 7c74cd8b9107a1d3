// SPDX-License-Identifier: Apache-2.0
// Compiles a graph that was built at run time and loads the object into this process.
#include "jit_kernel.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>
#include <utility>

#include "Inlay/Import/ImportGraph.h"
#include "Inlay/Pipelines/Pipelines.h"
#include "Inlay/Training/Training.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"

namespace inlay::tools {

std::vector<std::string> runnable_cpus() {
  std::vector<std::string> cpus = {"native"};
#if defined(__x86_64__)
  cpus.push_back("x86-64");
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
    cpus.push_back("x86-64-v3");
#endif
  return cpus;
}

struct jit_kernel::loaded {
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

namespace {

using pointers = std::array<float*, jit_kernel::most_pointers>;

/// Calls a C entry point that takes sizeof...(I) pointers, a number of samples, and `further` arguments. Inputs and
/// outputs are passed alike.
template <std::size_t... I, class... Further>
int call_of(const pointers& p, std::index_sequence<I...>, void* entry, std::size_t samples, Further... further) {
  return reinterpret_cast<int (*)(std::remove_cvref_t<decltype(p[I])>..., std::size_t, Further...)>(entry)(
      p[I]..., samples, further...);
}

template <std::size_t... N, class... Further>
int call_with(const pointers& p, std::size_t count, std::index_sequence<N...>, void* entry, std::size_t samples,
              Further... further) {
  int result = 0;
  ((count == N + 1 ? void(result = call_of(p, std::make_index_sequence<N + 1>(), entry, samples, further...)) : void()),
   ...);
  return result;
}

/// Inputs, then outputs; returns their number.
std::size_t collect(std::span<const float* const> inputs, std::span<float* const> outputs, pointers& p) {
  std::size_t count = 0;
  const auto add = [&](float* pointer) {
    if (count == p.size()) llvm::report_fatal_error("jit_kernel: more inputs and outputs than it can pass");
    p[count++] = pointer;
  };
  for (const float* input : inputs) add(const_cast<float*>(input));
  for (float* output : outputs) add(output);
  return count;
}

}  // namespace

jit_kernel::jit_kernel() = default;
jit_kernel::~jit_kernel() = default;

std::unique_ptr<jit_kernel> jit_kernel::compile(const graph_view& graph, const weights& w, const jit_target& target,
                                                std::string& error) {
  auto kernels = compile_all({&graph, 1}, {&w, 1}, target, error);
  return kernels.empty() ? nullptr : std::move(kernels.front());
}

std::vector<std::unique_ptr<jit_kernel>> jit_kernel::compile_all(std::span<const graph_view> graphs,
                                                                 std::span<const weights> w, const jit_target& target,
                                                                 std::string& error) {
  std::vector<std::unique_ptr<jit_kernel>> kernels;
  const auto give_up = [&](llvm::Error reason) {
    error = llvm::toString(std::move(reason));
    kernels.clear();
    return std::move(kernels);
  };
  mlir::DialectRegistry registry;
  compiler::registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    const auto lookup = [&](llvm::StringRef name) {
      const weight_tensor* tensor = w[i].find(std::string_view(name.data(), name.size()));
      return tensor ? llvm::ArrayRef<float>(tensor->values) : llvm::ArrayRef<float>();
    };
    graph_view hashed = graphs[i];
    hashed.hash = graph_hash(graphs[i]);
    const compiler::Weights kind = target.train              ? compiler::Weights::learned
                                   : target.weights_argument ? compiler::Weights::argument
                                                             : compiler::Weights::constants;
    auto network = compiler::importGraph(hashed, lookup, *module, kind);
    if (mlir::failed(network) ||
        (target.train &&
         mlir::failed(compiler::buildTraining(*network, *target.train, static_cast<std::int64_t>(target.steps)))))
      return give_up(compiler::failed("the import phase failed; see the errors above"));
  }
  llvm::Expected<compiler::Target> resolved = compiler::resolveTarget(target.triple, target.cpu);
  if (!resolved) return give_up(resolved.takeError());
  compiler::CompileOptions options;
  options.bf16Weights = target.bf16_weights;
  options.parallel = target.parallel;
  options.object.exported = true;
  options.maxBatch = static_cast<std::int64_t>(target.max_batch);
  options.reproducible = target.reproducible;
  options.voices = target.voices;
  options.shareAll = target.share_all;
  options.object.optimised = target.optimised;
  llvm::Expected<compiler::CompileResult> result = compiler::compileModule(*module, *resolved, options);
  if (!result) return give_up(result.takeError());

  for (compiler::NetworkSummary& network : result->networks()) {
    kernels.emplace_back(new jit_kernel);
    kernels.back()->summary_ = std::make_unique<compiler::NetworkSummary>(std::move(network));
    kernels.back()->object_.assign(result->object.begin(), result->object.end());
  }
  if (llvm::Triple(resolved->triple).getArch() != llvm::Triple(llvm::sys::getProcessTriple()).getArch()) return kernels;

  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit) return give_up(jit.takeError());
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(result->object.data(), result->object.size()),
                                                     kernels.front()->summary_->name);
  if (llvm::Error failure = (*jit)->addObjectFile(std::move(buffer))) return give_up(std::move(failure));
  auto code = std::make_shared<loaded>();
  code->jit = std::move(*jit);
  for (const auto& kernel : kernels) {
    const std::string& name = kernel->summary_->name;
    auto entry = code->jit->lookup(name + "_run");
    if (!entry) return give_up(entry.takeError());
    kernel->entry_ = entry->toPtr<void*>();
    if (!kernel->summary_->trainingFunctions().empty()) {
      auto begin = code->jit->lookup(name + "_begin");
      if (!begin) return give_up(begin.takeError());
      kernel->begin_entry_ = begin->toPtr<void*>();
    }
    if (kernel->summary_->computesWeights) {
      auto compute = code->jit->lookup(name + "_compute_weights"), pass = code->jit->lookup(name + "_pass_gradients");
      if (!compute) return give_up(compute.takeError());
      if (!pass) return give_up(pass.takeError());
      kernel->compute_entry_ = compute->toPtr<void*>(), kernel->pass_entry_ = pass->toPtr<void*>();
    }
    if (kernel->summary_->takesWeights()) {
      auto pack = code->jit->lookup(name + "_pack");
      if (!pack) return give_up(pack.takeError());
      kernel->pack_entry_ = pack->toPtr<void*>();
      const std::size_t i = static_cast<std::size_t>(&kernel - kernels.data());
      kernel->pack(graphs[i], w[i]);
    }
    if (kernel->summary_->hasReset()) {
      auto reset = code->jit->lookup(name + "_reset");
      if (!reset) return give_up(reset.takeError());
      kernel->reset_entry_ = reset->toPtr<void*>();
    }
    if (kernel->summary_->runsVoices) {
      auto voices = code->jit->lookup(name + "_run_voices");
      if (!voices) return give_up(voices.takeError());
      kernel->voices_entry_ = voices->toPtr<void*>();
    }
    if (target.parallel) {
      auto parallel = code->jit->lookup(name + "_run_parallel");
      if (!parallel) return give_up(parallel.takeError());
      kernel->parallel_entry_ = parallel->toPtr<void*>();
    }
    kernel->loaded_ = code;
  }
  return kernels;
}

std::size_t jit_kernel::packed_bytes() const { return static_cast<std::size_t>(summary_->packedBytes); }

void jit_kernel::pack(const graph_view& graph, const weights& w, void* into) {
  // What lies between the parameters is never read.
  std::vector<float> parameters(parameter_elements(graph), std::numeric_limits<float>::signaling_NaN());
  for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].kind != op::parameter) continue;
    const weight_tensor* tensor = w.find(graph.name_of(graph.nodes[i]));
    if (!tensor) llvm::report_fatal_error("jit_kernel: a parameter has no weights");
    std::copy(tensor->values.begin(), tensor->values.end(),
              parameters.begin() + static_cast<std::ptrdiff_t>(parameter_offset(graph, i)));
  }
  constexpr std::size_t line = 64;
  block_ = into;
  if (into == nullptr) {
    memory_.assign(packed_bytes() + line, std::byte{});
    block_ = memory_.data() + (line - reinterpret_cast<std::uintptr_t>(memory_.data()) % line);
  }
  reinterpret_cast<void (*)(const float*, void*)>(pack_entry_)(parameters.data(), block_);
}

std::size_t jit_kernel::memory_bytes() const { return static_cast<std::size_t>(summary_->memoryBytes); }

void jit_kernel::reset(void* memory) const { reinterpret_cast<void (*)(void*)>(reset_entry_)(memory); }

void jit_kernel::begin(void* memory, void* scratch, std::size_t part, std::size_t parts) const {
  reinterpret_cast<void (*)(void*, void*, std::size_t, std::size_t)>(begin_entry_)(memory, scratch, part, parts);
}

void jit_kernel::compute_weights(void* memory, void* scratch) const {
  if (compute_entry_) reinterpret_cast<void (*)(void*, void*)>(compute_entry_)(memory, scratch);
}

void jit_kernel::pass_gradients(void* memory, void* scratch) const {
  if (pass_entry_) reinterpret_cast<void (*)(void*, void*)>(pass_entry_)(memory, scratch);
}

std::size_t jit_kernel::scratch_bytes() const { return static_cast<std::size_t>(summary_->scratchBytes); }

int jit_kernel::run(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t batch,
                    void* scratch, const inlay_parallel_for* workers) const {
  pointers p{};
  const std::size_t count = collect(inputs, outputs, p);
  if (summary_->hasState()) llvm::report_fatal_error("jit_kernel: run_steps() runs networks with state");
  void* entry = workers ? parallel_entry_ : entry_;
  if (!entry) llvm::report_fatal_error("jit_kernel: code of another machine, or compiled without --parallel");
  constexpr auto counts = std::make_index_sequence<most_pointers>();
  if (summary_->takesWeights()) {
    const void* packed = block_;
    return workers ? call_with(p, count, counts, entry, batch, packed, scratch, workers)
                   : call_with(p, count, counts, entry, batch, packed, scratch);
  }
  return workers ? call_with(p, count, counts, entry, batch, scratch, workers)
                 : call_with(p, count, counts, entry, batch, scratch);
}

int jit_kernel::run_voices(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t voices,
                           std::size_t steps, void* memories, void* scratch) const {
  if (!voices_entry_) llvm::report_fatal_error("jit_kernel: code of another machine, or compiled without --voices");
  pointers p{};
  const std::size_t count = collect(inputs, outputs, p);
  return call_with(p, count, std::make_index_sequence<most_pointers>(), voices_entry_, voices, steps, memories,
                   scratch);
}

int jit_kernel::run_steps(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t steps,
                          void* memory, void* scratch, const inlay_parallel_for* workers) const {
  if (!entry_ || !summary_->hasState() || (workers && !parallel_entry_))
    llvm::report_fatal_error("jit_kernel: code of another machine, or of a network without state");
  pointers p{};
  const std::size_t count = collect(inputs, outputs, p);
  constexpr auto counts = std::make_index_sequence<most_pointers>();
  return workers ? call_with(p, count, counts, parallel_entry_, steps, memory, scratch, workers)
                 : call_with(p, count, counts, entry_, steps, memory, scratch);
}

}  // namespace inlay::tools
