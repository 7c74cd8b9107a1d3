// SPDX-License-Identifier: Apache-2.0
// Passes of the simplify phase that compute at compile time what weights alone decide.
#ifndef INLAY_TRANSFORMS_FOLDING
#define INLAY_TRANSFORMS_FOLDING

include "mlir/Pass/PassBase.td"

def FoldConstantsPass : Pass<"inlay-fold-constants", "::mlir::func::FuncOp"> {
  let summary = "compute what depends on weights and numbers alone";
  let description = [{
    Maps, softmax, concats and dense layers of constants become constants, computed in double and rounded once. A
    constant of equal elements stays one number, however many elements it has. A bias that depends on an input becomes
    an addition; a weight that does is an error.
  }];
}

def FoldScalarsPass : Pass<"inlay-fold-scalars", "::mlir::func::FuncOp"> {
  let summary = "compute what constants alone make inside of maps";
  let description = [{
    1 / sqrt(variance + eps) becomes a constant operand, or a literal where it is the same for all elements. A large
    constant of equal elements that remains is repeated at run time instead of being stored.
  }];
}

#endif // INLAY_TRANSFORMS_FOLDING
