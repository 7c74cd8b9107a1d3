// SPDX-License-Identifier: Apache-2.0
// Runs a graph on both engines of the interpreter and compares the results.
#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "inlay/graph_builder.hpp"
#include "inlay/interpreter.hpp"

namespace inlay::testing {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();
inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kDenormal = std::numeric_limits<float>::denorm_min();
inline constexpr float kLeastNormal = std::numeric_limits<float>::min();
inline constexpr float kGreatest = std::numeric_limits<float>::max();

/// The corner cases of f32 arithmetic.
inline constexpr float kEdges[] = {kNan,       kInfinity, -kInfinity, 0.0f,         -0.0f,         kDenormal,
                                   -kDenormal, 1e-40f,    -1e-40f,    kLeastNormal, -kLeastNormal, 1.0f,
                                   -1.0f,      2.0f,      0.333333f,  -17.25f,      kGreatest,     -kGreatest};

using tensors = std::vector<std::vector<float>>;

/// The first difference; "" if NaN and infinities are in the same places and the rest differs by at most 1e-4, relative
/// or absolute.
std::string difference(const std::vector<float>& found, const std::vector<float>& expected);

/// All outputs of `made` for inputs with `batch` samples.
tensors run(interpreter& made, const tensors& inputs, std::size_t batch, engine how);

/// Random weights for every parameter of `g`, small enough that values stay near 1 from layer to layer.
weights random_weights(const graph_view& g, std::mt19937& random);

/// The output of a map with this program, whose operands are the inputs of a network, computed by engine `how`.
std::vector<float> run_program(const std::vector<instruction>& program, const tensors& operands, engine how);

inline constexpr engine kEngines[] = {engine::reference, engine::baseline};
inline std::string name_of(engine how) { return how == engine::reference ? "reference" : "baseline"; }

}  // namespace inlay::testing
