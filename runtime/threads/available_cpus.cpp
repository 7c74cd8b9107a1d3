// SPDX-License-Identifier: Apache-2.0
// Counts the CPUs that this process may use at once, by sched_getaffinity() and the files of cgroups.
#include "available_cpus.hpp"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <limits>
#include <memory>
#include <sstream>
#include <string_view>
#include <vector>

namespace inlay::threads {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

/// A mounted cgroup hierarchy that can limit CPU time.
struct hierarchy {
  bool second_version;
  std::string top;     ///< the cgroup at its mount point
  std::string folder;  ///< the mount point
};

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// Whether `name` is one of the comma-separated names of `list`.
bool lists(std::string_view list, std::string_view name) {
  while (true) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == name) return true;
    if (comma == list.size()) return false;
    list.remove_prefix(comma + 1);
  }
}

/// Decodes a path of mountinfo, which writes white space and backslashes as three octal digits: "\040" is a space.
std::string unescaped(std::string_view text) {
  std::string result;
  const auto octal = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '7'; };
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\\' && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  return result;
}

/// proc_pid_mountinfo(5): id parent device root mount-point options [tags] - type source super-options.
std::vector<hierarchy> mounted_hierarchies(const std::string& root) {
  std::vector<hierarchy> found;
  std::ifstream file(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> words = words_of(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (dash - words.begin() < 6 || words.end() - dash < 4) continue;
    const bool second = dash[1] == "cgroup2";
    if (second || (dash[1] == "cgroup" && lists(dash[3], "cpu")))
      found.push_back({second, unescaped(words[3]), unescaped(words[4])});
  }
  return found;
}

/// The process's cgroup in the hierarchy; cgroups(7): "0::/path" in version 2, "4:cpu,cpuacct:/path" in version 1.
std::string cgroup_of_process(const std::string& root, bool second_version) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    if (second_version ? controllers.empty() : lists(controllers, "cpu")) return line.substr(second + 1);
  }
  return "/";
}

/// The limit that one cgroup itself sets, in CPUs. The root cgroup has no limit and no such files.
double quota_of(const std::string& folder, bool second_version) {
  double quota = 0, period = 0;
  if (second_version) {
    std::ifstream file(folder + "/cpu.max");  // "max 100000" without a limit
    if (!(file >> quota >> period)) return kUnlimited;
  } else {
    std::ifstream quota_file(folder + "/cpu.cfs_quota_us"), period_file(folder + "/cpu.cfs_period_us");  // -1: no limit
    if (!(quota_file >> quota) || !(period_file >> period)) return kUnlimited;
  }
  return quota > 0 && period > 0 ? quota / period : kUnlimited;
}

}  // namespace

unsigned affine_cpus() {
  // The kernel refuses a mask that is smaller than its own, and does not tell that size.
  for (std::size_t cpus = 1024; cpus <= (1u << 20); cpus *= 2) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> mask(CPU_ALLOC(cpus), [](cpu_set_t* set) { CPU_FREE(set); });
    if (!mask) return 1;
    if (sched_getaffinity(0, CPU_ALLOC_SIZE(cpus), mask.get()) == 0)
      return static_cast<unsigned>(std::max(1, CPU_COUNT_S(CPU_ALLOC_SIZE(cpus), mask.get())));
    if (errno != EINVAL) return 1;
  }
  return 1;
}

double quota_cpus(const std::string& root) {
  double least = kUnlimited;
  for (const hierarchy& each : mounted_hierarchies(root)) {
    std::string below = cgroup_of_process(root, each.second_version);
    // In a container the process's path may not lie below the hierarchy's top. Its cgroup is then the mount point.
    const std::string top = each.top == "/" ? "" : each.top;
    below = below.compare(0, top.size(), top) == 0 && (below.size() == top.size() || below[top.size()] == '/')
                ? below.substr(top.size())
                : "";
    while (!below.empty() && below.back() == '/') below.pop_back();
    for (;; below.resize(below.rfind('/'))) {
      least = std::min(least, quota_of(root + each.folder + below, each.second_version));
      if (below.find('/') == std::string::npos) break;
    }
  }
  return least;
}

unsigned available_cpus(unsigned affine, double quota) {
  // The small term keeps a quota of two CPUs at 2 if the division gave slightly less.
  const double whole = std::floor(quota + 1e-6);
  return std::max(1u, whole < affine ? static_cast<unsigned>(std::max(1.0, whole)) : affine);
}

}  // namespace inlay::threads
