// SPDX-License-Identifier: Apache-2.0
// Writes inlayc's output files: all of them or none, and never over another file of the call.
#ifndef INLAY_TOOLS_INLAYC_OUTPUTS_H
#define INLAY_TOOLS_INLAYC_OUTPUTS_H

#include <functional>
#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace inlay::tools {

/// A file that this call reads.
struct InputFile {
  std::string path;
  std::string what;  ///< its name in messages: "the weights (--weights)"
};

/// A file that this call writes. The path "-" is standard output.
struct OutputFile {
  std::string path;
  std::string what;  ///< its name in messages: "the C header (--header)"
  /// If there are marks, an existing file is replaced only if it is empty or begins with one of them.
  std::vector<std::string> marks;
  std::function<void(llvm::raw_ostream&)> print;
};

/// Whether `path` is standard output, a character device or a pipe.
bool isStream(llvm::StringRef path);
/// Whether writing to `path` shows text on a terminal.
bool isTerminal(llvm::StringRef path);

/// Refuses an output that is (through any link) the same file as another output or an input, that is a folder, that
/// would replace a file without one of its marks, or that cannot be written. Changes nothing.
llvm::Error checkOutputs(llvm::ArrayRef<OutputFile> outputs, llvm::ArrayRef<InputFile> inputs);

/// Writes all outputs or, if one cannot be written, changes no file. Each is written to a temporary file in its folder
/// and then renamed, so that no reader sees a part of it. Renames happen in the order of `outputs`.
llvm::Error writeOutputs(llvm::ArrayRef<OutputFile> outputs);

}  // namespace inlay::tools

#endif  // INLAY_TOOLS_INLAYC_OUTPUTS_H
