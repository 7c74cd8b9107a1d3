// SPDX-License-Identifier: Apache-2.0
// Finds networks by their names.
#include "choose_networks.hpp"

#include <algorithm>
#include <cstdio>

namespace inlay::bench {

std::vector<bench_network> choose_networks(std::vector<bench_network> all, const std::vector<std::string>& names,
                                           std::string error) {
  std::vector<bench_network> chosen;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(all, name, &bench_network::name);
    if (found != all.end()) {
      chosen.push_back(*found);
      continue;
    }
    if (!error.empty()) break;
    error = "--network: there is no '" + name + "'; there are";
    for (const bench_network& each : all) error += " " + each.name;
  }
  if (error.empty()) return names.empty() ? all : chosen;
  std::fprintf(stderr, "inlay-bench: error: %s\n", error.c_str());
  return {};
}

}  // namespace inlay::bench
