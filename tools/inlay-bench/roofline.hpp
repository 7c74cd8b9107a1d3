// SPDX-License-Identifier: Apache-2.0
// The roofline picture of a report: each network's speed over its arithmetic intensity (FLOP per byte read).
#pragma once

#include <cstdio>
#include <string>

#include "networks.hpp"

namespace inlay::bench {

/// An SVG picture with a legend; empty if no network multiplies. See Williams, Waterman, Patterson: "Roofline", 2009.
std::string roofline(const networks_report& report);

/// printf into a string.
template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  char text[1024];
  std::snprintf(text, sizeof text, pattern, arguments...);
  return text;
}
/// `text` with `<`, `&` and quotes escaped for HTML.
std::string escaped(const std::string& text);

}  // namespace inlay::bench
