// SPDX-License-Identifier: Apache-2.0
// What inlayc writes beside a kernel object.
#ifndef INLAY_REPORT_REPORT_H
#define INLAY_REPORT_REPORT_H

#include "Inlay/Network/Summary.h"
#include "llvm/Support/raw_ostream.h"

namespace inlay::compiler {

/// How every header and every manifest begins. By this inlayc recognises an old one as its own.
inline constexpr llvm::StringLiteral kHeaderMark = "/* Written by inlayc";
inline constexpr llvm::StringLiteral kManifestMark = "{\n  \"written_by\": \"inlayc\"";
/// How a manifest without that line begins.
inline constexpr llvm::StringLiteral kUnmarkedManifest = "{\n  \"networks\": [\n    {\n      \"flops_per_sample\":";

/// C declarations of the entry points, with sizes as constants. `choosesCpu` says that the object is for several CPUs.
void writeHeader(llvm::ArrayRef<NetworkSummary> networks, bool choosesCpu, llvm::raw_ostream &out);

/// JSON: symbols, shapes, scratch and weight bytes, FLOPs, tiles and what was fused into each layer. With several
/// targets, the layers are those of the first one.
void writeManifest(llvm::ArrayRef<NetworkSummary> networks, llvm::ArrayRef<std::string> targets,
                   llvm::raw_ostream &out);

/// Text: each layer's shape, tile, FLOPs, weights, what was fused into it, and what limits its speed.
void writeExplanation(llvm::ArrayRef<NetworkSummary> networks, llvm::StringRef target, llvm::raw_ostream &out);

}  // namespace inlay::compiler

#endif  // INLAY_REPORT_REPORT_H
