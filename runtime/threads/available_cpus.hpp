// SPDX-License-Identifier: Apache-2.0
// How many CPUs this process may use at once.
#pragma once

#include <string>

namespace inlay::threads {

/// CPUs in the calling thread's affinity mask. 1 if the system does not say.
unsigned affine_cpus();

/// CPUs that the process's cgroup and the cgroups above it allow: quota over period, versions 1 and 2. Infinity without
/// a limit. `root` stands before the paths of all files that are read, for tests.
double quota_cpus(const std::string& root = "");

/// The number of threads that can run at once: the affinity mask, and the quota rounded down, since a process above its
/// quota is stopped for up to a tenth of a second. At least 1.
unsigned available_cpus(unsigned affine, double quota);

}  // namespace inlay::threads
