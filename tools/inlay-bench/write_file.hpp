// SPDX-License-Identifier: Apache-2.0
// Writes the files that options name.
#pragma once

#include <string>

namespace inlay::bench {

/// Writes `text` to the file, or nothing if `path` is empty. Returns false, with a message, if that fails.
bool write_file(const std::string& path, const std::string& text);

}  // namespace inlay::bench
