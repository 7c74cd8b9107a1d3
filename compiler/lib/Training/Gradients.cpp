// SPDX-License-Identifier: Apache-2.0
// The gradient of each op, in one rule per op. All values are those of one sample; only the gradients of parameters are
// sums over the batch, which inlay.accumulate makes.
#include "Gradients.h"

#include "inlay/operations.hpp"
#include "llvm/ADT/TypeSwitch.h"

namespace inlay::compiler {

using mlir::failure;
using mlir::Location;
using mlir::LogicalResult;
using mlir::success;
using mlir::Value;

std::string describe(mlir::Operation *op) {
  if (std::string layer = layerPrefix(op); !layer.empty()) return layer;
  if (auto loc = op->getLoc()->findInstanceOf<mlir::NameLoc>()) return ("'" + loc.getName().getValue() + "': ").str();
  return "";
}

Value sumAlong(Value value, uint32_t axes, bool keepdim, mlir::OpBuilder &builder, Location loc) {
  llvm::SmallVector<int64_t> sizes;
  for (auto [axis, size] : llvm::enumerate(sizesOf(value)))
    if ((axes >> axis & 1) == 0)
      sizes.push_back(size);
    else if (keepdim)
      sizes.push_back(1);
  return builder.create<ReduceOp>(loc, typeOf(value).clone(sizes), value, int64_t(ops::reduction::sum), int64_t(axes),
                                  int64_t(keepdim));
}

/// Whether so many ops read a parameter that it belongs to the steps of a sequence.
static bool isReadOften(Value parameter) {
  /// What fewer ops add is added at once. Then nothing is copied, and it need not be kept.
  constexpr size_t kFewReaders = 4;
  size_t readers = 0;
  for (mlir::Operation *user : parameter.getUsers())
    readers += llvm::isa<ReshapeOp>(user) ? static_cast<size_t>(llvm::range_size(user->getUsers())) : 1;
  return readers >= kFewReaders;
}

GradientBuilder::GradientBuilder(mlir::func::FuncOp function, const llvm::MapVector<Value, Value> &sums,
                                 BatchSums &batchSums, mlir::OpBuilder &builder)
    : function(function), builder(builder), sums(sums), batchSums(batchSums) {
  for (auto &[parameter, sum] : sums) {
    active.insert(parameter);
    if (isReadOften(parameter)) readOften.insert(parameter);
  }
  for (mlir::Operation &op : function.front().without_terminator())
    if (llvm::any_of(op.getOperands(), [&](Value operand) { return active.contains(operand); }))
      active.insert(op.getResult(0));
}

LogicalResult GradientBuilder::run(Value loss) {
  auto type = typeOf(loss);
  Value one =
      builder.create<ConstantOp>(loss.getLoc(), type, mlir::StringAttr(), mlir::DenseElementsAttr::get(type, 1.0f));
  return run({{loss, one}});
}

LogicalResult GradientBuilder::run(llvm::ArrayRef<std::pair<Value, Value>> seeds) {
  llvm::SmallVector<mlir::Operation *> ops;
  for (mlir::Operation &op : function.front().without_terminator()) ops.push_back(&op);
  for (auto [value, gradient] : seeds) add(value, gradient);
  for (mlir::Operation *op : llvm::reverse(ops)) {
    auto found = gradients.find(op->getResult(0));
    if (found == gradients.end()) continue;
    Value dy = sumOf(found->second, op->getLoc());
    const LogicalResult result =
        llvm::TypeSwitch<mlir::Operation *, LogicalResult>(op)
            .Case<DenseOp, MapOp, SoftmaxOp, ReshapeOp, PermuteOp, ConcatOp, SliceOp, PadOp, ReduceOp, NormalizeOp,
                  Conv2dOp, ConvTranspose2dOp, MaxPoolOp, AvgPoolOp, ResampleOp, EmbeddingOp, AccumulateOp>(
                [&](auto each) { return rule(each, dy); })
            .Default([&](mlir::Operation *each) -> LogicalResult {
              mlir::emitError(each->getLoc())
                  << describe(each) << "'" << each->getName().stripDialect() << "' has no compiled gradient yet; "
                  << "train the layers before it elsewhere, or make it of operations that have one (docs/training.md)";
              return failure();
            });
    if (mlir::failed(result)) return failure();
  }
  addTogether();
  return success();
}

void GradientBuilder::add(Value value, Value gradient) {
  if (!active.contains(value)) return;
  if (sums.contains(value))
    accumulate(value, gradient, Value(), WindowAttr());
  else
    gradients[value].push_back(gradient);
}

void GradientBuilder::addToSum(Value parameter, Value left, Value right, WindowAttr window) {
  Value &sum = sums.find(parameter)->second;
  sum = builder.create<AccumulateOp>(left.getLoc(), sum.getType(), sum, left, right, window);
}

void GradientBuilder::accumulate(Value parameter, Value left, Value right, WindowAttr window) {
  const auto isVector = [](Value value) {
    return sizesOf(value).size() == 1 && typeOf(value).getElementType().isF32();
  };
  if (readOften.contains(parameter) && !window && (!right || (isVector(left) && isVector(right)))) {
    Additions &kept = (right ? products : values)[parameter];
    kept.left.push_back(left), kept.right.push_back(right);
    return;
  }
  addToSum(parameter, left, right, window);
}

void GradientBuilder::addTogether() {
  // All steps have one type. They become the rows of a matrix.
  const auto rowsOf = [&](llvm::ArrayRef<Value> steps) -> Value {
    Location loc = steps.front().getLoc();
    auto type = typeOf(steps.front());
    llvm::SmallVector<Value> rows;
    for (Value step : steps) rows.push_back(reshaped(step, type.clone({1, type.getNumElements()}), loc));
    if (rows.size() == 1) return rows.front();
    return builder.create<ConcatOp>(loc, type.clone({static_cast<int64_t>(rows.size()), type.getNumElements()}), rows,
                                    /*axis=*/0);
  };
  for (auto &[parameter, kept] : values) {
    Location loc = kept.left.front().getLoc();
    Value sum = sumAlong(rowsOf(kept.left), /*axes=*/1, /*keepdim=*/false, builder, loc);
    addToSum(parameter, reshaped(sum, kept.left.front().getType(), loc), Value(), WindowAttr());
  }
  // The rows are the pixels of one line.
  for (auto &[parameter, kept] : products) {
    const auto line = [&](Value rows) {
      return reshaped(rows, typeOf(rows).clone({1, sizesOf(rows)[0], sizesOf(rows)[1]}), rows.getLoc());
    };
    addToSum(parameter, line(rowsOf(kept.left)), line(rowsOf(kept.right)),
             WindowAttr::get(builder.getContext(), 1, 1, 1, 1, 1, 1));
  }
}

/// The axis along which `pad` puts zeros around its operand, if it is only one; -1 if not.
static int64_t axisOf(PadOp pad) {
  int64_t found = -1;
  for (auto [axis, low] : llvm::enumerate(pad.getLow()))
    if (low != 0 || pad.getHigh()[axis] != 0) {
      if (found >= 0) return -1;
      found = static_cast<int64_t>(axis);
    }
  return found;
}

/// Joins gradients of pieces, which have zeros around them, where the pieces do not overlap.
static llvm::SmallVector<Value> withPiecesJoined(llvm::ArrayRef<Value> terms, mlir::OpBuilder &builder, Location loc) {
  llvm::SmallVector<Value> joined;
  llvm::MapVector<int64_t, llvm::SmallVector<PadOp>> pieces;  // by axis
  for (Value term : terms) {
    auto pad = term.getDefiningOp<PadOp>();
    const int64_t axis = pad && pad.getValue().isZero() ? axisOf(pad) : -1;
    if (axis < 0)
      joined.push_back(term);
    else
      pieces[axis].push_back(pad);
  }
  for (auto &[axis, pads] : pieces) {
    const auto along = static_cast<size_t>(axis);
    llvm::stable_sort(pads, [&](PadOp a, PadOp b) { return a.getLow()[along] < b.getLow()[along]; });
    llvm::SmallVector<Value> row;
    int64_t end = 0;
    const auto skipTo = [&](int64_t place) {
      llvm::SmallVector<int64_t> sizes(sizesOf(pads.front().getResult()));
      sizes[along] = place - end;
      auto type = typeOf(pads.front().getResult()).clone(sizes);
      if (place > end)
        row.push_back(
            builder.create<ConstantOp>(loc, type, mlir::StringAttr(), mlir::DenseElementsAttr::get(type, 0.0f)));
      end = place;
    };
    llvm::SmallVector<PadOp> inRow;
    for (PadOp pad : pads) {
      if (pad.getLow()[along] < end) {
        joined.push_back(pad);  // overlaps
        continue;
      }
      skipTo(pad.getLow()[along]);
      row.push_back(pad.getInput()), inRow.push_back(pad);
      end += sizesOf(pad.getInput())[along];
    }
    if (inRow.size() == 1) {
      joined.push_back(inRow.front());
      continue;
    }
    skipTo(sizesOf(pads.front().getResult())[along]);
    joined.push_back(builder.create<ConcatOp>(loc, pads.front().getType(), row, axis));
  }
  return joined;
}

Value GradientBuilder::sumOf(llvm::ArrayRef<Value> all, Location loc) {
  const llvm::SmallVector<Value> terms = withPiecesJoined(all, builder, loc);
  if (terms.size() == 1) return terms.front();
  return createMap(builder, loc, terms.front().getType(), terms, [](ScalarBuilder &b, mlir::ValueRange all) {
    Value sum = all.front();
    for (Value each : all.drop_front()) sum = b.add(sum, each);
    return sum;
  });
}

Value GradientBuilder::reshaped(Value value, mlir::Type type, Location loc) {
  if (value.getType() == type) return value;
  return builder.create<ReshapeOp>(loc, type, value);
}

Value GradientBuilder::reducedTo(mlir::Type type, Value gradient, Location loc) {
  if (gradient.getType() == type) return gradient;
  llvm::ArrayRef<int64_t> from = sizesOf(gradient), to = llvm::cast<mlir::RankedTensorType>(type).getShape();
  uint32_t axes = 0;
  for (size_t back = 0; back < from.size(); ++back) {
    const size_t axis = from.size() - 1 - back;
    const bool repeats = back >= to.size() || to[to.size() - 1 - back] == 1;
    if (repeats && from[axis] != 1) axes |= 1u << axis;
  }
  if (axes != 0) gradient = sumAlong(gradient, axes, /*keepdim=*/false, builder, loc);
  return reshaped(gradient, type, loc);
}

// y = W x + b. dx = W^T dy, dW = dy x^T, db = dy. A weight that is a parameter's transpose is packed as such.
LogicalResult GradientBuilder::rule(DenseOp op, Value dy) {
  Location loc = op.getLoc();
  Value weight = op.getWeight();
  if (op.getBias()) add(op.getBias(), dy);
  auto adjoint = weight.getDefiningOp<AdjointOp>();
  if (active.contains(op.getInput())) {
    llvm::SmallVector<int64_t> turned{sizesOf(weight)[1], sizesOf(weight)[0]};
    Value transposed = adjoint ? adjoint.getWeight()
                               : builder.create<AdjointOp>(loc, typeOf(weight).clone(turned), weight).getResult();
    auto back =
        builder.create<DenseOp>(loc, op.getInput().getType(), builder.getStringAttr(op.getLayer() + ".gradient"), dy,
                                transposed, Value(), mlir::ValueRange(), mlir::StringAttr());
    add(op.getInput(), back.getResult());
  }
  if (adjoint) return addProduct(op, adjoint.getWeight(), op.getInput(), dy, WindowAttr());
  return addProduct(op, weight, dy, op.getInput(), WindowAttr());
}

LogicalResult GradientBuilder::addProduct(mlir::Operation *op, Value weight, Value dy, Value x, WindowAttr window) {
  if (!active.contains(weight)) return success();
  // A signal's convolution reads its parameter [N, C, taps] as an image's, and that of a sequence [N, C].
  auto reshape = weight.getDefiningOp<ReshapeOp>();
  if (reshape && sizesOf(reshape.getInput()).size() >= 2 &&
      sizesOf(weight).take_front(2) == sizesOf(reshape.getInput()).take_front(2))
    weight = reshape.getInput();
  if (!sums.contains(weight)) {
    mlir::emitError(op->getLoc()) << describe(op)
                                  << "its weight is computed by a layer, or from an input or a statistic of batches, "
                                     "and cannot be trained: compute it from parameters and constants, without layers";
    return failure();
  }
  accumulate(weight, dy, x, window);
  return success();
}

// Each index gives its row of the weight what its row of the result gets.
LogicalResult GradientBuilder::rule(EmbeddingOp op, Value dy) {
  return addProduct(op, op.getWeight(), dy, op.getIndices(), WindowAttr());
}

// A sum over the batch, which all samples read: each sample's value gets what the sum gets from all of them.
LogicalResult GradientBuilder::rule(AccumulateOp op, Value dy) {
  if (active.contains(op.getLeft())) add(op.getLeft(), batchSums.of(dy, builder, op.getLoc()));
  return success();
}

LogicalResult GradientBuilder::rule(MapOp op, Value dy) {
  auto made = gradientsOfMap(op, dy, [&](Value operand) { return active.contains(operand); }, builder);
  if (mlir::failed(made)) return failure();
  for (auto [operand, gradient] : llvm::zip_equal(op.getInputs(), *made))
    if (gradient) add(operand, reducedTo(operand.getType(), gradient, op.getLoc()));
  return success();
}

// softmax: dx = y (dy - sum(dy y)). Its logarithm: dx = dy - exp(y) sum(dy).
LogicalResult GradientBuilder::rule(SoftmaxOp op, Value dy) {
  Location loc = op.getLoc();
  Value y = op.getResult();
  mlir::Type type = y.getType();
  const bool logarithm = op.getLogarithm();
  Value weighted = logarithm ? dy : createMap(builder, loc, type, {dy, y}, [](ScalarBuilder &b, mlir::ValueRange v) {
    return b.mul(v[0], v[1]);
  });
  const auto last = static_cast<uint32_t>(sizesOf(y).size() - 1);
  Value sum = sumAlong(weighted, 1u << last, /*keepdim=*/true, builder, loc);
  add(op.getInput(), createMap(builder, loc, type, {dy, y, sum}, [&](ScalarBuilder &b, mlir::ValueRange v) {
        return logarithm ? b.sub(v[0], b.mul(b.apply("exp", v[1]), v[2])) : b.mul(v[1], b.sub(v[0], v[2]));
      }));
  return success();
}

LogicalResult GradientBuilder::rule(ReshapeOp op, Value dy) {
  add(op.getInput(), reshaped(dy, op.getInput().getType(), op.getLoc()));
  return success();
}

LogicalResult GradientBuilder::rule(PermuteOp op, Value dy) {
  llvm::SmallVector<int64_t> inverse(op.getAxes().size());
  for (auto [to, from] : llvm::enumerate(op.getAxes())) inverse[static_cast<size_t>(from)] = static_cast<int64_t>(to);
  add(op.getInput(), builder.create<PermuteOp>(op.getLoc(), op.getInput().getType(), dy, inverse));
  return success();
}

LogicalResult GradientBuilder::rule(ConcatOp op, Value dy) {
  int64_t start = 0;
  for (Value piece : op.getInputs()) {
    const int64_t length = sizesOf(piece)[op.getAxis()];
    if (active.contains(piece))
      add(piece,
          builder.create<SliceOp>(op.getLoc(), piece.getType(), dy, static_cast<int64_t>(op.getAxis()), start, length));
    start += length;
  }
  return success();
}

/// Zeros around `dy`, so that it has the type of `input`.
static Value padded(Value dy, Value input, int64_t axis, int64_t start, mlir::OpBuilder &builder, Location loc) {
  llvm::SmallVector<int64_t> low(sizesOf(input).size(), 0), high = low;
  low[static_cast<size_t>(axis)] = start;
  high[static_cast<size_t>(axis)] =
      sizesOf(input)[static_cast<size_t>(axis)] - start - sizesOf(dy)[static_cast<size_t>(axis)];
  return builder.create<PadOp>(loc, input.getType(), dy, low, high, llvm::APFloat(0.0f));
}

LogicalResult GradientBuilder::rule(SliceOp op, Value dy) {
  add(op.getInput(), padded(dy, op.getInput(), static_cast<int64_t>(op.getAxis()), static_cast<int64_t>(op.getStart()),
                            builder, op.getLoc()));
  return success();
}

LogicalResult GradientBuilder::rule(PadOp op, Value dy) {
  for (auto [axis, low] : llvm::enumerate(op.getLow())) {
    const int64_t length = sizesOf(op.getInput())[axis];
    if (length == sizesOf(dy)[axis]) continue;
    llvm::SmallVector<int64_t> sizes(sizesOf(dy));
    sizes[axis] = length;
    dy = builder.create<SliceOp>(op.getLoc(), typeOf(dy).clone(sizes), dy, static_cast<int64_t>(axis), low, length);
  }
  add(op.getInput(), dy);
  return success();
}

// Sums and means give each element dy. An extreme gives it to the elements that are the extreme, in equal shares, as in
// PyTorch.
LogicalResult GradientBuilder::rule(ReduceOp op, Value dy) {
  Location loc = op.getLoc();
  Value x = op.getInput();
  const auto kind = static_cast<ops::reduction>(op.getKind());
  const auto axes = static_cast<uint32_t>(op.getAxes());
  if (kind == ops::reduction::argmax) {
    mlir::emitError(loc) << describe(op)
                         << "'argmax' cannot be trained: its derivative is 0 everywhere; train with softmax, and put "
                            "argmax behind it afterwards";
    return failure();
  }
  llvm::SmallVector<int64_t> kept(sizesOf(x));
  int64_t count = 1;
  for (auto [axis, size] : llvm::enumerate(kept))
    if ((axes >> axis & 1) != 0) count *= size, size = 1;
  mlir::Type keptType = typeOf(x).clone(kept);
  dy = reshaped(dy, keptType, loc);
  if (kind == ops::reduction::sum || kind == ops::reduction::mean) {
    const double factor = kind == ops::reduction::mean ? 1.0 / static_cast<double>(count) : 1.0;
    add(x, createMap(builder, loc, x.getType(), {dy},
                     [&](ScalarBuilder &b, mlir::ValueRange v) { return b.mul(v[0], factor); }));
    return success();
  }
  Value y = reshaped(op.getResult(), keptType, loc);
  const auto isExtreme = [](ScalarBuilder &b, Value x, Value y) {
    return b.compare(ScalarBuilder::Predicate::OEQ, x, y);
  };
  Value chosen = createMap(builder, loc, x.getType(), {x, y}, [&](ScalarBuilder &b, mlir::ValueRange v) {
    return b.select(isExtreme(b, v[0], v[1]), b.number(1), b.number(0));
  });
  Value number = sumAlong(chosen, axes, /*keepdim=*/true, builder, loc);
  add(x, createMap(builder, loc, x.getType(), {x, y, dy, number}, [&](ScalarBuilder &b, mlir::ValueRange v) {
        return b.select(isExtreme(b, v[0], v[1]), b.div(v[2], v[3]), b.number(0));
      }));
  return success();
}

// y = (x - mean) r, r = 1 / sqrt(variance + eps). dx = r (dy - mean(dy) - y mean(dy y)); where the mean counts as 0,
// without the second term. r is computed again from x.
LogicalResult GradientBuilder::rule(NormalizeOp op, Value dy) {
  Location loc = op.getLoc();
  Value x = op.getInput(), y = op.getResult();
  if (op.getChannelsLast() || !op.getEpilogue().empty()) return op.emitOpError("is not as the import makes it");
  // With the groups as an axis of their own, a run has all axes from `first` on.
  llvm::SmallVector<int64_t> sizes(sizesOf(x));
  const auto axis = static_cast<size_t>(op.getAxis());
  const auto groups = static_cast<int64_t>(op.getGroups());
  size_t first = axis;
  if (groups > 1) {
    sizes[axis] /= groups;
    sizes.insert(sizes.begin() + static_cast<std::ptrdiff_t>(axis), groups);
    first = axis + 1;
  }
  mlir::Type type = typeOf(x).clone(sizes);
  uint32_t axes = 0;
  double count = 1;
  for (size_t i = first; i < sizes.size(); ++i) axes |= 1u << i, count *= static_cast<double>(sizes[i]);
  if (sizes.size() > max_rank) return op.emitOpError("has too many axes to be trained");
  const auto mean = [&](Value value) {
    Value sum = sumAlong(value, axes, /*keepdim=*/true, builder, loc);
    return createMap(builder, loc, sum.getType(), {sum},
                     [&](ScalarBuilder &b, mlir::ValueRange v) { return b.mul(v[0], 1 / count); });
  };
  const auto map = [&](mlir::ValueRange inputs, llvm::function_ref<Value(ScalarBuilder &, mlir::ValueRange)> body) {
    return createMap(builder, loc, type, inputs, body);
  };
  x = reshaped(x, type, loc), y = reshaped(y, type, loc), dy = reshaped(dy, type, loc);
  Value centred = x;
  if (op.getCentred() != 0)
    centred = map({x, mean(x)}, [](ScalarBuilder &b, mlir::ValueRange v) { return b.sub(v[0], v[1]); });
  Value variance = mean(map({centred}, [](ScalarBuilder &b, mlir::ValueRange v) { return b.mul(v[0], v[0]); }));
  const double epsilon = static_cast<double>(op.getEpsilon());
  Value r = createMap(builder, loc, variance.getType(), {variance}, [&](ScalarBuilder &b, mlir::ValueRange v) {
    return b.apply("rsqrt", b.add(v[0], b.number(epsilon)));
  });
  Value along = mean(map({dy, y}, [](ScalarBuilder &b, mlir::ValueRange v) { return b.mul(v[0], v[1]); }));
  Value dx = map({dy, y, along, r},
                 [](ScalarBuilder &b, mlir::ValueRange v) { return b.mul(b.sub(v[0], b.mul(v[1], v[2])), v[3]); });
  if (op.getCentred() != 0)
    dx = map({dx, mean(dy), r}, [](ScalarBuilder &b, mlir::ValueRange v) { return b.sub(v[0], b.mul(v[1], v[2])); });
  add(op.getInput(), reshaped(dx, op.getInput().getType(), loc));
  return success();
}

}  // namespace inlay::compiler
