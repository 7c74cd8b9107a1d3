// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: bytes as an object file are refused with a reason, or give graphs that keep all rules.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "ReadModel.h"
#include "inlay/graph_rules.hpp"

// LLVM's library is built without sanitizers, so that AddressSanitizer would report its containers as overflowing.
extern "C" const char* __asan_default_options() { return "detect_container_overflow=0"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy with the exact size, so that reads beyond its end are seen.
  const std::unique_ptr<char[]> copy(new char[size]);
  std::copy_n(data, size, copy.get());
  llvm::Expected<inlay::tools::Model> model =
      inlay::tools::readModel(llvm::MemoryBufferRef(llvm::StringRef(copy.get(), size), "fuzzed.o"));
  if (!model) {
    if (llvm::toString(model.takeError()).find("fuzzed.o") == std::string::npos) std::abort();
    return 0;
  }
  if (model->graphs.empty()) std::abort();
  for (const inlay::graph_view& g : model->graphs)
    if (inlay::check_graph(g)) std::abort();
  return 0;
}
