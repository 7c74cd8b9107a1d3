// SPDX-License-Identifier: Apache-2.0
// What a training step does before and after the kernels of its network: packing weights, clearing gradients, and the
// optimizers.
#include "Training/EmitTraining.h"

#include "Lanes/Transpose.h"
#include "inlay/graph_training.hpp"
#include "llvm/Support/MathExtras.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace inlay::compiler {
namespace {

namespace arith = mlir::arith;
using mlir::Location;
using mlir::Value;

/// The numbers that an update reads, in this order, as `inlay::optimizer_settings` of the runtime has them.
enum Setting : int64_t { scale, l2, keep, rate, beta1, beta2, correction, epsilon, nesterov, settings };

/// Behind them are the first parameter and the one behind the last that an update changes, as i32. Both are multiples
/// of a cache line.
constexpr int64_t kWords = settings + 2;

/// The side of a block of weights that is transposed in registers.
constexpr int64_t kBlock = 4;

class TrainingEmitter {
 public:
  TrainingEmitter(mlir::func::FuncOp network, const NetworkSummary &summary, VectorFeatures features,
                  mlir::ModuleOp module)
      : network(network),
        summary(summary),
        features(features),
        module(module),
        builder(module.getContext()),
        loc(network.getLoc()) {}

  void run() {
    emitBegin();
    if (summary.role != Role::training) return;
    emitUpdate("_update_sgd", [&](KernelContext &context, auto load, auto store, auto setting) {
      VectorBuilder b(builder, loc, features);
      using Float = VectorBuilder::Float;
      // m = momentum m + g. p = keep p - rate (m, or g + momentum m where nesterov is 1).
      Float g = gradient(b, load, setting), m = b.fma(setting(beta1), load(2), g);
      store(2, m);
      Float ahead = b.fma(setting(beta1), m, g);
      Float step = b.fma(setting(nesterov), b.sub(ahead, m), m);
      store(0, b.sub(b.mul(setting(keep), load(0)), b.mul(setting(rate), step)));
    });
    emitUpdate("_update_adam", [&](KernelContext &context, auto load, auto store, auto setting) {
      VectorBuilder b(builder, loc, features);
      using Float = VectorBuilder::Float;
      // m = beta1 m + (1 - beta1) g. v = beta2 v + (1 - beta2) g^2. p = keep p - rate m / (correction sqrt(v) + eps).
      Float g = gradient(b, load, setting), one = b.constant(1.0f);
      Float m = b.fma(setting(beta1), load(2), b.mul(b.sub(one, setting(beta1)), g));
      Float v = b.fma(setting(beta2), load(3), b.mul(b.sub(one, setting(beta2)), b.mul(g, g)));
      store(2, m), store(3, v);
      Float deviation = b.fma(setting(correction), b.sqrt(v), setting(epsilon));
      store(0, b.sub(b.mul(setting(keep), load(0)), b.div(b.mul(setting(rate), m), deviation)));
    });
  }

 private:
  mlir::func::FuncOp network;
  const NetworkSummary &summary;
  const VectorFeatures features;
  mlir::ModuleOp module;
  mlir::OpBuilder builder;
  Location loc;

  mlir::MemRefType flat(int64_t elements) { return mlir::MemRefType::get({elements}, builder.getF32Type()); }
  int64_t memoryElements() const { return summary.memoryBytes / static_cast<int64_t>(sizeof(float)); }

  mlir::func::FuncOp function(llvm::StringRef suffix, int64_t second, llvm::ArrayRef<mlir::Type> further) {
    builder.setInsertionPointToEnd(module.getBody());
    llvm::SmallVector<mlir::Type> arguments = {flat(memoryElements()), flat(std::max<int64_t>(second, 1))};
    llvm::append_range(arguments, further);
    auto type = builder.getFunctionType(arguments, {});
    auto made = builder.create<mlir::func::FuncOp>(loc, summary.name + suffix.str(), type);
    builder.setInsertionPointToStart(made.addEntryBlock());
    return made;
  }

  /// scale g + l2 p.
  template <class Load, class Setting>
  static VectorBuilder::Float gradient(VectorBuilder &b, Load load, Setting setting) {
    return b.fma(setting(l2), load(0), b.mul(setting(scale), load(1)));
  }

  /// Where the running statistics lie among the parameters, in ascending order. No update changes them.
  llvm::SmallVector<std::pair<int64_t, int64_t>> batchStatistics() {
    llvm::SmallVector<std::pair<int64_t, int64_t>> all;
    for (mlir::BlockArgument argument : network.getArguments()) {
      if (!isBatchStatistic(argument)) continue;
      const int64_t place = *stateOfArgument(network, argument.getArgNumber());
      const auto elements = static_cast<uint64_t>(elementsOf(argument));
      all.emplace_back(place, place + static_cast<int64_t>(inlay::detail::in_lines(elements)));
    }
    llvm::sort(all);
    return all;
  }

  /// Several threads may divide it: each call does one part.
  void emitBegin() {
    const mlir::Type index = builder.getIndexType();
    auto begin = function("_begin", summary.scratchBytes / static_cast<int64_t>(sizeof(float)), {index, index});
    KernelContext context(builder, /*capacity=*/1, Value(), features);
    context.part = begin.getArgument(2), context.parts = begin.getArgument(3);
    Value row = context.index(0, loc);
    if (summary.role == Role::training) {
      // The gradients are the second part of the memory, the sum of the losses lies behind the fourth. Computed weights
      // are at the end, and stay.
      const auto clear = [&](int64_t base, int64_t elements) {
        RowView view{.memory = begin.getArgument(0), .base = base, .start = {}, .elements = elements, .inRegister = {}};
        context.forEachPanel(loc, elements, features.lanes, [&](Value column, int64_t live) {
          context.store(loc, view, row, column, context.splat(loc, 0, features.lanes), live);
        });
      };
      clear(summary.parameters, summary.parameters);
      auto computed = network->getAttrOfType<mlir::IntegerAttr>(kComputedElementsAttr);
      clear(4 * summary.parameters, memoryElements() - 4 * summary.parameters - (computed ? computed.getInt() : 0));
    }
    for (PackOp pack : network.getOps<PackOp>()) {
      RowView from, to;
      from.memory = begin.getArgument(0), to.memory = begin.getArgument(1);
      auto parameter = llvm::cast<mlir::BlockArgument>(pack.getWeight());
      from.base = *stateOfArgument(network, parameter.getArgNumber());
      to.base = packedBase(network) + pack->getAttrOfType<PlacementAttr>(kPlacementAttr).getIndex();
      if (sizesOf(pack.getWeight()).size() > 2)
        packKernel(pack, from, to, context);
      else if (pack.getTransposed())
        packTransposed(pack, from, to, context);
      else
        packRows(pack, from, to, context);
    }
    builder.create<mlir::func::ReturnOp>(loc);
  }

  /// Runs `body(first feature, features that exist, width)` for each panel of features.
  void forEachPanel(PackOp pack, int64_t features, KernelContext &context,
                    llvm::function_ref<void(Value, int64_t, int64_t)> body) {
    const auto lanes = static_cast<int64_t>(pack.getLanes()), panel = static_cast<int64_t>(pack.getPanel());
    context.forEachPanel(loc, features, panel, [&](Value first, int64_t live) {
      body(first, live, static_cast<int64_t>(llvm::alignTo(live, lanes)));
    });
  }

  /// [K][N] -> [panel][K][lanes]: pieces of rows.
  void packTransposed(PackOp pack, RowView from, RowView to, KernelContext &context) {
    llvm::ArrayRef<int64_t> sizes = sizesOf(pack.getWeight());
    const auto lanes = static_cast<int64_t>(pack.getLanes());
    from.stride = from.elements = sizes[1];
    forEachPanel(pack, sizes[1], context, [&](Value first, int64_t live, int64_t width) {
      RowView panel = to;
      panel.start = context.times(loc, first, sizes[0]), panel.stride = panel.elements = width;
      context.forEach(loc, sizes[0], 1, [&](Value k) {
        for (int64_t offset = 0; offset < width; offset += lanes) {
          // Lanes without a feature repeat the first one.
          Value piece = context.load(loc, from, k, context.plus(loc, first, offset), lanes,
                                     std::min(lanes, live - offset), DeadLanes::first);
          context.store(loc, panel, k, context.index(offset, loc), piece, lanes);
        }
      });
    });
  }

  /// [N][K] -> [panel][K][lanes]: blocks of 4 x 4 where all lanes have a feature, else one element after the other.
  void packRows(PackOp pack, RowView from, RowView to, KernelContext &context) {
    llvm::ArrayRef<int64_t> sizes = sizesOf(pack.getWeight());
    const auto lanes = static_cast<int64_t>(pack.getLanes());
    from.stride = from.elements = sizes[1];
    forEachPanel(pack, sizes[0], context, [&](Value first, int64_t live, int64_t width) {
      RowView panel = to;
      panel.start = context.times(loc, first, sizes[1]), panel.stride = panel.elements = width;
      const int64_t inBlocks = live == width && lanes % kBlock == 0 ? sizes[1] / kBlock * kBlock : 0;
      context.forEach(loc, inBlocks, kBlock, [&](Value k) {
        for (int64_t n = 0; n < width; n += lanes)
          packBlocks(from, panel, context.plus(loc, first, n), n, k, lanes, context);
      });
      context.forEach(loc, context.index(inBlocks, loc), context.index(sizes[1], loc), 1, [&](Value k) {
        for (int64_t n = 0; n < width; ++n) {
          const int64_t feature = n < live ? n : n / lanes * lanes;
          Value element = context.loadScalar(loc, from, context.plus(loc, first, feature), k);
          Value position = context.address(loc, panel, k, context.index(n, loc));
          builder.create<mlir::memref::StoreOp>(loc, element, panel.memory, position);
        }
      });
    });
  }

  /// [N][C][taps] of a convolution -> [panel][taps][C][lanes]; its adjoint has C features, N channels and the taps in
  /// reverse order. One element after the other.
  void packKernel(PackOp pack, const RowView &from, const RowView &to, KernelContext &context) {
    llvm::ArrayRef<int64_t> sizes = sizesOf(pack.getWeight());
    const auto lanes = static_cast<int64_t>(pack.getLanes());
    const int64_t ofOutput = elementsOf(pack.getWeight()) / sizes[0], taps = ofOutput / sizes[1];
    const bool turned = pack.getTransposed();
    const int64_t features = sizes[turned ? 1 : 0], channels = sizes[turned ? 0 : 1];
    const int64_t ofFeature = turned ? taps : ofOutput, ofChannel = turned ? ofOutput : taps;
    forEachPanel(pack, features, context, [&](Value first, int64_t live, int64_t width) {
      context.forEach(loc, taps, 1, [&](Value tap) {
        Value place = turned ? builder.createOrFold<arith::SubIOp>(loc, context.index(taps - 1, loc), tap) : tap;
        context.forEach(loc, channels, 1, [&](Value channel) {
          RowView source = from, target = to;
          source.start = context.plusTimes(loc, context.plusTimes(loc, place, channel, ofChannel), first, ofFeature);
          Value row = context.plus(loc, context.times(loc, tap, channels), channel);
          target.start = context.plus(loc, context.times(loc, first, taps * channels), context.times(loc, row, width));
          const auto copy = [&](Value feature, Value n) {
            Value none = context.index(0, loc);
            Value element = context.loadScalar(loc, source, none, context.times(loc, feature, ofFeature));
            builder.create<mlir::memref::StoreOp>(loc, element, target.memory, context.address(loc, target, none, n));
          };
          if (lanes == 1) {  // a panel is of any width
            context.forEach(loc, width, 1, [&](Value n) { copy(n, n); });
            return;
          }
          for (int64_t n = 0; n < width; ++n)
            copy(context.index(n < live ? n : n / lanes * lanes, loc), context.index(n, loc));
        });
      });
    });
  }

  /// Four elements from `k` on of `lanes` rows from `first` on, as column `column` of a panel.
  void packBlocks(const RowView &from, const RowView &panel, Value first, int64_t column, Value k, int64_t lanes,
                  KernelContext &context) {
    llvm::SmallVector<Value> starts;
    for (int64_t row = 0; row < lanes; ++row)
      starts.push_back(context.address(loc, from, context.plus(loc, first, row), context.index(0, loc)));
    gatherTransposed(context, loc, {from.memory, starts, k}, kBlock, [&](int64_t i, Value vector) {
      context.store(loc, panel, context.plus(loc, k, i), context.index(column, loc), vector, lanes);
    });
  }

  /// Emits a function that runs `body` on each vector of the parameters in the range that the settings name.
  /// `load(part)` and `store(part, vector)` have access to the parts of the memory: parameters, gradients, first and
  /// second moments.
  template <class Body>
  void emitUpdate(llvm::StringRef suffix, Body body) {
    auto update = function(suffix, kWords, {});
    KernelContext context(builder, /*capacity=*/1, Value(), features);
    Value row = context.index(0, loc);
    const int64_t lanes = features.lanes;
    llvm::SmallVector<Value> numbers;
    RowView given;
    given.memory = update.getArgument(1), given.elements = kWords;
    for (int64_t i = 0; i < settings; ++i)
      numbers.push_back(context.broadcast(loc, context.loadScalar(loc, given, row, context.index(i, loc)), lanes));
    const auto bound = [&](int64_t i) -> Value {
      Value word = context.loadScalar(loc, given, row, context.index(settings + i, loc));
      Value number = builder.create<arith::BitcastOp>(loc, builder.getI32Type(), word);
      return builder.create<arith::IndexCastUIOp>(loc, builder.getIndexType(), number);
    };
    const auto emitVector = [&](Value column) {
      const auto viewOf = [&](int64_t part) {
        RowView view;
        view.memory = update.getArgument(0), view.base = part * summary.parameters, view.elements = summary.parameters;
        return view;
      };
      const auto load = [&](int64_t part) {
        return VectorBuilder::Float{{context.load(loc, viewOf(part), row, column, lanes, lanes)}};
      };
      const auto store = [&](int64_t part, const VectorBuilder::Float &value) {
        context.store(loc, viewOf(part), row, column, value.vectors.front(), lanes);
      };
      const auto setting = [&](Setting which) { return VectorBuilder::Float{{numbers[static_cast<size_t>(which)]}}; };
      body(context, load, store, setting);
    };
    Value first = bound(0), last = bound(1);
    int64_t begin = 0;
    const auto emitRange = [&](int64_t from, int64_t to) {
      if (from >= to) return;
      Value start = builder.create<arith::MaxUIOp>(loc, first, context.index(from, loc));
      context.forEach(loc, start, builder.create<arith::MinUIOp>(loc, last, context.index(to, loc)), lanes, emitVector);
    };
    for (auto [from, to] : batchStatistics()) emitRange(begin, from), begin = to;
    emitRange(begin, summary.parameters);
    builder.create<mlir::func::ReturnOp>(loc);
  }
};

}  // namespace

void emitTraining(mlir::func::FuncOp network, const NetworkSummary &summary, VectorFeatures features,
                  mlir::ModuleOp module) {
  TrainingEmitter(network, summary, features, module).run();
}

}  // namespace inlay::compiler
