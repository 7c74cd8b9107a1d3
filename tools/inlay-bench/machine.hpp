// SPDX-License-Identifier: Apache-2.0
// What this machine can do at most: multiply-adds, and reading from each level of its memory.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "contest.hpp"

namespace inlay::bench {

/// FLOP of peak()'s work.
extern const double peak_flops;

/// Multiply-adds of the widest vectors, as many independent ones as hide their latency.
contestant peak();

struct read_bandwidth {
  const char* level;     ///< "L1", "L2", "L3", "memory"
  std::size_t bytes;     ///< of the array that is read again and again
  std::size_t capacity;  ///< of the level, as the system says; of memory, no limit
  double gb_per_second;  ///< 10^9 bytes
};

/// Reads arrays that fit into each level, one thread.
std::array<read_bandwidth, 4> measure_bandwidths(int rounds);

/// An array larger than the caches, as far as the system says how large they are.
class cache_evictor {
 public:
  cache_evictor();
  /// Reads the array, so that the calling thread's caches hold nothing else.
  void evict() const;
  std::size_t bytes() const { return data_.size(); }

 private:
  std::vector<char> data_;
};

/// "model name" of /proc/cpuinfo, or what uname says.
std::string cpu_name();

}  // namespace inlay::bench
