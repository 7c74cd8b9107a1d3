// SPDX-License-Identifier: Apache-2.0
// The roofline picture of a report: how fast each network is, by how much it computes for each byte that it reads.
#pragma once

#include <cstdio>
#include <string>

#include "networks.hpp"

namespace inlay::bench {

/// An SVG picture with its legend; empty if no network multiplies. Williams, Waterman, Patterson, "Roofline", 2009.
std::string roofline(const networks_report& report);

/// printf into a string; `<`, `&` and quotes as HTML wants them.
template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  char text[1024];
  std::snprintf(text, sizeof text, pattern, arguments...);
  return text;
}
std::string escaped(const std::string& text);

}  // namespace inlay::bench
