// SPDX-License-Identifier: Apache-2.0
// Compiles a graph that was built at run time, loads the object into this process and compares it with the interpreter.
#pragma once

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "guarded_memory.hpp"
#include "inlay/graph_builder.hpp"
#include "inlay/interpreter.hpp"
#include "jit_kernel.hpp"

namespace inlay::testing {

using tools::runnable_cpus;

/// The name of a test whose parameter is a CPU.
inline constexpr auto name_of_cpu = [](const auto& each) {
  std::string name = each.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
};

/// An instruction that applies an activation to result `a`.
inline instruction apply(activation function, std::uint32_t a) {
  return {.code = scalar_op::apply, .function = function, .a = a};
}

/// A dense layer with parameters `<name>.weight` and, with a bias, `<name>.bias`.
std::uint32_t dense(graph_builder& b, const char* name, std::uint32_t x, std::uint32_t inputs, std::uint32_t outputs,
                    bool bias = true, zeros zero_inputs = zeros::automatic);

/// Random weights in [-1, 1] for every parameter of a graph.
weights random_weights(const graph_view& graph, std::mt19937& random);

/// The machine code of `builder`'s network. Aborts with the compiler's message if it does not compile.
std::unique_ptr<tools::jit_kernel> compile(const graph_builder& builder, const weights& w,
                                           const tools::jit_target& target);

struct comparison {
  double tolerance = 1e-5;    ///< largest |difference| / max(1, |expected|)
  bool edges = false;         ///< inputs include NaN, infinities, denormals, signed zeros, and indices out of range
  bool reproducible = false;  ///< compiled with --reproducible
  engine oracle = engine::reference;
  bool weights_argument = false;  ///< compiled with --weights=argument; the block is in memory with guard pages
  const inlay_parallel_for* workers = nullptr;  ///< if given, calls the entry point for several threads with these
};

/// For an inlay_parallel_for: runs *context parts, a std::size_t, on the calling thread, the last one first.
inline void run_backwards(void* context, void (*work)(void*, std::size_t, std::size_t), void* argument) {
  const std::size_t parts = *static_cast<const std::size_t*>(context);
  for (std::size_t part = parts; part-- > 0;) work(argument, part, parts);
}

/// Runs batches of random samples, compiled and interpreted, in memory with guard pages. Returns the first difference,
/// or nothing.
std::string compare_with_interpreter(const graph_builder& builder, const std::string& cpu,
                                     std::span<const std::size_t> batches, std::mt19937& random,
                                     const comparison& how = {});

}  // namespace inlay::testing
