// SPDX-License-Identifier: Apache-2.0
// Finds linear layers that follow each other with nothing nonlinear between them.
#ifndef INLAY_TOOLS_INLAYC_LINEARLAYERS_H
#define INLAY_TOOLS_INLAYC_LINEARLAYERS_H

#include <string>
#include <vector>

#include "inlay/graph.hpp"

namespace inlay::tools {

/// One text for each pair, "file:line:column: note: ...": both layers, what it means, and what to do.
std::vector<std::string> describeLinearPairs(const graph_view& graph);

}  // namespace inlay::tools

#endif  // INLAY_TOOLS_INLAYC_LINEARLAYERS_H
