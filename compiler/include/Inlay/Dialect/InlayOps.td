// SPDX-License-Identifier: Apache-2.0
// Operations of the inlay dialect.
#ifndef INLAY_OPS_TD
#define INLAY_OPS_TD

include "Inlay/Dialect/InlayDialect.td"
include "Inlay/Dialect/KernelOp.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Inlay_Op<string mnemonic, list<Trait> traits = []> : Op<Inlay_Dialect, mnemonic, traits>;

/// The op has an epilogue, a region `epilogue` over its result and one element of each of `extras`.
def Inlay_Epilogue : DeclareOpInterfaceMethods<Inlay_EpilogueOp>;

def Inlay_Reduction : I32EnumAttr<"Reduction", "how a window combines its pixels",
    [I32EnumAttrCase<"max", 0>, I32EnumAttrCase<"sum", 1>, I32EnumAttrCase<"weighted", 2>]> {
  let cppNamespace = "::inlay::compiler";
  let genSpecializedAttr = 0;
}
def Inlay_ReductionAttr : EnumAttr<Inlay_Dialect, Inlay_Reduction, "reduction"> {
  let assemblyFormat = "$value";
}

/// Declares those methods of KernelOp for which the operation differs from the defaults.
class Inlay_Kernel<list<string> methods = []> : DeclareOpInterfaceMethods<Inlay_KernelOp, methods>;

def Inlay_Tensor : StaticShapeTensorOf<[F32]>;
def Inlay_Indices : StaticShapeTensorOf<[I32]>;
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

def Inlay_DenseOp : Inlay_Op<"dense", [Pure, AttrSizedOperandSegments, IsolatedFromAbove, Inlay_Epilogue]> {
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

def Inlay_Conv2dOp : Inlay_Op<"conv2d", [Pure, AttrSizedOperandSegments, IsolatedFromAbove, Inlay_Epilogue]> {
  let summary = "a convolution of an image [C, H, W]; then the epilogue";
  let description = [{
    The layer of torch.nn.Conv2d, with the attributes of the graph's operation. The layout phase makes an
    `inlay.conv2d_nhwc` or, if each channel is a group of its own, an `inlay.window` of it.

    ```mlir
    %y = inlay.conv2d "conv1" %x, %w bias(%b) {stride_h = 2 : i64, ...}
           : (tensor<3x32x32xf32>, tensor<16x3x3x3xf32>, tensor<16xf32>) -> tensor<16x15x15xf32>
    ```
  }];
  let arguments = (ins StrAttr:$layer, Inlay_Tensor:$input, Inlay_Tensor:$weight, Optional<Inlay_Tensor>:$bias,
                       Variadic<Inlay_Tensor>:$extras, I64Attr:$stride_h, I64Attr:$stride_w, I64Attr:$padding_top,
                       I64Attr:$padding_left, I64Attr:$padding_bottom, I64Attr:$padding_right, I64Attr:$dilation_h,
                       I64Attr:$dilation_w, I64Attr:$groups);
  let results = (outs Inlay_Tensor:$result);
  let regions = (region AnyRegion:$epilogue);
  let assemblyFormat = [{
    $layer $input `,` $weight (`bias` `(` $bias^ `)`)? (`with` `(` $extras^ `)`)? attr-dict `:`
    functional-type(operands, results) ($epilogue^)?
  }];
  let hasVerifier = 1;
}

def Inlay_ConvTranspose2dOp : Inlay_Op<"conv_transpose2d", [Pure, AttrSizedOperandSegments, IsolatedFromAbove, Inlay_Epilogue]> {
  let summary = "a transposed convolution of an image [C, H, W]; then the epilogue";
  let description = [{
    The layer of torch.nn.ConvTranspose2d, with the attributes of the graph's operation. The weight is [outputs,
    C / groups, kernel height, kernel width] like that of `inlay.conv2d`; the import turns PyTorch's into it. The layout
    phase makes an `inlay.conv2d` of it.

    ```mlir
    %y = inlay.conv_transpose2d "up1" %x, %w bias(%b) {stride_h = 2 : i64, ...}
           : (tensor<16x8x8xf32>, tensor<8x16x4x4xf32>, tensor<8xf32>) -> tensor<8x16x16xf32>
    ```
  }];
  let arguments = (ins StrAttr:$layer, Inlay_Tensor:$input, Inlay_Tensor:$weight, Optional<Inlay_Tensor>:$bias,
                       Variadic<Inlay_Tensor>:$extras, I64Attr:$stride_h, I64Attr:$stride_w, I64Attr:$padding_top,
                       I64Attr:$padding_left, I64Attr:$padding_bottom, I64Attr:$padding_right, I64Attr:$dilation_h,
                       I64Attr:$dilation_w, I64Attr:$output_padding_h, I64Attr:$output_padding_w, I64Attr:$groups);
  let results = (outs Inlay_Tensor:$result);
  let regions = (region AnyRegion:$epilogue);
  let assemblyFormat = [{
    $layer $input `,` $weight (`bias` `(` $bias^ `)`)? (`with` `(` $extras^ `)`)? attr-dict `:`
    functional-type(operands, results) ($epilogue^)?
  }];
  let hasVerifier = 1;
}

class Inlay_Pool<string mnemonic, dag more = (ins)> : Inlay_Op<mnemonic, [Pure]> {
  let arguments = !con((ins Inlay_Tensor:$input, I64Attr:$kernel_h, I64Attr:$kernel_w, I64Attr:$stride_h,
                            I64Attr:$stride_w, I64Attr:$padding_top, I64Attr:$padding_left, I64Attr:$padding_bottom,
                            I64Attr:$padding_right, I64Attr:$dilation_h, I64Attr:$dilation_w, I64Attr:$ceil_mode),
                       more);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Inlay_MaxPoolOp : Inlay_Pool<"max_pool"> {
  let summary = "the largest element of each window of an image [C, H, W]";
}

def Inlay_AvgPoolOp : Inlay_Pool<"avg_pool", (ins I64Attr:$count_include_pad)> {
  let summary = "the mean of each window of an image [C, H, W]";
}

def Inlay_Conv2dNhwcOp : Inlay_Op<"conv2d_nhwc", [Pure, AttrSizedOperandSegments, IsolatedFromAbove, Inlay_Epilogue]> {
  let summary = "a convolution of an image [H, W, C] that is already padded; then the epilogue";
  let description = "The weight is [outputs, C, kernel height, kernel width], as PyTorch stores it.";
  let arguments = (ins StrAttr:$layer, Inlay_Tensor:$input, Inlay_Tensor:$weight, Optional<Inlay_Tensor>:$bias,
                       Variadic<Inlay_Tensor>:$extras, Inlay_WindowAttr:$window);
  let results = (outs Inlay_Tensor:$result);
  let regions = (region AnyRegion:$epilogue);
  let assemblyFormat = [{
    $layer $input `,` $weight (`bias` `(` $bias^ `)`)? (`with` `(` $extras^ `)`)? $window attr-dict `:`
    functional-type(operands, results) ($epilogue^)?
  }];
  let hasVerifier = 1;
}

def Inlay_WindowOp : Inlay_Op<"window", [Pure, AttrSizedOperandSegments, IsolatedFromAbove, Inlay_Epilogue,
                                             Inlay_Kernel<["readsBeforeWriting", "getFlops", "readsLines", "writesLines",
                                                            "getLines"]>]> {
  let summary = "combines the pixels under a window, channel by channel, of an image [H, W, C]; then the epilogue";
  let description = [{
    `reduction` is `max`, `sum`, or `weighted`: the sum of the pixels times `weight`, which is [taps, C], plus `bias`.
    The last one is a depthwise convolution.
  }];
  let arguments = (ins Inlay_ReductionAttr:$reduction, Inlay_Tensor:$input, Optional<Inlay_Tensor>:$weight,
                       Optional<Inlay_Tensor>:$bias, Variadic<Inlay_Tensor>:$extras, Inlay_WindowAttr:$window,
                       OptionalAttr<StrAttr>:$layer);
  let results = (outs Inlay_Tensor:$result);
  let regions = (region AnyRegion:$epilogue);
  let assemblyFormat = [{
    ($layer^)? $reduction $input (`weight` `(` $weight^ `)`)? (`bias` `(` $bias^ `)`)? (`with` `(` $extras^ `)`)? $window
    attr-dict `:` functional-type(operands, results) ($epilogue^)?
  }];
  let hasVerifier = 1;
}

def Inlay_ContractionOp : Inlay_Op<"contraction", [Pure, AttrSizedOperandSegments, IsolatedFromAbove, Inlay_Epilogue,
                                                       Inlay_Kernel<["readsBeforeWriting", "getFlops", "readsLines", "writesLines",
                                                            "getLines", "getWorkspace"]>]> {
  let summary = "a dense layer after the layout phase: packed weights and a register tile";
  let description = [{
    `weight` is packed `[panel][K][lanes]`, flat. A panel has `panel` output features; the last one is as narrow as a
    whole number of vectors allows. Missing features repeat the first one of their vector. The weights may be bf16, which a kernel widens to f32 as
    it loads them. `bias`, if present, is padded in the same way. A kernel keeps a tile of `rows` samples times `panel`
    features in registers. With `skip_zeros` the kernel for a single sample does not read the weights for inputs that
    are zero.

    With `along_inputs` the weights are [N][K], K filled up with zeros to whole registers: a layer of few features and
    many inputs adds products of neighbouring inputs in the lanes, and the lanes in the end.

    With a `window` the op is a convolution: an image [H, W, C] becomes [OH, OW, N], and K is kernel height x kernel
    width x C. The rows of a tile are then pixels of one sample, `columns` of each line. The first and last lines of the
    image that `zero_lines` counts are zero, so a kernel may leave them out.
  }];
  let arguments = (ins StrAttr:$layer, Inlay_Tensor:$input, Inlay_Weights:$weight, Optional<Inlay_Tensor>:$bias,
                       Variadic<Inlay_Tensor>:$extras, I64Attr:$vector_length, I64Attr:$panel, I64Attr:$rows,
                       UnitAttr:$skip_zeros, OptionalAttr<Inlay_WindowAttr>:$window, OptionalAttr<I64Attr>:$columns,
                       OptionalAttr<DenseI64ArrayAttr>:$zero_lines, UnitAttr:$along_inputs);
  let results = (outs Inlay_Tensor:$result);
  let regions = (region AnyRegion:$epilogue);
  let assemblyFormat = [{
    $layer $input `,` $weight (`bias` `(` $bias^ `)`)? (`with` `(` $extras^ `)`)?
    `tile` `(` $rows `x` $panel `)` `lanes` `(` $vector_length `)` (`window` `(` $window^ `)`)? attr-dict `:`
    functional-type(operands, results) ($epilogue^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Terms of each sum.
    int64_t getDepth();
    /// Features: results of a dense layer, channels of a convolution.
    int64_t getFeatures();
    /// With `along_inputs`: from the weights of one feature to those of the next.
    int64_t getFeatureStride();
    /// The workspace of a layer that skips zeros has two lists of so many elements and a count: the values of the
    /// inputs that are not zero, and their places.
    int64_t getListLength(int64_t lanes);
    /// Places at which the features are computed: 1, or the pixels of a convolution's result.
    int64_t getPixels();
  }];
}

def Inlay_MapOp : Inlay_Op<"map", [Pure, IsolatedFromAbove, Inlay_Kernel<["readsBeforeWriting", "getFlops"]>]> {
  let summary = "a scalar program applied to every element";
  let description = [{
    Operands are broadcast to the result's shape as in PyTorch. The region receives one element of each.

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
                       UnitAttr:$fast, UnitAttr:$approximate);
  let results = (outs F32:$result);
  let assemblyFormat = [{
    $function `(` $input `)` (`with` $parameters^)? (`fast` $fast^)? (`approximate` $approximate^)? attr-dict `:`
    type($result)
  }];
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

def Inlay_ReduceOp : Inlay_Op<"reduce", [Pure, Inlay_Kernel<["getFlops", "readsLines"]>]> {
  let summary = "the sum, mean, largest or smallest element, or the largest one's place, along axes";
  let description = [{
    `kind` is 0 to 4 for sum, mean, amax, amin and argmax. Bit i of `axes` stands for axis i. With `keepdim` 1 these axes
    stay, with size 1.

    ```mlir
    %y = inlay.reduce %x {kind = 1 : i64, axes = 6 : i64, keepdim = 0 : i64} : (tensor<8x4x4xf32>) -> tensor<8xf32>
    ```
  }];
  let arguments = (ins Inlay_Tensor:$input, I64Attr:$kind, I64Attr:$axes, I64Attr:$keepdim);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Inlay_NormalizeOp : Inlay_Op<"normalize", [Pure, IsolatedFromAbove, Inlay_Epilogue,
                                                   Inlay_Kernel<["readsBeforeWriting", "getFlops", "readsLines",
                                                                 "writesLines"]>]> {
  let summary = "(x - mean) / sqrt(variance + eps) for each run of elements; then the epilogue";
  let description = [{
    A run has all elements along the axes from `axis` on, in one of `groups` parts of axis `axis`. `eps` is the number's
    bits. Without `centred` the mean counts as 0. With `channels_last` the value is an image [H, W, C], while `axis` counts
    in [C, H, W].

    ```mlir
    %y = inlay.normalize %x with(%w) {axis = 0 : i64, groups = 4 : i64, eps = 925353388 : i64, centred = 1 : i64}
           : (tensor<8x6x6xf32>, tensor<8x1x1xf32>) -> tensor<8x6x6xf32> {
    ^bb0(%x: f32, %weight: f32):
      %0 = arith.mulf %x, %weight : f32
      inlay.yield %0 : f32
    }
    ```
  }];
  let arguments = (ins Inlay_Tensor:$input, Variadic<Inlay_Tensor>:$extras, I64Attr:$axis, I64Attr:$groups,
                       I64Attr:$eps, I64Attr:$centred, UnitAttr:$channels_last);
  let results = (outs Inlay_Tensor:$result);
  let regions = (region AnyRegion:$epilogue);
  let assemblyFormat = [{
    $input (`with` `(` $extras^ `)`)? attr-dict `:` functional-type(operands, results) ($epilogue^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    float getEpsilon() { return llvm::bit_cast<float>(static_cast<uint32_t>(getEps())); }
    /// The axis of the result that is axis `getAxis()` of the graph's operation.
    unsigned getGroupedAxis();
    /// Whether axis `axis` of the result lies within runs.
    bool isReduced(unsigned axis);
  }];
}

def Inlay_ReshapeOp : Inlay_Op<"reshape", [Pure, Inlay_Kernel<["hasKernel", "getViewed", "sharesCode"]>]> {
  let summary = "the same elements in row-major order under another shape";
  let arguments = (ins Inlay_Tensor:$input);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Inlay_PermuteOp : Inlay_Op<"permute", [Pure, Inlay_Kernel<["writesLines"]>]> {
  let summary = "axis i of the result is axis axes[i] of the operand (torch.permute)";
  let arguments = (ins Inlay_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "$input $axes attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

def Inlay_PadOp : Inlay_Op<"pad", [Pure, Inlay_Kernel<["getPieces", "getPieceLine", "sharesCode"]>]> {
  let summary = "the operand with `low` elements before it and `high` after it along each axis, all equal to `value`";
  let arguments = (ins Inlay_Tensor:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high, F32Attr:$value);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "$input `low` $low `high` $high `value` $value attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
}

def Inlay_ResampleOp : Inlay_Op<"resample", [Pure, Inlay_Kernel<["getFlops", "readsLines", "writesLines", "getLines"]>]> {
  let summary = "each index of an axis is a weighted sum over a few indices of the operand's axis";
  let description = [{
    y[a, i, b] = sum over t of weight[i, t] * x[a, sources[i, t], b], where a and b stand for the axes before and after
    `axis`. All indices have the same number of terms; a source of -1 is no term. Without `weight`, which is constant,
    there is one source each, and the op moves elements. Interpolation, mirrored borders and means over parts of an axis
    are such ops, one for each axis.

    ```mlir
    %y = inlay.resample %x axis 1 from [0, 0, 1, 1] : (tensor<4x2x8xf32>) -> tensor<4x4x8xf32>
    ```
  }];
  let arguments = (ins Inlay_Tensor:$input, Optional<Inlay_Tensor>:$weight, I64Attr:$axis, DenseI64ArrayAttr:$sources);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = [{
    $input (`weight` `(` $weight^ `)`)? `axis` $axis `from` $sources attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    /// Sources of each index.
    int64_t getTaps();
  }];
}

def Inlay_EmbeddingOp : Inlay_Op<"embedding", [Pure, Inlay_Kernel<>]> {
  let summary = "for each index, that row of the weight";
  let description = [{
    The layer of torch.nn.Embedding. Where the weight has no such row, all elements are NaN, and nothing is read.

    ```mlir
    %y = inlay.embedding %tokens, %w : (tensor<20xi32>, tensor<1000x64xf32>) -> tensor<20x64xf32>
    ```
  }];
  let arguments = (ins Inlay_Indices:$indices, Inlay_Tensor:$weight);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "$indices `,` $weight attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Inlay_ConcatOp : Inlay_Op<"concat", [Pure, Inlay_Kernel<["getPieces", "sharesCode"]>]> {
  let summary = "operands joined along an axis";
  let arguments = (ins Variadic<Inlay_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "`(` $inputs `)` `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Inlay_HistoryOp : Inlay_Op<"history", [Inlay_Kernel<["sharesCode"]>]> {
  let summary = "the operand of this step and of steps before it, oldest first";
  let description = [{
    Row i of the result is the operand of the step `(taps - 1 - i) * dilation` steps ago. The network's memory keeps the
    operand in a ring of rows, at element `place`. The kernel adds the row of each step to it. Zeros stand for steps
    before the first one.

    ```mlir
    %y = inlay.history %x taps 3 dilation 4 place 0 : (tensor<16xf32>) -> tensor<3x16xf32>
    ```
  }];
  let arguments = (ins Inlay_Tensor:$input, I64Attr:$taps, I64Attr:$dilation, I64Attr:$place);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = [{
    $input `taps` $taps `dilation` $dilation `place` $place attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Inlay_SliceOp : Inlay_Op<"slice", [Pure, Inlay_Kernel<["hasKernel", "getViewed", "getViewedOffset", "sharesCode",
                                                           "writesLines"]>]> {
  let summary = "elements `start` to `start + length - 1` of an axis";
  let description = [{
    A piece of a vector, and rows of a matrix, are not copied: the result lies inside of the operand.
  }];
  let arguments = (ins Inlay_Tensor:$input, I64Attr:$axis, I64Attr:$start, I64Attr:$length);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "$input `axis` $axis `from` $start `length` $length attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Inlay_AdjointOp : Inlay_Op<"adjoint", [Pure]> {
  let summary = "the weight of a layer on the way back";
  let description = [{
    `weight` is [N, C] of a dense layer, or [N, C, kernel height, kernel width] of a convolution. The result has the
    first two axes exchanged and the taps in reverse order: with it the layer's gradient is a layer of the same kind.
    The layout phase packs a parameter in this order.
  }];
  let arguments = (ins Inlay_Tensor:$weight);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "$weight attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Inlay_PackOp : Inlay_Op<"pack", [Pure, Inlay_Kernel<["hasKernel", "sharesCode"]>]> {
  let summary = "learned weights as a contraction reads them";
  let description = [{
    `weight` is [N, C] or, for a convolution, [N, C, taps...], a parameter of a network that is
    trained. With `transposed` its adjoint is packed. The result has the layout of a contraction's weight,
    `[panel][K][lanes]`, where K goes through the taps and in each through the channels. One lane, and a panel of all
    features, make the weight [taps, C] of a depthwise convolution. It lies in the scratch memory.
    `<network>_begin` computes it; kernels only read it.
  }];
  let arguments = (ins Inlay_Tensor:$weight, I64Attr:$lanes, I64Attr:$panel, UnitAttr:$transposed);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = [{
    $weight `lanes` `(` $lanes `)` `panel` `(` $panel `)` (`transposed` $transposed^)? attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Inlay_MaxPoolGradientOp : Inlay_Op<"max_pool_gradient", [Pure, Inlay_Kernel<["getFlops"]>]> {
  let summary = "gives each window's gradient to the first of its largest pixels";
  let description = [{
    `input` is an image [H, W, C] with its border, `largest` the largest pixel of each window and `gradient` what that
    pixel gets. The result is the gradient of `input`: a pixel that is the largest of several windows gets the sum.
  }];
  let arguments = (ins Inlay_Tensor:$gradient, Inlay_Tensor:$largest, Inlay_Tensor:$input, Inlay_WindowAttr:$window);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = "$gradient `,` $largest `,` $input $window attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Inlay_AccumulateOp : Inlay_Op<"accumulate", [Pure, Inlay_Kernel<["readsBeforeWriting", "getViewed", "getFlops",
                                                                     "sharesCode"]>]> {
  let summary = "a sum over the samples of a batch: sum + left, or with `right` sum[n, k] + left[n] * right[k]";
  let description = [{
    `sum` is a state, and the result is its next value, which takes over its memory. So the samples of a batch are steps
    of a network with state. The kernel for a block of rows adds all of them at once.

    With a `window` the sum is the weight [N, C, kernel height, kernel width] of a convolution, `left` an image
    [OH, OW, N] and `right` the padded image [H, W, C] that the window slides over: each pixel of `left` adds its
    products with the pixels under its window. With a weight [C, 1, kernel height, kernel width] for more channels than
    one, each channel of `left` is multiplied with its own channel of `right`.

    If `right` has indices, the sum is the weight [rows, D] of an embedding, and each index adds a row of `left` to that
    row of the sum. An index without a row adds nothing.

    ```mlir
    %g1 = inlay.accumulate %g0, %dy by %x : (tensor<8x2xf32>, tensor<8xf32>, tensor<2xf32>) -> tensor<8x2xf32>
    ```
  }];
  let arguments = (ins Inlay_Tensor:$sum, Inlay_Tensor:$left, Optional<StaticShapeTensorOf<[F32, I32]>>:$right,
                       OptionalAttr<Inlay_WindowAttr>:$window);
  let results = (outs Inlay_Tensor:$result);
  let assemblyFormat = [{
    $sum `,` $left (`by` $right^)? (`window` `(` $window^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// Whether `right` has the rows to which the elements of `left` are added.
    bool hasIndices();
    /// Whether the sum is the weight of a convolution in which each channel is a group of its own.
    bool isDepthwise();
  }];
  let hasVerifier = 1;
}

#endif // INLAY_OPS_TD
