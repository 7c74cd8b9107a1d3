// SPDX-License-Identifier: Apache-2.0
// Compiles a graph that was built at run time, loads the object into this process and compares it with the interpreter.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "Inlay/Codegen/Networks.h"
#include "guarded_memory.hpp"
#include "inlay/graph_builder.hpp"
#include "inlay/interpreter.hpp"

namespace llvm::orc {
class LLJIT;
}

namespace inlay::testing {

/// CPUs whose code this machine can run: its own, and the smaller members of its family.
std::vector<std::string> runnable_cpus();

/// Random weights in [-1, 1] for every parameter of a graph.
weights random_weights(const graph_view& graph, std::mt19937& random);

/// The machine code of one network.
class kernel {
 public:
  /// Aborts with the compiler's message if the graph does not compile.
  kernel(const graph_builder& builder, const weights& w, const std::string& cpu = "native");
  ~kernel();

  int run(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t batch,
          void* scratch) const;

  const compiler::NetworkSummary& summary() const { return summary_; }
  std::span<const char> object() const { return object_; }

 private:
  compiler::NetworkSummary summary_;
  std::vector<char> object_;
  std::unique_ptr<llvm::orc::LLJIT> jit_;
  void* entry_ = nullptr;
};

struct comparison {
  double tolerance = 1e-5;  ///< of |difference| / max(1, |expected|)
  bool edges = false;       ///< NaN, infinities, denormals and signed zeros among the inputs
};

/// Runs `batch` random samples compiled and interpreted, in memory with guard pages. Empty if they agree, else what
/// differs first.
std::string compare_with_interpreter(const graph_builder& builder, const std::string& cpu,
                                     std::span<const std::size_t> batches, std::mt19937& random,
                                     const comparison& how = {});

}  // namespace inlay::testing
