// SPDX-License-Identifier: Apache-2.0
// Finds the networks in an object file. Nothing of the user's is executed, so the object may be of any target.
#include "ReadModel.h"

#include <cstring>

#include "Inlay/Target/Target.h"
#include "inlay/graph_reader.hpp"
#include "llvm/Object/ObjectFile.h"

namespace inlay::tools {
using compiler::failed;

llvm::Expected<Model> readModel(llvm::StringRef path) {
  auto file = llvm::object::ObjectFile::createObjectFile(path);
  if (!file)
    return failed("'" + path + "': not an object file that can be read (" + llvm::toString(file.takeError()) +
                  "); give the .o that the C++ compiler made of the model");
  Model model;
  for (const llvm::object::SectionRef& section : file->getBinary()->sections()) {
    llvm::Expected<llvm::StringRef> name = section.getName();
    if (!name) return name.takeError();
    if (*name != llvm::StringRef(graph_section.data(), graph_section.size())) continue;
    llvm::Expected<llvm::StringRef> contents = section.getContents();
    if (!contents) return contents.takeError();
    // Several sections of this name, from different groups, are read as one; the copy aligns them.
    const size_t start = model.bytes.size();
    model.bytes.resize(start + (contents->size() + 7) / 8, 0);
    std::memcpy(model.bytes.data() + start, contents->data(), contents->size());
  }
  if (model.bytes.empty())
    return failed("'" + path +
                  "': has no section .inlay; the model needs a line INLAY_NETWORK(...), and must be "
                  "compiled without -flto");
  for (const read_result& result : read_section(std::as_bytes(std::span(model.bytes)))) {
    if (!result) return failed("'" + path + "': " + result.error);
    model.graphs.push_back(result.graph);
  }
  if (model.graphs.empty()) return failed("'" + path + "': its section .inlay is empty");
  return model;
}

}  // namespace inlay::tools
