// SPDX-License-Identifier: Apache-2.0
// Measures the machine's limits: multiply-adds, in vectors of the processor that kernels are compiled for, and reading
// from each level of memory.
#include "machine.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <vector>

namespace inlay::bench {
namespace {

#if defined(__AVX512F__)
constexpr int lanes = 16;
#elif defined(__AVX__)
constexpr int lanes = 8;
#else
constexpr int lanes = 4;
#endif
typedef float vector __attribute__((vector_size(lanes * sizeof(float))));
constexpr int chains = 12, steps = 4000;

/// Keeps a value in a register and makes the compiler assume that it has changed.
inline void keep(vector& v) {
#if defined(__x86_64__)
  asm volatile("" : "+x"(v));
#else
  asm volatile("" : "+w"(v));
#endif
}

void multiply_add() {
  vector sums[chains] = {}, factor = {}, term = {};
  keep(factor), keep(term);
  for (int step = 0; step < steps; ++step)
    for (vector& sum : sums) {
      sum = sum * factor + term;  // -ffp-contract=fast makes one instruction of it
      keep(sum);
    }
}

void read(const std::vector<vector>& data) {
  vector sums[8] = {};
  for (std::size_t i = 0; i + 8 <= data.size(); i += 8)
    for (std::size_t j = 0; j < 8; ++j) sums[j] += data[i + j];
  for (vector& sum : sums) keep(sum);
}

/// The size of a cache, or `fallback` if the system does not tell.
std::size_t cache_bytes(int name, std::size_t fallback) {
  const long size = sysconf(name);
  return size > 0 ? static_cast<std::size_t>(size) : fallback;
}

}  // namespace

const double peak_flops = 2.0 * lanes * chains * steps;

contestant peak() { return {"peak", multiply_add}; }

std::array<read_bandwidth, 4> measure_bandwidths(int rounds) {
  std::array<read_bandwidth, 4> levels = {{{"L1", 16 << 10, cache_bytes(_SC_LEVEL1_DCACHE_SIZE, 32 << 10), 0},
                                           {"L2", 512 << 10, cache_bytes(_SC_LEVEL2_CACHE_SIZE, 1 << 20), 0},
                                           {"L3", 8 << 20, cache_bytes(_SC_LEVEL3_CACHE_SIZE, 16 << 20), 0},
                                           {"memory", 256 << 20, std::numeric_limits<std::size_t>::max(), 0}}};
  for (read_bandwidth& level : levels) {
    const std::vector<vector> data(level.bytes / sizeof(vector));
    const timing time = hold({contestant(level.level, [&data] { read(data); })}, rounds, 1e-3).front();
    level.gb_per_second = static_cast<double>(level.bytes) / time.median * 1e-9;
  }
  return levels;
}

// Twice the last-level cache, but at most 128 MiB: a virtual machine may report hundreds of megabytes, which it shares
// with others on its host.
const read_bandwidth& level_that_holds(double bytes, const std::array<read_bandwidth, 4>& levels) {
  const auto holds = [&](const read_bandwidth& level) { return bytes <= static_cast<double>(level.capacity); };
  const auto* const found = std::ranges::find_if(levels, holds);
  return found == levels.end() ? levels.back() : *found;
}

cache_evictor::cache_evictor()
    : data_(std::clamp<std::size_t>(2 * cache_bytes(_SC_LEVEL3_CACHE_SIZE, 32 << 20), 32 << 20, 128 << 20), 1) {}

void cache_evictor::evict() const {
  int sum = 0;
  for (std::size_t i = 0; i < data_.size(); i += 64) sum += data_[i];
  asm volatile("" ::"r"(sum));
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  utsname system{};
  uname(&system);
  return system.machine;
}

}  // namespace inlay::bench
