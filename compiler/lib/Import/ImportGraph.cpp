// SPDX-License-Identifier: Apache-2.0
// Builds the inlay dialect's form of a graph: one op per node, in the graph's order.
#include "Inlay/Import/ImportGraph.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "Inlay/Dialect/ArgumentWeights.h"
#include "Resampling.h"
#include "inlay/graph_training.hpp"

namespace inlay::compiler {
namespace {

using mlir::Value;
namespace arith = mlir::arith;

llvm::StringRef ref(std::string_view text) { return {text.data(), text.size()}; }

class Importer {
 public:
  Importer(const graph_view &graph, ParameterLookup parameters, mlir::ModuleOp module, Weights weights)
      : graph(graph), parameters(parameters), module(module), weights(weights), builder(module.getContext()) {}

  mlir::FailureOr<mlir::func::FuncOp> run();

 private:
  const graph_view &graph;
  ParameterLookup parameters;
  mlir::ModuleOp module;
  const Weights weights;
  mlir::OpBuilder builder;
  llvm::SmallVector<Value> values;  // of each node, by index

  mlir::RankedTensorType typeOf(const node_record &node) {
    llvm::SmallVector<int64_t> sizes(node.dims.sizes.begin(), node.dims.sizes.begin() + node.dims.rank);
    const mlir::Type element = node.type == dtype::i32 ? mlir::Type(builder.getI32Type()) : builder.getF32Type();
    return mlir::RankedTensorType::get(sizes, element);
  }

  /// loc("fc1"("model.cpp":12:5)), or just the position for a node without a name.
  mlir::Location locate(const node_record &node) {
    mlir::Location position =
        mlir::FileLineColLoc::get(builder.getContext(), ref(graph.source_file), node.line, node.column);
    std::string_view name = graph.name_of(node);
    if (name.empty()) return position;
    return mlir::NameLoc::get(builder.getStringAttr(ref(name)), position);
  }

  Value operand(const node_record &node, size_t index) {
    auto operands = graph.operands(node);
    return index < operands.size() && operands[index] != no_node ? values[operands[index]] : Value();
  }

  mlir::FailureOr<Value> import(const node_record &node);
  Value importConstant(const node_record &node, llvm::ArrayRef<float> elements, mlir::StringAttr name);
  mlir::LogicalResult checkArgument(mlir::Location loc);
  mlir::ArrayAttr parameterList();
  mlir::FailureOr<Value> importByName(const node_record &node);
  Value importMap(const node_record &node);
  Value outputsFirst(Value weight, int64_t groups, mlir::Location loc);
  Value importInstruction(llvm::ArrayRef<instruction> program, llvm::ArrayRef<Value> results, mlir::Block &body,
                          mlir::Location loc);
};

Value Importer::importConstant(const node_record &node, llvm::ArrayRef<float> elements, mlir::StringAttr name) {
  auto type = typeOf(node);
  return builder.create<ConstantOp>(locate(node), type, name, mlir::DenseElementsAttr::get(type, elements));
}

/// The instruction of `program` that follows those with `results`.
Value Importer::importInstruction(llvm::ArrayRef<instruction> program, llvm::ArrayRef<Value> results, mlir::Block &body,
                                  mlir::Location loc) {
  const instruction &code = program[results.size()];
  auto literal = [&](float number) -> Value {
    return builder.create<arith::ConstantOp>(loc, builder.getF32FloatAttr(number));
  };
  auto compare = [&](arith::CmpFPredicate predicate) -> Value {
    Value holds = builder.create<arith::CmpFOp>(loc, predicate, results[code.a], results[code.b]);
    return builder.create<arith::SelectOp>(loc, holds, literal(1), literal(0));
  };
  auto binary = [&]<class Op>(std::type_identity<Op>) -> Value {
    return builder.create<Op>(loc, results[code.a], results[code.b]);
  };
  switch (code.code) {
    case scalar_op::operand: return body.getArgument(code.a);
    case scalar_op::literal: return literal(code.p0);
    case scalar_op::add: return binary(std::type_identity<arith::AddFOp>());
    case scalar_op::subtract: return binary(std::type_identity<arith::SubFOp>());
    case scalar_op::multiply: return binary(std::type_identity<arith::MulFOp>());
    case scalar_op::divide: return binary(std::type_identity<arith::DivFOp>());
    case scalar_op::minimum: return binary(std::type_identity<arith::MinimumFOp>());
    case scalar_op::maximum: return binary(std::type_identity<arith::MaximumFOp>());
    case scalar_op::less: return compare(arith::CmpFPredicate::OLT);
    case scalar_op::less_equal: return compare(arith::CmpFPredicate::OLE);
    case scalar_op::greater: return compare(arith::CmpFPredicate::OGT);
    case scalar_op::greater_equal: return compare(arith::CmpFPredicate::OGE);
    case scalar_op::equal: return compare(arith::CmpFPredicate::OEQ);
    case scalar_op::not_equal: return compare(arith::CmpFPredicate::UNE);
    case scalar_op::select: {
      // A comparison is 1 or 0: take its condition.
      auto flag = results[code.a].getDefiningOp<arith::SelectOp>();
      const bool compared = flag && scalar_arity(program[code.a].code) == 2;
      Value holds = compared
                        ? flag.getCondition()
                        : builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UNE, results[code.a], literal(0));
      return builder.create<arith::SelectOp>(loc, holds, results[code.b], results[code.c]);
    }
    case scalar_op::apply: {
      const activation_row &row = row_of(code.function);
      const float numbers[] = {code.p0, code.p1};
      return builder.create<ActivationOp>(loc, builder.getF32Type(), ref(row.name), results[code.a],
                                          llvm::ArrayRef<float>(numbers, row.parameters), code.tier == accuracy::fast,
                                          code.tier == accuracy::approximate);
    }
  }
  return {};
}

Value Importer::importMap(const node_record &node) {
  mlir::Location loc = locate(node);
  llvm::SmallVector<Value> operands;
  for (size_t i = 0; i < graph.operands(node).size(); ++i) operands.push_back(operand(node, i));
  auto map = builder.create<MapOp>(loc, typeOf(node), operands);
  mlir::OpBuilder::InsertionGuard guard(builder);
  mlir::Block *body = builder.createBlock(&map.getBody());
  for (size_t i = 0; i < operands.size(); ++i) body->addArgument(builder.getF32Type(), loc);
  llvm::SmallVector<Value> results;
  const auto program = graph.program(node);
  while (results.size() < program.size())
    results.push_back(importInstruction({program.data(), program.size()}, results, *body, loc));
  builder.create<YieldOp>(loc, results.back());
  return map;
}

/// The op "inlay.<name>", whose operands and integer attributes are those of the table's row.
mlir::FailureOr<Value> Importer::importByName(const node_record &node) {
  const op_row &row = row_of(node.kind);
  mlir::OperationState state(locate(node), ("inlay." + ref(row.name)).str());
  if (!state.name.isRegistered())
    return mlir::emitError(state.location) << "the compiler has no op for '" << ref(row.name) << "'";
  for (size_t i = 0; i < graph.operands(node).size(); ++i) state.addOperands(operand(node, i));
  for (auto [attribute, word] : llvm::zip_equal(row.attributes, graph.attributes(node)))
    state.addAttribute(ref(attribute.name), builder.getI64IntegerAttr(word));
  state.addTypes(typeOf(node));
  if (state.name.hasInterface<EpilogueOp>()) state.addRegion();  // empty: no epilogue
  return builder.create(state)->getResult(0);
}

/// The weight [C, N / groups, ...] of a transposed convolution as [N, C / groups, ...].
Value Importer::outputsFirst(Value weight, int64_t groups, mlir::Location loc) {
  auto type = llvm::cast<mlir::RankedTensorType>(weight.getType());
  const int64_t channels = type.getDimSize(0) / groups, outputs = type.getDimSize(1);
  const int64_t height = type.getDimSize(2), width = type.getDimSize(3);
  const auto reshape = [&](Value from, llvm::ArrayRef<int64_t> sizes) -> Value {
    return builder.create<ReshapeOp>(loc, type.clone(sizes), from);
  };
  Value apart = reshape(weight, {groups, channels, outputs, height, width});
  auto turned = type.clone({groups, outputs, channels, height, width});
  Value exchanged = builder.create<PermuteOp>(loc, turned, apart, llvm::ArrayRef<int64_t>{0, 2, 1, 3, 4});
  return reshape(exchanged, {groups * outputs, channels, height, width});
}

mlir::FailureOr<Value> Importer::import(const node_record &node) {
  switch (node.kind) {
    case op::input:
    case op::state: break;  // bound to the function's arguments before
    case op::parameter: {
      std::string_view name = graph.name_of(node);
      if (weights == Weights::argument) {
        const auto first = parameter_offset(graph, static_cast<uint32_t>(&node - graph.nodes.data()));
        std::vector<float> indices(node.dims.elements());
        for (size_t i = 0; i < indices.size(); ++i) indices[i] = elementFor(static_cast<int64_t>(first + i));
        return importConstant(node, indices, builder.getStringAttr(ref(name)));
      }
      llvm::ArrayRef<float> elements = parameters(ref(name));
      if (elements.size() != node.dims.elements()) {
        mlir::emitError(locate(node)) << "parameter '" << ref(name) << "': expected " << node.dims.elements()
                                      << " weights, found " << elements.size();
        return mlir::failure();
      }
      return importConstant(node, elements, builder.getStringAttr(ref(name)));
    }
    case op::constant: {
      auto elements = graph.elements(node);
      std::string_view name = graph.name_of(node);
      const mlir::StringAttr named = name.empty() ? mlir::StringAttr() : builder.getStringAttr(ref(name));
      if (weights != Weights::argument) return importConstant(node, {elements.data(), elements.size()}, named);
      std::vector<float> numbers(elements.begin(), elements.end());
      for (float &each : numbers)
        each = static_cast<float>(
            withoutIndex(static_cast<double>(each), static_cast<int64_t>(parameter_elements(graph))));
      return importConstant(node, numbers, named);
    }
    case op::dense: {
      mlir::StringAttr decided;
      const auto attributes = read_attributes<ops::dense_attributes>(graph.attributes(node));
      if (attributes.zero_inputs != zeros::automatic)
        decided = builder.getStringAttr(attributes.zero_inputs == zeros::skip ? "skip" : "multiply");
      auto dense = builder.create<DenseOp>(locate(node), typeOf(node), ref(graph.name_of(node)), operand(node, 0),
                                           operand(node, 1), operand(node, 2), mlir::ValueRange(), decided);
      return dense.getResult();
    }
    case op::conv2d: {
      llvm::SmallVector<int64_t> w(graph.attributes(node).begin(), graph.attributes(node).end());
      auto conv = builder.create<Conv2dOp>(locate(node), typeOf(node), ref(graph.name_of(node)), operand(node, 0),
                                           operand(node, 1), operand(node, 2), mlir::ValueRange(), w[0], w[1], w[2],
                                           w[3], w[4], w[5], w[6], w[7], w[8]);
      return conv.getResult();
    }
    case op::conv_transpose2d: {
      llvm::SmallVector<int64_t> w(graph.attributes(node).begin(), graph.attributes(node).end());
      auto conv = builder.create<ConvTranspose2dOp>(
          locate(node), typeOf(node), ref(graph.name_of(node)), operand(node, 0),
          outputsFirst(operand(node, 1), w[10], locate(node)), operand(node, 2), mlir::ValueRange(), w[0], w[1], w[2],
          w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10]);
      return conv.getResult();
    }
    case op::transpose: {
      const auto axes = read_attributes<ops::transpose_attributes>(graph.attributes(node));
      auto order = llvm::to_vector(llvm::seq<int64_t>(0, node.dims.rank));
      std::swap(order[axes.first], order[axes.second]);
      return builder.create<PermuteOp>(locate(node), typeOf(node), operand(node, 0), order).getResult();
    }
    case op::map: return importMap(node);
    case op::update: return operand(node, 1);  // and a result of the function
    case op::history: {
      const auto attributes = read_attributes<ops::history_attributes>(graph.attributes(node));
      // Without earlier steps it is the value itself.
      if (attributes.taps == 1)
        return builder.create<ReshapeOp>(locate(node), typeOf(node), operand(node, 0)).getResult();
      const auto index = static_cast<uint32_t>(&node - graph.nodes.data());
      return builder
          .create<HistoryOp>(locate(node), typeOf(node), operand(node, 0), attributes.taps, attributes.dilation,
                             static_cast<int64_t>(memory_offset(graph, index)))
          .getResult();
    }
    case op::pad:
      return importPad(operand(node, 0), read_attributes<ops::pad_attributes>(graph.attributes(node)), locate(node),
                       builder);
    case op::upsample:
      return importUpsample(operand(node, 0), read_attributes<ops::upsample_attributes>(graph.attributes(node)),
                            locate(node), builder);
    case op::adaptive_avg_pool:
      return importAdaptiveAvgPool(operand(node, 0),
                                   read_attributes<ops::adaptive_avg_pool_attributes>(graph.attributes(node)),
                                   locate(node), builder);
    case op::softmax:
    case op::log_softmax: {
      Value x = operand(node, 0);
      return builder.create<SoftmaxOp>(locate(node), x.getType(), x, node.kind == op::log_softmax).getResult();
    }
    default: return importByName(node);
  }
  llvm_unreachable("inputs and states are no ops");
}

/// The names, places and shapes of the parameters.
mlir::ArrayAttr Importer::parameterList() {
  llvm::SmallVector<mlir::Attribute> all;
  for (uint32_t i = 0; i < graph.nodes.size(); ++i) {
    const node_record &node = graph.nodes[i];
    if (node.kind != op::parameter) continue;
    const auto first = static_cast<int64_t>(parameter_offset(graph, i));
    all.push_back(builder.getDictionaryAttr({
        builder.getNamedAttr("name", builder.getStringAttr(ref(graph.name_of(node)))),
        builder.getNamedAttr("first", builder.getI64IntegerAttr(first)),
        builder.getNamedAttr("shape", builder.getDenseI64ArrayAttr(typeOf(node).getShape())),
    }));
  }
  return builder.getArrayAttr(all);
}

/// Whether the weights can be an argument.
mlir::LogicalResult Importer::checkArgument(mlir::Location loc) {
  const auto refuse = [&](const llvm::Twine &why) {
    return mlir::emitError(loc) << "network '" << ref(graph.name)
                                << "' cannot take its weights as an argument: " << why;
  };
  const uint64_t floats = parameter_elements(graph);
  constexpr uint64_t kMostFloats = uint64_t{1} << 29;  // elementFor() has no more numbers that programs rarely need
  if (remembers(graph)) return refuse("it has state, and streams do not pass weights yet");
  if (floats == 0) return refuse("it has no parameters; constants in the source stay as they are");
  if (floats >= kMostFloats)
    return refuse("its parameters take " + llvm::Twine(floats >> 18) + " MiB; they must have less than 2048 MiB");
  return mlir::success();
}

mlir::FailureOr<mlir::func::FuncOp> Importer::run() {
  llvm::SmallVector<mlir::Type> inputs, outputs;
  for (const node_record &node : graph.nodes)
    if (node.kind == op::input) inputs.push_back(typeOf(node));
  for (const output_record &output : graph.outputs) outputs.push_back(typeOf(graph.nodes[output.node]));
  // A state is an argument behind the inputs, and its next value a result behind the outputs. Its first value, where it
  // is not zero, is another result.
  struct State {
    uint32_t node, next;
    int64_t place;
  };
  std::vector<State> states;
  std::vector<size_t> arguments(graph.nodes.size());
  for (const node_record &node : graph.nodes) {
    if (node.kind != op::update) continue;
    const uint32_t state = graph.operands(node)[0];
    arguments[state] = inputs.size();
    inputs.push_back(typeOf(node)), outputs.push_back(typeOf(node));
    states.push_back(
        {state, static_cast<uint32_t>(&node - graph.nodes.data()), static_cast<int64_t>(memory_offset(graph, state))});
  }
  for (const State &state : states)
    if (graph.operands(graph.nodes[state.node])[0] != no_node) outputs.push_back(typeOf(graph.nodes[state.node]));

  // Learned parameters are arguments behind those.
  for (const node_record &node : graph.nodes) {
    if (node.kind != op::parameter || weights != Weights::learned) continue;
    arguments[static_cast<size_t>(&node - graph.nodes.data())] = inputs.size();
    inputs.push_back(typeOf(node));
  }
  // So are weights that are computed from them. What computes such a weight gives a result of its own, which
  // buildTraining() takes out.
  const std::vector<uint32_t> computed =
      weights == Weights::learned ? computed_weights(graph) : std::vector<uint32_t>();
  for (uint32_t node : computed) {
    arguments[node] = inputs.size();
    inputs.push_back(typeOf(graph.nodes[node])), outputs.push_back(typeOf(graph.nodes[node]));
  }

  mlir::Location loc = mlir::NameLoc::get(
      builder.getStringAttr(ref(graph.name)),
      mlir::FileLineColLoc::get(builder.getContext(), ref(graph.source_file), /*line=*/1, /*column=*/1));
  builder.setInsertionPointToEnd(module.getBody());
  auto function = builder.create<mlir::func::FuncOp>(loc, ref(graph.name), builder.getFunctionType(inputs, outputs));
  function->setAttr(kHashAttr, builder.getIntegerAttr(builder.getIntegerType(64, false), llvm::APInt(64, graph.hash)));
  if (remembers(graph)) function->setAttr(kMemoryAttr, builder.getI64IntegerAttr(int64_t(memory_bytes(graph))));
  if (weights == Weights::learned) {
    function->setAttr(kMemoryAttr, builder.getI64IntegerAttr(int64_t(training_bytes(graph))));
    function->setAttr(kLearnedAttr, builder.getI64IntegerAttr(int64_t(parameter_elements(graph))));
  }
  if (!computed.empty())
    function->setAttr(kComputedElementsAttr, builder.getI64IntegerAttr(int64_t(training_layout_of(graph).computed)));
  if (weights == Weights::argument) {
    if (mlir::failed(checkArgument(loc))) return mlir::failure();
    function->setAttr(kParametersAttr, builder.getI64IntegerAttr(int64_t(parameter_elements(graph))));
    function->setAttr(kParameterListAttr, parameterList());
  }
  builder.setInsertionPointToStart(function.addEntryBlock());

  unsigned argument = 0;
  llvm::SmallVector<Value> results;  // the computed weights
  uint64_t place = training_layout_of(graph).computed_weights();
  for (const node_record &node : graph.nodes) {
    if (node.kind == op::input) {
      function.setArgAttr(argument, kNameAttr, builder.getStringAttr(ref(graph.name_of(node))));
      values.push_back(function.getArgument(argument++));
      continue;
    }
    if (node.kind == op::state) {
      const auto number = static_cast<unsigned>(arguments[values.size()]);
      function.setArgAttr(number, kNameAttr, builder.getStringAttr(ref(graph.name_of(node))));
      values.push_back(function.getArgument(number));
      continue;
    }
    if (node.kind == op::parameter && weights == Weights::learned) {
      const auto index = static_cast<uint32_t>(values.size());
      const auto number = static_cast<unsigned>(arguments[index]);
      function.setArgAttr(number, kNameAttr, builder.getStringAttr(ref(graph.name_of(node))));
      function.setArgAttr(number, kLearnedAttr, builder.getUnitAttr());
      function.setArgAttr(number, kStateAttr, builder.getI64IntegerAttr(int64_t(parameter_offset(graph, index))));
      values.push_back(function.getArgument(number));
      continue;
    }
    mlir::FailureOr<Value> value = import(node);
    if (mlir::failed(value)) return mlir::failure();
    if (llvm::is_contained(computed, values.size())) {
      const auto number = static_cast<unsigned>(arguments[values.size()]);
      const mlir::IntegerAttr at = builder.getI64IntegerAttr(static_cast<int64_t>(place));
      place += inlay::detail::in_lines(node.dims.elements());
      for (llvm::StringRef name : {kComputedAttr, kStateAttr}) function.setArgAttr(number, name, at);
      function.setArgAttr(number, kLearnedAttr, builder.getUnitAttr());
      results.push_back(*value);
      value = function.getArgument(number);
    }
    values.push_back(*value);
  }
  llvm::SmallVector<Value> returned;
  for (auto [i, output] : llvm::enumerate(graph.outputs)) {
    returned.push_back(values[output.node]);
    function.setResultAttr(static_cast<unsigned>(i), kNameAttr, builder.getStringAttr(ref(graph.text(output.name))));
  }
  const auto result = [&](uint32_t node, llvm::StringRef attribute, int64_t place) {
    function.setResultAttr(static_cast<unsigned>(returned.size()), attribute, builder.getI64IntegerAttr(place));
    returned.push_back(values[node]);
  };
  for (const State &state : states) {
    function.setArgAttr(static_cast<unsigned>(arguments[state.node]), kStateAttr,
                        builder.getI64IntegerAttr(state.place));
    result(state.next, kStateAttr, state.place);
  }
  for (const State &state : states)
    if (const uint32_t initial = graph.operands(graph.nodes[state.node])[0]; initial != no_node)
      result(initial, kInitialAttr, state.place);
  for (auto [node, value] : llvm::zip_equal(computed, results)) {
    auto at = function.getArgAttrOfType<mlir::IntegerAttr>(static_cast<unsigned>(arguments[node]), kComputedAttr);
    function.setResultAttr(static_cast<unsigned>(returned.size()), kComputedAttr, at);
    returned.push_back(value);
  }
  builder.create<mlir::func::ReturnOp>(loc, returned);
  return function;
}

}  // namespace

mlir::FailureOr<mlir::func::FuncOp> importGraph(const graph_view &graph, ParameterLookup parameters,
                                                mlir::ModuleOp module, Weights weights) {
  return Importer(graph, parameters, module, weights).run();
}

}  // namespace inlay::compiler
