// SPDX-License-Identifier: Apache-2.0
// The networks that --network names.
#pragma once

#include <string>
#include <vector>

#include "model_file.hpp"

namespace inlay::bench {

/// The networks of `all` with these names, in this order; all of them without names. If there is none of a name, or
/// `error` says that they could not be read, prints a message and returns nothing.
std::vector<bench_network> choose_networks(std::vector<bench_network> all, const std::vector<std::string>& names,
                                           std::string error = {});

}  // namespace inlay::bench
