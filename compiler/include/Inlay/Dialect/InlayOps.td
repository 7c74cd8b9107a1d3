// SPDX-License-Identifier: Apache-2.0
// Operations of the inlay dialect.
#ifndef INLAY_OPS_TD
#define INLAY_OPS_TD

include "Inlay/Dialect/InlayDialect.td"
include "Inlay/Dialect/KernelOp.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Inlay_Op<string mnemonic, list<Trait> traits = []> : Op<Inlay_Dialect, mnemonic, traits>;

/// Declares those methods of KernelOp for which the operation differs from the defaults.
class Inlay_Kernel<list<string> methods = []> : DeclareOpInterfaceMethods<Inlay_KernelOp, methods>;

def Inlay_Tensor : StaticShapeTensorOf<[F32]>;
def Inlay_Weights : StaticShapeTensorOf<[F32, BF16]>;

def Inlay_ConstantOp : Inlay_Op<"constant", [Pure, ConstantLike, AllTypesMatch<["value", "result"]>,
                                                 Inlay_Kernel<["hasKernel", "sharesCode"]>]> {
  let summary = "weights, with a name if they come from a weights file";
  let description = [{
    ```mlir
    %w = inlay.constant "fc1.weight" dense<1.0> : tensor<32x64xf32>
    ```
  }];
  let arguments = (ins OptionalAttr<StrAttr>:$name, TypedAttrInterface:$value);
  let results = (outs Inlay_Weights:$result);
  let assemblyFormat = "($name^)? $value attr-dict";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Inlay_DenseOp : Inlay_Op<"dense", [Pure, AttrSizedOperandSegments, IsolatedFromAbove]> {
  let summary = "y[n] = sum over k of weight[n, k] * x[k], plus bias[n]; then the epilogue";
  let description = [{
    The layer of torch.nn.Linear. The fuse phase moves the pointwise computation that follows into `epilogue`: a
    scalar program over the sum and one element of each of `extras` (residuals).

    `zeros` is "skip" or "multiply" if the network decides how the layer treats inputs that are zero.

    ```mlir
    %y = inlay.dense "fc1" %x, %w bias(%b) with(%r)
           : (tensor<64xf32>, tensor<32x64xf32>, tensor<32xf32>, tensor<32xf32>) -> tensor<32xf32> {
    ^bb0(%sum: f32, %residual: f32):
      %0 = arith.addf %sum, %residual : f32
      %1 = inlay.activation "relu"(%0) : f32
      inlay.yield %1 : f32
    }
    ```
  }];
  let arguments = (ins StrAttr:$layer, Inlay_Tensor:$input, Inlay_Tensor:$weight, Optional<Inlay_Tensor>:$bias,
                       Variadic<Inlay_Tensor>:$extras, OptionalAttr<StrAttr>:$zeros);
  let results = (outs Inlay_Tensor:$result);
  let regions = (region AnyRegion:$epilogue);
  let assemblyFormat = [{
    $layer $input `,` $weight (`bias` `(` $bias^ `)`)? (`with` `(` $extras^ `)`)? attr-dict `:`
    functional-type(operands, results) ($epilogue^)?
  }];
  let hasVerifier = 1;
}

def Inlay_ContractionOp : Inlay_Op<"contraction", [Pure, AttrSizedOperandSegments, IsolatedFromAbove,
                                                       Inlay_Kernel<["readsBeforeWriting", "getFlops"]>]> {
  let summary = "a dense layer after the layout phase: packed weights and a register tile";
  let description = [{
    `weight` is packed `[panel][K][lanes]`, flat. A panel has `panel` output features; the last one is as narrow as a
    whole number of vectors allows. Missing features repeat the first one of their vector. The weights may be bf16, which a kernel widens to f32 as
    it loads them. `bias`, if present, is padded in the same way. A kernel keeps a tile of `rows` samples times `panel`
    features in registers. With `skip_zeros` the kernel for a single sample does not read the weights for inputs that
    are zero.
  }];
  let arguments = (ins StrAttr:$layer, Inlay_Tensor:$input, Inlay_Weights:$weight, Optional<Inlay_Tensor>:$bias,
                       Variadic<Inlay_Tensor>:$extras, I64Attr:$vector_length, I64Attr:$panel, I64Attr:$rows,
                       UnitAttr:$skip_zeros);
  let results = (outs Inlay_Tensor:$result);
  let regions = (region AnyRegion:$epilogue);
  let assemblyFormat = [{
    $layer $input `,` $weight (`bias` `(` $bias^ `)`)? (`with` `(` $extras^ `)`)?
    `tile` `(` $rows `x` $panel `)` `lanes` `(` $vector_length `)` attr-dict `:`
    functional-type(operands, results) ($epilogue^)?
  }];
  let hasVerifier = 1;
}

def Inlay_MapOp : Inlay_Op<"map", [Pure, IsolatedFromAbove, Inlay_Kernel<["readsBeforeWriting", "getFlops"]>]> {
  let summary = "a scalar program applied to every element";
  let description = [{
    An operand has the result's shape, or one element, which is broadcast. The region receives one element of each.

    ```mlir
    %y = inlay.map(%x) : (tensor<8xf32>) -> tensor<8xf32> {
    ^bb0(%a: f32):
      %0 = inlay.activation "sigmoid"(%a) : f32
      %1 = arith.mulf %a, %0 : f32
      inlay.yield %1 : f32
    }
    ```
  }];
  let arguments = (ins Variadic<Inlay_Tensor>:$inputs);
  let results = (outs Inlay_Tensor:$result);
  let regions = (region AnyRegion:$body);
  let assemblyFormat = "`(` $inputs `)` attr-dict `:` functional-type(operands, results) $body";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

def Inlay_YieldOp : Inlay_Op<"yield", [Pure, Terminator]> {
  let summary = "result of a scalar program";
  let arguments = (ins F32:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Inlay_ActivationOp : Inlay_Op<"activation", [Pure, SameOperandsAndResultType]> {
  let summary = "an activation from the activation table, on one element";
  let description = [{
    ```mlir
    %y = inlay.activation "leaky_relu"(%x) with [0.01] fast : f32
    ```
  }];
  let arguments = (ins StrAttr:$function, F32:$input, DefaultValuedAttr<DenseF32ArrayAttr, "{}">:$parameters,
                       UnitAttr:$fast);
  let results = (outs F32:$result);
  let assemblyFormat = "$function `(` $input `)` (`with` $parameters^)? (`fast` $fast^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    /// Row of the activation table.
    const ::inlay::activation_row &getRow();
    /// Value of parameter 0 or 1; the table's default where it is absent.
    float getParameter(unsigned index);
    /// The table's formula in double.
    double evaluate(double input);
  }];
}

def Inlay_SoftmaxOp : Inlay_Op<"softmax", [Pure, SameOperandsAndResultType,
    Inlay_Kernel<["readsBeforeWriting", "getFlops", "reliesOnNearest"]>]> {
  let summary = "exp(x - max) / sum of exp(x - max) over the last dimension, or its logarithm";
  let arguments = (ins Inlay_Tensor:$input, UnitAttr:$logarithm);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "(`log` $logarithm^)? $input attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Inlay_ReshapeOp : Inlay_Op<"reshape", [Pure, Inlay_Kernel<["hasKernel", "getViewed", "sharesCode"]>]> {
  let summary = "the same elements in row-major order under another shape";
  let arguments = (ins Inlay_Tensor:$input);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Inlay_ConcatOp : Inlay_Op<"concat", [Pure, Inlay_Kernel<["getPieces", "sharesCode"]>]> {
  let summary = "operands joined along an axis";
  let arguments = (ins Variadic<Inlay_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "`(` $inputs `)` `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Inlay_SliceOp : Inlay_Op<"slice", [Pure, Inlay_Kernel<[]>]> {
  let summary = "elements `start` to `start + length - 1` of an axis";
  let arguments = (ins Inlay_Tensor:$input, I64Attr:$axis, I64Attr:$start, I64Attr:$length);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "$input `axis` $axis `from` $start `length` $length attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // INLAY_OPS_TD
