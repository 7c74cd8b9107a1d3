// SPDX-License-Identifier: Apache-2.0
// Tests the number of CPUs that a process may use. A temporary folder holds the files of both cgroup versions, as
// proc(5) and cgroups(7) describe them.
#include "available_cpus.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

namespace inlay::threads {
namespace {

constexpr double unlimited = std::numeric_limits<double>::infinity();

class AvailableCpus : public ::testing::Test {
 protected:
  AvailableCpus() {
    std::string name = (std::filesystem::temp_directory_path() / "inlay-cgroups-XXXXXX").string();
    if (mkdtemp(name.data())) root_ = name;
  }
  ~AvailableCpus() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root_ + path).substr(0, (root_ + path).rfind('/')));
    std::ofstream(root_ + path) << text;
  }
  double quota() const { return quota_cpus(root_); }

 private:
  std::string root_;
};

constexpr char second_version[] =
    "24 30 0:22 / /proc rw,nosuid - proc proc rw\n"
    "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST_F(AvailableCpus, WithoutCgroups) {
  EXPECT_EQ(quota(), unlimited);
  write("/proc/self/mountinfo", "24 30 0:22 / /proc rw,nosuid - proc proc rw\n");
  write("/proc/self/cgroup", "0::/\n");
  EXPECT_EQ(quota(), unlimited);
}

TEST_F(AvailableCpus, SecondVersion) {
  write("/proc/self/mountinfo", second_version);
  write("/proc/self/cgroup", "0::/user.slice/app.scope\n");
  EXPECT_EQ(quota(), unlimited);
  write("/sys/fs/cgroup/user.slice/app.scope/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), unlimited);
  write("/sys/fs/cgroup/user.slice/app.scope/cpu.max", "250000 100000\n");
  EXPECT_EQ(quota(), 2.5);
  // The group above limits a group, too.
  write("/sys/fs/cgroup/user.slice/cpu.max", "75000 50000\n");
  EXPECT_EQ(quota(), 1.5);
}

TEST_F(AvailableCpus, SecondVersionInAContainer) {
  // The container sees its own group as the root.
  write("/proc/self/mountinfo", second_version);
  write("/proc/self/cgroup", "0::/\n");
  write("/sys/fs/cgroup/cpu.max", "400000 100000\n");
  EXPECT_EQ(quota(), 4);
}

TEST_F(AvailableCpus, ACgroupOutsideOfTheNamespace) {
  write("/proc/self/mountinfo", second_version);
  write("/proc/self/cgroup", "0::/../other\n");
  write("/sys/fs/cgroup/cpu.max", "400000 100000\n");
  EXPECT_EQ(quota(), 4);
}

TEST_F(AvailableCpus, FirstVersion) {
  write("/proc/self/mountinfo",
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
        "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
  write("/proc/self/cgroup", "3:memory:/m\n2:cpu,cpuacct:/batch/job\n1:name=systemd:/\n");
  EXPECT_EQ(quota(), unlimited);
  const std::string folder = "/sys/fs/cgroup/cpu,cpuacct/batch";
  write(folder + "/job/cpu.cfs_quota_us", "-1\n");
  write(folder + "/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), unlimited);
  write(folder + "/cpu.cfs_quota_us", "50000\n");
  write(folder + "/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 0.5);
}

TEST_F(AvailableCpus, FirstVersionInAContainer) {
  // A container without its own cgroup namespace: its group is mounted and has its path on the host as its name. The
  // mount point's name has a space.
  write("/proc/self/mountinfo",
        "33 31 0:30 /docker/0af1 /sys/fs/my\\040cgroup/cpu ro - cgroup cgroup rw,cpuacct,cpu\n");
  write("/proc/self/cgroup", "2:cpuacct,cpu:/docker/0af1/inner\n");
  write("/sys/fs/my cgroup/cpu/cpu.cfs_quota_us", "300000\n");
  write("/sys/fs/my cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 3);
  write("/sys/fs/my cgroup/cpu/inner/cpu.cfs_quota_us", "100000\n");
  write("/sys/fs/my cgroup/cpu/inner/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 1);
}

TEST_F(AvailableCpus, WhatIsNotUnderstoodIsNoLimit) {
  write("/proc/self/mountinfo", std::string(second_version) + "\n-\n1 2 3 4 5 6 -\n1 2 3 / \\04 6 - cgroup2 x y\n");
  write("/proc/self/cgroup", "\n:\n0:\nnonsense\n");
  for (const char* text : {"", "max", "100000", "0 100000", "100000 0", "-5 100000", "a b"}) {
    write("/sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(quota(), unlimited) << text;
  }
}

TEST(AvailableCpusOfThisMachine, Affinity) {
  EXPECT_GE(affine_cpus(), 1u);
  EXPECT_LE(affine_cpus(), std::max(1u, std::thread::hardware_concurrency()));
}

TEST(AvailableCpusOfThisMachine, WholeCpusOfTheQuota) {
  EXPECT_EQ(available_cpus(8, unlimited), 8u);
  EXPECT_EQ(available_cpus(8, 2.5), 2u);
  EXPECT_EQ(available_cpus(8, 0.1), 1u);
  EXPECT_EQ(available_cpus(2, 64), 2u);
  EXPECT_EQ(available_cpus(1, 3.9), 1u);
  EXPECT_EQ(available_cpus(8, 29999.0 / 10000), 2u);
}

}  // namespace
}  // namespace inlay::threads
