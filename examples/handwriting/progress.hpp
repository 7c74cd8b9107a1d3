// SPDX-License-Identifier: Apache-2.0
// Shows how far a training is.
#pragma once

#include <unistd.h>

#include <cstdio>

#include "curve.hpp"

namespace handwriting {

/// A line that is written anew after each epoch, if it is seen on a terminal. In a file there are only the lines that
/// are kept.
class progress_bar {
 public:
  explicit progress_bar(int epochs) : epochs_(epochs) {}

  void show(int done, const epoch& now) {
    done_ = done, now_ = now;
    if (!terminal_) return;
    constexpr int width = 30;
    constexpr char full[] = "##############################", rest[] = "..............................";
    static_assert(sizeof full == width + 1 && sizeof rest == width + 1);
    const int filled = width * done / epochs_;
    std::printf("\r[%.*s%.*s] %d of %d  loss %.4f  held out %.2f %%%s", filled, full, width - filled, rest, done,
                epochs_, now.loss, 100 * now.right, clear_rest);
    if (done == epochs_) std::printf("\r%s", clear_rest);
    std::fflush(stdout);
  }

  /// Writes a line about the epoch that was shown last.
  void keep() const {
    std::printf("%sepoch %3d  loss %.4f  held out %.2f %%%s\n", terminal_ ? "\r" : "", done_, now_.loss,
                100 * now_.right, terminal_ ? clear_rest : "");
  }

 private:
  static constexpr const char* clear_rest = "\x1b[K";  ///< tells a terminal to clear the line from here on
  int epochs_, done_ = 0;
  epoch now_{};
  bool terminal_ = isatty(STDOUT_FILENO) == 1;
};

}  // namespace handwriting
