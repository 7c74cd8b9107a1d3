// SPDX-License-Identifier: Apache-2.0
// Weights that a kernel takes as an argument. The compiler does not know them, but it moves and packs them as it does
// embedded ones: until the network is planned, each element of a parameter is a number that says which one it is.
#ifndef INLAY_DIALECT_ARGUMENTWEIGHTS_H
#define INLAY_DIALECT_ARGUMENTWEIGHTS_H

#include "Inlay/Dialect/InlayDialect.h"

namespace inlay::compiler {

/// Attribute of a function whose weights are an argument: the floats of all its parameters, as the caller has them
/// before they are packed (parameter_offset() of graph_training.hpp).
inline constexpr llvm::StringLiteral kParametersAttr = "inlay.parameters";

/// Attribute of such a function: a dictionary for each parameter, with its "name", its "first" float and its "shape".
inline constexpr llvm::StringLiteral kParameterListAttr = "inlay.parameter_list";

/// The value of that attribute for the network around `op`, or of `op` itself; 0 if the weights are embedded.
int64_t argumentParametersOf(mlir::Operation *op);

/// An element that stands for float `index` of the parameters: a negative denormal number, or a number near them if
/// there are many parameters. Elements that passes move keep their bits, also through double.
float elementFor(int64_t index);
/// The reverse. Empty for a number that stands for itself.
std::optional<int64_t> parameterIndexOf(float element, int64_t parameters);

/// Whether elements of a constant stand for those of parameters. Passes must move them only, and not compute with them.
bool readsParameters(ConstantOp constant);

/// `number` or, if it could be taken for an element of a parameter, 0. Applies to all other numbers of such a network.
double withoutIndex(double number, int64_t parameters);

}  // namespace inlay::compiler

#endif  // INLAY_DIALECT_ARGUMENTWEIGHTS_H
