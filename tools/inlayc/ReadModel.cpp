// SPDX-License-Identifier: Apache-2.0
// Finds the networks in an object file. Executes no code of the object, which may be for any target.
#include "ReadModel.h"

#include <cstring>
#include <new>

#include "Inlay/Target/Target.h"
#include "inlay/graph_reader.hpp"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

namespace inlay::tools {
namespace {

using compiler::failed;

llvm::Error notAnObject(llvm::StringRef path, const llvm::Twine& why) {
  return failed("'" + path + "': not an object file that can be read (" + why +
                "); give the .o that the C++ compiler made of the model");
}
llvm::Error notAnObject(llvm::StringRef path, llvm::Error why) {
  return notAnObject(path, llvm::toString(std::move(why)));
}

/// Reads the whole file. Refuses devices and pipes, which may have no end.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> readFile(llvm::StringRef path) {
  namespace fs = llvm::sys::fs;
  fs::file_status status;
  if (std::error_code error = fs::status(path, status)) return notAnObject(path, error.message());
  if (status.type() == fs::file_type::directory_file) return notAnObject(path, "it is a folder");
  if (status.type() != fs::file_type::regular_file) return notAnObject(path, "it is a device or a pipe");
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer) return notAnObject(path, buffer.getError().message());
  return std::move(*buffer);
}

}  // namespace

llvm::Expected<Model> readModel(llvm::StringRef path) {
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> buffer = readFile(path);
  if (!buffer) return buffer.takeError();
  return readModel((*buffer)->getMemBufferRef());
}

llvm::Expected<Model> readModel(llvm::MemoryBufferRef object) {
  const llvm::StringRef path = object.getBufferIdentifier();
  auto file = llvm::object::ObjectFile::createObjectFile(object);
  if (!file) return notAnObject(path, file.takeError());
  std::vector<llvm::StringRef> parts;
  size_t words = 0;
  for (const llvm::object::SectionRef& section : (*file)->sections()) {
    llvm::Expected<llvm::StringRef> name = section.getName();
    if (!name) return notAnObject(path, name.takeError());
    if (*name != llvm::StringRef(graph_section.data(), graph_section.size())) continue;
    llvm::Expected<llvm::StringRef> contents = section.getContents();
    if (!contents) return notAnObject(path, contents.takeError());
    parts.push_back(*contents);
    words += (contents->size() + 7) / 8;
  }
  // Read several sections of this name, from different groups, as one. The copy aligns each.
  Model model;
  model.bytes.reset(new (std::nothrow) std::uint64_t[words]);
  if (!model.bytes)
    return failed("'" + path + "': its section .inlay has " + llvm::Twine(words * 8) +
                  " bytes, for which there is not enough memory");
  size_t position = 0;
  for (llvm::StringRef part : parts) {
    const size_t size = (part.size() + 7) / 8;
    if (size == 0) continue;
    model.bytes[position + size - 1] = 0;
    std::memcpy(model.bytes.get() + position, part.data(), part.size());
    position += size;
  }
  if (words == 0)
    return failed("'" + path +
                  "': has no section .inlay; the model needs a line INLAY_NETWORK(...), and must be "
                  "compiled without -flto");
  for (const read_result& result : read_section(std::as_bytes(std::span(model.bytes.get(), words)))) {
    if (!result) return failed("'" + path + "': " + result.error);
    model.graphs.push_back(result.graph);
  }
  if (model.graphs.empty()) return failed("'" + path + "': its section .inlay is empty");
  return model;
}

}  // namespace inlay::tools
