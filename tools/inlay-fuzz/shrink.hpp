// SPDX-License-Identifier: Apache-2.0
// Makes a trial smaller, one change at a time, as long as it still fails.
#pragma once

#include <functional>
#include <vector>

#include "trial.hpp"

namespace inlay::fuzz {

/// Every trial that is one step simpler, in a fixed order, the boldest first. All are well-formed.
std::vector<trial> simpler(const trial& t);

struct shrunk {
  trial smallest;
  std::vector<std::size_t> steps;  ///< which of simpler() was taken, each time; repeats the search without its tries
  std::size_t tries = 0;
};

/// Takes the first simpler trial for which `fails` holds until there is none, or `most_tries` are used up.
shrunk shrink(const trial& t, const std::function<bool(const trial&)>& fails, std::size_t most_tries);

/// Goes the steps of an earlier search.
trial replay(const trial& t, const std::vector<std::size_t>& steps);

}  // namespace inlay::fuzz
