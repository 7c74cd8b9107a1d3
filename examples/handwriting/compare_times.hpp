// SPDX-License-Identifier: Apache-2.0
// Times the compiled network beside the interpreted one.
#pragma once

#include <cstdio>
#include <vector>

#include "../picture/timing.hpp"

namespace handwriting {

/// Times both in turn, so that disturbances affect both, and prints the medians per image.
template <class Compiled, class Interpreted>
void compare_times(const char* what, std::size_t images, Compiled compiled, Interpreted interpreted) {
  constexpr int rounds = 101;
  std::vector<double> compiled_times, interpreted_times;
  compiled(), interpreted();  // warm up
  for (int i = 0; i < rounds; ++i) {
    compiled_times.push_back(picture::seconds_of(compiled));
    interpreted_times.push_back(picture::seconds_of(interpreted));
  }
  const double a = picture::median(compiled_times) / static_cast<double>(images) * 1e9;
  const double b = picture::median(interpreted_times) / static_cast<double>(images) * 1e9;
  std::printf("  %-24s %8.0f ns %12.0f ns %10.1fx\n", what, a, b, b / a);
}

}  // namespace handwriting
