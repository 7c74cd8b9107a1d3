// SPDX-License-Identifier: Apache-2.0
// Text for pages and pictures.
#pragma once

#include <cstdio>
#include <string>

namespace inlay::bench {

/// printf into a string of up to 1023 characters.
template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  char text[1024];
  std::snprintf(text, sizeof text, pattern, arguments...);
  return text;
}

/// `text` with `<`, `>`, `&` and quotes escaped for HTML.
std::string escaped(const std::string& text);

}  // namespace inlay::bench
