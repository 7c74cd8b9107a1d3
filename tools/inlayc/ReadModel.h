// SPDX-License-Identifier: Apache-2.0
// Finds the networks in an object file.
#ifndef INLAY_TOOLS_INLAYC_READMODEL_H
#define INLAY_TOOLS_INLAYC_READMODEL_H

#include <memory>
#include <vector>

#include "inlay/graph.hpp"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace inlay::tools {

/// The graphs of a model, and the memory that they point into.
struct Model {
  std::unique_ptr<std::uint64_t[]> bytes;
  std::vector<graph_view> graphs;
};

/// Reads the `.inlay` section of the object file `path`.
llvm::Expected<Model> readModel(llvm::StringRef path);
/// The same for an object file in memory, which is copied. Messages use its identifier as its name.
llvm::Expected<Model> readModel(llvm::MemoryBufferRef object);

}  // namespace inlay::tools

#endif  // INLAY_TOOLS_INLAYC_READMODEL_H
