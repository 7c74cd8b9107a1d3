// SPDX-License-Identifier: Apache-2.0
// Compiles a graph that was built at run time and loads the object into this process.
#include "jit_kernel.hpp"

#include "Inlay/Import/ImportGraph.h"
#include "Inlay/Pipelines/Pipelines.h"
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

jit_kernel::jit_kernel() = default;
jit_kernel::~jit_kernel() = default;

std::unique_ptr<jit_kernel> jit_kernel::compile(const graph_view& graph, const weights& w, const jit_target& target,
                                                std::string& error) {
  const auto give_up = [&](llvm::Error reason) {
    error = llvm::toString(std::move(reason));
    return nullptr;
  };
  mlir::DialectRegistry registry;
  compiler::registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  const auto lookup = [&](llvm::StringRef name) {
    const weight_tensor* tensor = w.find(std::string_view(name.data(), name.size()));
    return tensor ? llvm::ArrayRef<float>(tensor->values) : llvm::ArrayRef<float>();
  };
  graph_view hashed = graph;
  hashed.hash = graph_hash(graph);
  if (mlir::failed(compiler::importGraph(hashed, lookup, *module)))
    return give_up(compiler::failed("the import phase failed; see the errors above"));
  llvm::Expected<compiler::Target> resolved = compiler::resolveTarget(target.triple, target.cpu);
  if (!resolved) return give_up(resolved.takeError());
  compiler::CompileOptions options;
  options.bf16Weights = target.bf16_weights;
  options.parallel = target.parallel;
  options.maxBatch = static_cast<std::int64_t>(target.max_batch);
  options.reproducible = target.reproducible;
  llvm::Expected<compiler::CompileResult> result = compiler::compileModule(*module, *resolved, options);
  if (!result) return give_up(result.takeError());

  std::unique_ptr<jit_kernel> kernel(new jit_kernel);
  kernel->summary_ = std::make_unique<compiler::NetworkSummary>(result->networks.front());
  kernel->object_.assign(result->object.begin(), result->object.end());
  if (llvm::Triple(resolved->triple).getArch() != llvm::Triple(llvm::sys::getProcessTriple()).getArch()) return kernel;

  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit) return give_up(jit.takeError());
  const std::string& name = kernel->summary_->name;
  auto buffer =
      llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(kernel->object_.data(), kernel->object_.size()), name);
  if (llvm::Error failure = (*jit)->addObjectFile(std::move(buffer))) return give_up(std::move(failure));
  auto entry = (*jit)->lookup(name + "_run");
  if (!entry) return give_up(entry.takeError());
  kernel->entry_ = entry->toPtr<void*>();
  if (target.parallel) {
    auto parallel = (*jit)->lookup(name + "_run_parallel");
    if (!parallel) return give_up(parallel.takeError());
    kernel->parallel_entry_ = parallel->toPtr<void*>();
  }
  kernel->loaded_ = std::make_unique<loaded>();
  kernel->loaded_->jit = std::move(*jit);
  return kernel;
}

std::size_t jit_kernel::scratch_bytes() const { return static_cast<std::size_t>(summary_->scratchBytes); }

int jit_kernel::run(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t batch,
                    void* scratch, const inlay_parallel_for* workers) const {
  std::vector<float*> p;
  for (const float* input : inputs) p.push_back(const_cast<float*>(input));
  p.insert(p.end(), outputs.begin(), outputs.end());
  // The C signatures, by the number of pointers; inputs and outputs are passed alike.
  const auto call = [&](auto... pointers) {
    if (workers)
      return reinterpret_cast<int (*)(decltype(pointers)..., std::size_t, void*, const inlay_parallel_for*)>(
          parallel_entry_)(pointers..., batch, scratch, workers);
    return reinterpret_cast<int (*)(decltype(pointers)..., std::size_t, void*)>(entry_)(pointers..., batch, scratch);
  };
  switch ((workers ? parallel_entry_ : entry_) ? p.size() : 0) {
    case 2: return call(p[0], p[1]);
    case 3: return call(p[0], p[1], p[2]);
    case 4: return call(p[0], p[1], p[2], p[3]);
    case 5: return call(p[0], p[1], p[2], p[3], p[4]);
  }
  llvm::report_fatal_error("jit_kernel: code of another machine, or more inputs and outputs than it can pass");
}

}  // namespace inlay::tools
