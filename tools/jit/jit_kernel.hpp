// SPDX-License-Identifier: Apache-2.0
// Compiles a graph that was built at run time. If the target is this machine, loads the code into this process. For
// tools and tests that measure compiled kernels; does not include LLVM's headers.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "inlay/graph_training.hpp"
#include "inlay/parallel_for.h"
#include "inlay/weights.hpp"

namespace inlay::compiler {
struct NetworkSummary;
}

namespace inlay::tools {

/// What to compile for; the defaults mean this machine.
struct jit_target {
  std::string triple = "";
  std::string cpu = "native";
  bool bf16_weights = false;      ///< store the weights of layers as bf16
  bool parallel = false;          ///< add the entry point for several threads
  std::size_t max_batch = 0;      ///< largest batch that a call may have; 0 for any
  bool reproducible = false;      ///< the same bits for every batch, number of threads and processor
  bool voices = false;            ///< add the entry point for several streams
  bool weights_argument = false;  ///< take the weights as an argument; jit_kernel packs them and passes the block
  bool share_all = false;  ///< divide every layer among threads, and compute it for blocks of steps, however small
  /// Compile a training step for this loss: each graph gives two kernels, of the network with weights in the memory,
  /// and of the step. The weights are not read.
  std::optional<loss> train = {};
  std::size_t steps = 0;  ///< of a sample of a network with state that is trained
  bool optimised = true;  ///< false compiles in a third of the time, to slow code with the same results
};

/// The CPUs whose code this machine can run: its own, and smaller ones of its family.
std::vector<std::string> runnable_cpus();

/// The machine code of one network.
class jit_kernel {
 public:
  /// Compiles `graph`. On failure returns null, with the compiler's message in `error`. Code for another architecture
  /// is compiled but cannot be run.
  static std::unique_ptr<jit_kernel> compile(const graph_view& graph, const weights& w, const jit_target& target,
                                             std::string& error);
  /// Compiles several networks with different names into one object, each with its own weights. Returns the kernels in
  /// the graphs' order, or none on failure.
  static std::vector<std::unique_ptr<jit_kernel>> compile_all(std::span<const graph_view> graphs,
                                                              std::span<const weights> w, const jit_target& target,
                                                              std::string& error);
  ~jit_kernel();

  /// Runs `batch` samples. Inputs and outputs are in the graph's order, at most most_pointers in all. Returns the
  /// kernel's status: 0, 1 if a pointer is null, 4 if the batch exceeds max_batch. With `workers` it runs on several
  /// threads; the kernel must have been compiled for that.
  int run(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t batch, void* scratch,
          const inlay_parallel_for* workers = nullptr) const;
  /// Runs the steps of a network with state. `memory` has memory_bytes() bytes, which reset() or other steps have
  /// filled. Only networks that are trained run on several threads.
  int run_steps(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t steps, void* memory,
                void* scratch, const inlay_parallel_for* workers = nullptr) const;
  /// Runs the steps of several streams, whose memories lie one behind the other.
  int run_voices(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t voices,
                 std::size_t steps, void* memories, void* scratch) const;
  void reset(void* memory) const;
  /// Packs the weights of a network that is trained, and sets gradients and loss to 0: one part of so many.
  void begin(void* memory, void* scratch, std::size_t part = 0, std::size_t parts = 1) const;
  /// Computes the weights of layers that depend on parameters, before begin(). Does nothing where there are none.
  void compute_weights(void* memory, void* scratch) const;
  /// Passes their gradients to the parameters, after all samples.
  void pass_gradients(void* memory, void* scratch) const;
  /// Makes a block of other weights, which run() reads from now on, for kernels that take them as an argument. `into`
  /// has packed_bytes() bytes and begins at a cache line; without it the block is in memory of this object.
  void pack(const graph_view& graph, const weights& w, void* into = nullptr);
  std::size_t packed_bytes() const;
  std::size_t memory_bytes() const;
  /// The C entry point `<name>_run`.
  void* entry() const { return entry_; }
  /// Its form for several threads, `<name>_run_parallel`; null if it was not asked for.
  void* parallel_entry() const { return parallel_entry_; }
  static constexpr std::size_t most_pointers = 16;
  std::size_t scratch_bytes() const;
  const compiler::NetworkSummary& summary() const { return *summary_; }
  std::span<const char> object() const { return object_; }

 private:
  struct loaded;
  jit_kernel();

  std::unique_ptr<compiler::NetworkSummary> summary_;
  std::vector<char> object_;
  std::shared_ptr<loaded> loaded_;  // shared by the networks of one object
  void* entry_ = nullptr;
  void* parallel_entry_ = nullptr;
  void* reset_entry_ = nullptr;
  void* voices_entry_ = nullptr;
  void* begin_entry_ = nullptr;
  void* compute_entry_ = nullptr;
  void* pass_entry_ = nullptr;
  void* pack_entry_ = nullptr;
  void* block_ = nullptr;  // of weights, in memory_ or in the caller's memory
  std::vector<std::byte> memory_;
};

}  // namespace inlay::tools
