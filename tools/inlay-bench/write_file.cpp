// SPDX-License-Identifier: Apache-2.0
// Writes files.
#include "write_file.hpp"

#include <cstdio>
#include <fstream>

namespace inlay::bench {

bool write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) std::fprintf(stderr, "inlay-bench: error: cannot write '%s'\n", path.c_str());
  return static_cast<bool>(file);
}

}  // namespace inlay::bench
