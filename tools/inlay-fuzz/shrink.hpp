// SPDX-License-Identifier: Apache-2.0
// Makes a trial smaller, one change at a time, while it still fails.
#pragma once

#include <functional>
#include <vector>

#include "trial.hpp"

namespace inlay::fuzz {

/// All trials that are one step simpler, in a fixed order, with the largest changes first. All are well-formed.
std::vector<trial> simpler(const trial& t);

struct shrunk {
  trial smallest;
  std::vector<std::size_t> steps;  ///< the index in simpler() that each step took; see replay()
  std::size_t tries = 0;
};

/// Repeatedly takes the first simpler trial for which `fails` holds, until there is none or `most_tries` are used up.
shrunk shrink(const trial& t, const std::function<bool(const trial&)>& fails, std::size_t most_tries);

/// Repeats the steps of an earlier search, without trying.
trial replay(const trial& t, const std::vector<std::size_t>& steps);

}  // namespace inlay::fuzz
