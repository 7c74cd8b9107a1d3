// SPDX-License-Identifier: Apache-2.0
// Text for pages and pictures.
#include "text.hpp"

namespace inlay::bench {

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) switch (c) {
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '&': result += "&amp;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default: result += c;
    }
  return result;
}

}  // namespace inlay::bench
