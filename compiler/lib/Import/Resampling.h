// SPDX-License-Identifier: Apache-2.0
// Operations of the graph that make an axis longer or shorter, as ops of the dialect.
#ifndef INLAY_IMPORT_RESAMPLING_H
#define INLAY_IMPORT_RESAMPLING_H

#include "Inlay/Dialect/InlayDialect.h"
#include "inlay/operations.hpp"
#include "mlir/IR/Builders.h"

namespace inlay::compiler {

mlir::Value importPad(mlir::Value x, const ops::pad_attributes &padding, mlir::Location loc, mlir::OpBuilder &builder);
mlir::Value importUpsample(mlir::Value x, const ops::upsample_attributes &how, mlir::Location loc,
                           mlir::OpBuilder &builder);
mlir::Value importAdaptiveAvgPool(mlir::Value x, const ops::adaptive_avg_pool_attributes &sizes, mlir::Location loc,
                                  mlir::OpBuilder &builder);

}  // namespace inlay::compiler

#endif  // INLAY_IMPORT_RESAMPLING_H
