// SPDX-License-Identifier: Apache-2.0
// Passes of the simplify phase that compute at compile time what depends on weights alone.
#ifndef INLAY_TRANSFORMS_FOLDING
#define INLAY_TRANSFORMS_FOLDING

include "mlir/Pass/PassBase.td"

def FoldConstantsPass : Pass<"inlay-fold-constants", "::mlir::func::FuncOp"> {
  let summary = "compute what depends on weights and numbers alone";
  let description = [{
    Maps, softmax, concats and dense layers of constants become constants, computed in double and rounded once. A
    constant of equal elements stays one number, however many elements it has. A bias that depends on an input becomes
    an addition. A weight that depends on an input is an error.
  }];
}

def FoldScalarsPass : Pass<"inlay-fold-scalars", "::mlir::func::FuncOp"> {
  let summary = "compute what depends on constants alone inside of maps";
  let description = [{
    1 / sqrt(variance + eps) becomes a constant operand, or a literal if it is the same for all elements. A large
    constant of equal elements that remains is stored as one number, which is repeated at run time.
  }];
}

#endif // INLAY_TRANSFORMS_FOLDING
