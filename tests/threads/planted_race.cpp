// SPDX-License-Identifier: Apache-2.0
// A race for the test threads.tsan_sees_a_race, in which ThreadSanitizer must report it: parts count without atomics.
#include <gtest/gtest.h>

#include "inlay/thread_pool.hpp"

TEST(PlantedRace, PartsCountWithoutAtomics) {
  inlay::thread_pool pool(2);
  const inlay_parallel_for& workers = pool;
  int sum = 0;
  for (int i = 0; i < 1000; ++i)
    workers.run(workers.context, [](void* count, std::size_t, std::size_t) { ++*static_cast<int*>(count); }, &sum);
  EXPECT_GT(sum, 0);
}
