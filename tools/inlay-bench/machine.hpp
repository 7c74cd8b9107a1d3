// SPDX-License-Identifier: Apache-2.0
// Measures the machine's limits: multiply-adds, and reading from each level of memory.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "contest.hpp"

namespace inlay::bench {

/// The FLOP of peak()'s work.
extern const double peak_flops;

/// Multiply-adds on the widest vectors, in enough independent chains to hide their latency.
contestant peak();

struct read_bandwidth {
  const char* level;     ///< "L1", "L2", "L3", "memory"
  std::size_t bytes;     ///< size of the array that is read repeatedly
  std::size_t capacity;  ///< of the level, from the system; unlimited for memory
  double gb_per_second;  ///< GB are 10^9 bytes
};

/// Measures reading arrays that fit into each level, on one thread.
std::array<read_bandwidth, 4> measure_bandwidths(int rounds);

/// The smallest level that holds so many bytes.
const read_bandwidth& level_that_holds(double bytes, const std::array<read_bandwidth, 4>& levels);

/// An array larger than the caches, if the system tells their sizes.
class cache_evictor {
 public:
  cache_evictor();
  /// Reads the array, so that the calling thread's caches hold nothing else.
  void evict() const;
  std::size_t bytes() const { return data_.size(); }

 private:
  std::vector<char> data_;
};

/// "model name" from /proc/cpuinfo, or the machine name of uname.
std::string cpu_name();

}  // namespace inlay::bench
