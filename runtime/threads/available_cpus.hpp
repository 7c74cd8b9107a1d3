// SPDX-License-Identifier: Apache-2.0
// Counts the CPUs that this process may use at once.
#pragma once

#include <string>

namespace inlay::threads {

/// The number of CPUs in the calling thread's affinity mask; 1 if the system does not tell.
unsigned affine_cpus();

/// The CPUs that the process's cgroup and the cgroups above it allow: the least quota / period, in cgroup version 1
/// or 2. Infinity without a limit. Tests use `root`, which is put before the paths of all files that are read.
double quota_cpus(const std::string& root = "");

/// The number of threads that can run at once: `affine`, but no more than the quota. The quota is rounded down, because
/// the kernel stops a process above its quota for up to a tenth of a second. At least 1.
unsigned available_cpus(unsigned affine, double quota);

}  // namespace inlay::threads
