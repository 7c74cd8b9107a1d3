// SPDX-License-Identifier: Apache-2.0
// A program with deliberate bugs, chosen by its argument: the sanitizers must catch each one.
#include <climits>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <vector>

int main(int argc, char** argv) {
  const std::string_view bug = argc == 2 ? argv[1] : "";
  std::vector<int> values(4, 1);
  const volatile std::size_t past_the_end = values.size();  // volatile: the optimiser must not see the bug
  volatile int largest = INT_MAX;
  if (bug == "heap-overflow") {
    std::printf("%d\n", *(values.data() + past_the_end));
  } else if (bug == "signed-overflow") {
    largest = largest + values[0];
    std::printf("%d\n", largest);
  } else if (bug != "none") {
    std::fputs("usage: planted_bugs none|heap-overflow|signed-overflow\n", stderr);
    return 2;
  }
  return 0;
}
