// SPDX-License-Identifier: Apache-2.0
// The files that inlayc writes: none may be another file of the call, and either all are written or none.
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
  std::string what;  ///< as messages name it: "the weights (--weights)"
};

/// A file that this call writes. The path "-" is standard output.
struct OutputFile {
  std::string path;
  std::string what;  ///< as messages name it: "the C header (--header)"
  /// If there are any: an existing file may be replaced only if it is empty or begins with one of them.
  std::vector<std::string> marks;
  std::function<void(llvm::raw_ostream&)> print;
};

/// Whether `path` is standard output or an existing file that has no contents to keep: a device or a pipe.
bool isStream(llvm::StringRef path);
/// Whether what is written to `path` is shown on a terminal.
bool isTerminal(llvm::StringRef path);

/// Refuses outputs that are the same file as another output or an input (through any link), that are folders, that
/// would replace a file without one of its marks, or that cannot be written. Changes nothing.
llvm::Error checkOutputs(llvm::ArrayRef<OutputFile> outputs, llvm::ArrayRef<InputFile> inputs);

/// Writes all outputs or, if one cannot be written, changes no file. Each file is written beside its place and then
/// renamed, so that no reader ever sees a part of it. The last output gets its name last.
llvm::Error writeOutputs(llvm::ArrayRef<OutputFile> outputs);

}  // namespace inlay::tools

#endif  // INLAY_TOOLS_INLAYC_OUTPUTS_H
