// SPDX-License-Identifier: Apache-2.0
// One trial of the fuzzer: networks, their numbers, their calls, and the verdict.
#pragma once

#include <string>
#include <vector>

#include "draw.hpp"
#include "values.hpp"

namespace inlay::fuzz {

/// One call of an entry point, with samples first .. first + batch - 1.
struct call_plan {
  std::size_t first = 0;
  std::size_t batch = 1;
  unsigned parts = 0;  ///< parts in the call of the entry point for several threads; 0 for the other entry point
};

struct trial {
  std::vector<network> networks;  ///< compiled into one object
  data_plan data;
  std::vector<call_plan> calls;
  std::string cpu = "native";
  bool bf16 = false;
  bool parallel = false;
  bool weights_argument = false;  ///< weights as an argument of the kernels instead of in the object
  /// Every layer is divided among threads, and in a network with state computed for blocks of steps, even where that
  /// does not pay.
  bool share_all = false;
  /// One order of all sums. A sample must have the same bits in all calls, also on another CPU.
  bool reproducible = false;
  bool voices = false;            ///< entry points for several streams, where there is state
  bool optimised = true;          ///< by LLVM; most trials are not, so that they compile in a third of the time
  std::size_t max_batch = 0;      ///< the kernels' limit, which must refuse larger calls; 0 for none
  std::uint64_t layout_seed = 0;  ///< decides where buffers lie in their pages
};

struct trial_settings {
  std::uint64_t seed = 1;
  draw_settings draw;
  std::vector<std::string> cpus;               ///< used in turn
  int bf16 = -1;                               ///< 0 never, 1 always, else sometimes
  int parallel = -1;                           ///< the same
  int reproducible = -1;                       ///< the same, where the CPU has fused multiply-add
  int optimised = -1;                          ///< the same
  int weights_argument = 0;                    ///< 1 always, for networks without state; else never
  int max_batch = -1;                          ///< 0 no limit, else this one; below 0 sometimes one
  std::set<std::string, std::less<>> ignored;  ///< names of findings to ignore
};

/// Trial `index` of a seed. Depends only on the arguments.
trial draw_trial(const trial_settings& settings, std::uint64_t index);

enum class finding : int {
  none,
  rejected,
  compile_error,
  wrong_value,
  not_written,
  bad_status,
  steps,   ///< of a network with state: one call and several calls of the same steps differ
  unlike,  ///< a sample has other bits in another call, or on another CPU, of a reproducible kernel
  flags,
  control,
  crash,
  timeout
};
const char* name_of(finding what);

struct statistics {
  std::uint64_t networks = 0, nodes = 0, elements = 0, known = 0, tight = 0;
  void add(const statistics& other);
};

struct verdict {
  finding what = finding::none;
  std::string text;
  statistics counts;
};

/// Compiles and runs a trial in this process. Crashes if the compiler or a kernel does.
verdict run_trial(const trial& t, const trial_settings& settings);

}  // namespace inlay::fuzz
