// SPDX-License-Identifier: Apache-2.0
// Names of the C header: the macros of a network and the parameters of its functions.
#ifndef INLAY_REPORT_CNAMES_H
#define INLAY_REPORT_CNAMES_H

#include <string>

#include "llvm/ADT/StringSet.h"

namespace inlay::compiler {

/// What the macros of a network are about.
inline constexpr llvm::StringLiteral kMacros[] = {"SCRATCH_BYTES", "SCRATCH_ARRAY_BYTES", "GRAPH_HASH", "MAX_BATCH"};

/// `<NETWORK>_<WHAT>`: the network's name in capitals, then `what`. Two networks never share a macro, not even in
/// different headers. A name that has capitals itself stays as it is ("Net" gives "Net_GRAPH_HASH"); if it has nothing
/// but capitals, the macro ends in an underscore ("NET" gives "NET_GRAPH_HASH_").
std::string macroName(llvm::StringRef network, llvm::StringRef what);

/// The names of one function's parameters.
class ParameterNames {
 public:
  /// A name for the input or output `port`. It is an identifier of C and C++, different from the earlier ones, and
  /// means nothing else: no keyword, no type or macro of the header, and no macro that programs usually have.
  std::string add(llvm::StringRef port);

 private:
  llvm::StringSet<> used;
};

}  // namespace inlay::compiler

#endif  // INLAY_REPORT_CNAMES_H
