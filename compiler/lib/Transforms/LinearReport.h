// SPDX-License-Identifier: Apache-2.0
// What the user is told of dense layers with nothing nonlinear between them.
#ifndef INLAY_TRANSFORMS_LINEARREPORT_H
#define INLAY_TRANSFORMS_LINEARREPORT_H

#include <map>
#include <string>

#include "Inlay/Transforms/Passes.h"

namespace inlay::compiler {

/// Two dense layers with nothing nonlinear between them.
struct LinearPair {
  DenseOp first, second;
  int64_t inputs, middle, outputs;

  static std::optional<LinearPair> endingWith(DenseOp second);

  int64_t work() const { return inputs * middle + middle * outputs; }
  int64_t workOfOne() const { return inputs * outputs; }
  bool isWorthFolding() const { return workOfOne() < work(); }
};

/// Collects remarks. They advise an activation only where the weights of both layers were trained and nothing else
/// reads the first layer. A matrix in the source, or the stem of residual blocks, is linear on purpose.
class LinearReport {
 public:
  /// The pair is about to become one layer.
  void folded(LinearPair pair);
  /// The pair stays, for `reason`. It is empty if one layer would be more work.
  void kept(LinearPair pair, llvm::StringRef reason);
  /// Emits the remarks in the order of the source. Remarks for one place come in the order in which they were added.
  void emit() const;

 private:
  std::multimap<std::pair<unsigned, unsigned>, std::pair<mlir::Location, std::string>> entries;  // by line and column

  void add(LinearPair pair, std::string text);
};

}  // namespace inlay::compiler

#endif  // INLAY_TRANSFORMS_LINEARREPORT_H
