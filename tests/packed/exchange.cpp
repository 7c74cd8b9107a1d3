// SPDX-License-Identifier: Apache-2.0
// Exchanges weights while threads run the network. Every result must be that of one of the two blocks, never of a mix,
// and no thread may see the first block again after it has seen the second of an exchange that is over.
#include <atomic>
#include <cstdio>
#include <thread>

#include "drawn_weights.hpp"
#include "inlay/packed.hpp"
#include "model.hpp"

namespace {

constexpr std::size_t kBatch = 21;
constexpr int kExchanges = 300, kThreads = 3;

std::vector<float> run(inlay::loaded<classifier>& net) {
  std::vector<float> x(kBatch * 19), y(kBatch * 11);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 29) * 0.1f - 1.4f;
  return net(x, y) == inlay::status::ok ? y : std::vector<float>();
}

}  // namespace

int main() {
  inlay::packed_ptr<classifier> blocks[] = {inlay::pack<classifier>(drawn_weights(1)).value,
                                            inlay::pack<classifier>(drawn_weights(2)).value};
  std::vector<float> expected[2];
  for (int i = 0; i < 2; ++i) {
    inlay::loaded<classifier> net(blocks[i]);
    expected[i] = run(net);
  }
  inlay::reloadable<classifier> weights(std::move(blocks[0]));
  std::atomic<int> mixed = 0, calls = 0;
  std::atomic<bool> over = false;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back([&] {
        inlay::loaded<classifier> net(weights);
        while (!over.load()) {
          const std::vector<float> y = run(net);
          if (y != expected[0] && y != expected[1]) ++mixed;
          ++calls;
        }
      });
    for (int i = 1; i <= kExchanges; ++i) {
      // A new block each time, so that old ones are freed while others run.
      weights.exchange(inlay::pack<classifier>(drawn_weights(1 + static_cast<unsigned>(i % 2))).value);
      const int before = calls.load();
      while (calls.load() < before + kThreads) std::this_thread::yield();
    }
    over = true;
  }
  inlay::loaded<classifier> last(weights);
  const bool current = run(last) == expected[kExchanges % 2];
  const std::size_t left = weights.reclaim();
  std::printf("%d exchanges under %d calls, %d of them mixed, the last one %s, %zu block left\n", kExchanges,
              calls.load(), mixed.load(), current ? "current" : "stale", left);
  return mixed == 0 && current && left == 1 ? 0 : 1;
}
