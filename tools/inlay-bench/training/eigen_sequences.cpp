// SPDX-License-Identifier: Apache-2.0
// Training a GRU by hand with Eigen: all samples of a step at once, and back through time by the chain rule.
#include <Eigen/Dense>
#include <cmath>

#include "eigen_parameter.hpp"
#include "training_peer.hpp"

namespace inlay::bench {
namespace {

class eigen_sequences : public sequence_peer {
 public:
  eigen_sequences(const sequence_plan& plan, const parameter_list& from, double rate)
      : plan_(plan), rate_(static_cast<float>(rate)) {
    const int h = plan.features;
    const auto matrix_of = [&](std::size_t i, int rows, int columns) {
      return matrix(Eigen::Map<const matrix>(from[i].data(), rows, columns));
    };
    const auto row_of = [&](std::size_t i) {
      return row(Eigen::Map<const row>(from[i].data(), static_cast<Eigen::Index>(from[i].size())));
    };
    input_.begin(matrix_of(0, 3 * h, plan.inputs)), hidden_.begin(matrix_of(1, 3 * h, h));
    input_bias_.begin(row_of(2)), hidden_bias_.begin(row_of(3));
    out_.begin(matrix_of(4, 1, h)), out_bias_.begin(row_of(5));
    const int rows = plan.batch * plan.steps;
    states_ = matrix::Zero(rows + plan.batch, h);
    of_input_.resize(rows, 3 * h), of_hidden_.resize(rows, 3 * h), gates_.resize(rows, 3 * h);
    to_input_.resize(rows, 3 * h), to_hidden_.resize(rows, 3 * h);
  }

  // Rows are steps, each with all samples.
  float step(std::span<const float> x, std::span<const float> target) override {
    const int h = plan_.features, b = plan_.batch, steps = plan_.steps, rows = b * steps;
    matrix inputs(rows, plan_.inputs);
    row wanted(rows);
    for (int sample = 0; sample < b; ++sample)
      for (int t = 0; t < steps; ++t) {
        const int place = sample * steps + t;
        inputs.row(t * b + sample) = Eigen::Map<const row>(x.data() + place * plan_.inputs, plan_.inputs);
        wanted[t * b + sample] = target[static_cast<std::size_t>(place)];
      }
    of_input_.noalias() = inputs * input_.value.transpose();
    of_input_.rowwise() += input_bias_.value;
    for (int t = 0; t < steps; ++t) {
      auto before = states_.middleRows(t * b, b);
      auto from_input = of_input_.middleRows(t * b, b), from_hidden = of_hidden_.middleRows(t * b, b);
      auto gates = gates_.middleRows(t * b, b);
      from_hidden.noalias() = before * hidden_.value.transpose();
      from_hidden.rowwise() += hidden_bias_.value;
      gates.leftCols(2 * h) = 1 / (1 + (-(from_input.leftCols(2 * h) + from_hidden.leftCols(2 * h)).array()).exp());
      gates.rightCols(h) =
          (from_input.rightCols(h).array() + gates.leftCols(h).array() * from_hidden.rightCols(h).array()).tanh();
      const auto keep = gates.middleCols(h, h).array();
      states_.middleRows((t + 1) * b, b) = (1 - keep) * gates.rightCols(h).array() + keep * before.array();
    }
    const auto after = states_.bottomRows(rows);
    row errors = (after * out_.value.transpose()).transpose().array() + out_bias_.value[0];
    errors -= wanted;
    const float loss = errors.squaredNorm() / static_cast<float>(rows);

    errors *= 2.0f / static_cast<float>(rows);
    out_.gradient.noalias() = errors * after;
    out_bias_.gradient[0] = errors.sum();
    matrix back = matrix::Zero(b, h);
    for (int t = steps; t-- > 0;) {
      const auto before = states_.middleRows(t * b, b);
      const auto gates = gates_.middleRows(t * b, b);
      const auto reset = gates.leftCols(h).array(), keep = gates.middleCols(h, h).array();
      const auto candidate = gates.rightCols(h).array();
      back.noalias() += errors.segment(t * b, b).transpose() * out_.value;
      auto to_input = to_input_.middleRows(t * b, b), to_hidden = to_hidden_.middleRows(t * b, b);
      to_input.rightCols(h) = back.array() * (1 - keep) * (1 - candidate.square());
      to_input.middleCols(h, h) = back.array() * (before.array() - candidate) * keep * (1 - keep);
      to_input.leftCols(h) =
          to_input.rightCols(h).array() * of_hidden_.middleRows(t * b, b).rightCols(h).array() * reset * (1 - reset);
      to_hidden.leftCols(2 * h) = to_input.leftCols(2 * h);
      to_hidden.rightCols(h) = to_input.rightCols(h).array() * reset;
      back.array() *= keep;
      back.noalias() += to_hidden * hidden_.value;
    }
    input_.gradient.noalias() = to_input_.transpose() * inputs;
    hidden_.gradient.noalias() = to_hidden_.transpose() * states_.topRows(rows);
    input_bias_.gradient = to_input_.colwise().sum(), hidden_bias_.gradient = to_hidden_.colwise().sum();

    ++count_;
    const float rate = rate_ / (1 - std::pow(0.9f, static_cast<float>(count_)));
    const float correction = 1 / std::sqrt(1 - std::pow(0.999f, static_cast<float>(count_)));
    for (learned<matrix>* each : {&input_, &hidden_, &out_}) each->update(rate, correction);
    for (learned<row>* each : {&input_bias_, &hidden_bias_, &out_bias_}) each->update(rate, correction);
    return loss;
  }

  parameter_list gradients() override {
    parameter_list all;
    const auto add = [&](const auto& of) { all.emplace_back(of.data(), of.data() + of.size()); };
    add(input_.gradient), add(hidden_.gradient), add(input_bias_.gradient), add(hidden_bias_.gradient);
    add(out_.gradient), add(out_bias_.gradient);
    return all;
  }

 private:
  sequence_plan plan_;
  float rate_;
  int count_ = 0;
  learned<matrix> input_, hidden_, out_;
  learned<row> input_bias_, hidden_bias_, out_bias_;
  matrix states_;                // before the first step and after each
  matrix of_input_, of_hidden_;  // what the two matrices give
  matrix gates_;                 // reset, update, candidate
  matrix to_input_, to_hidden_;  // the gradients of what the matrices give
};

}  // namespace

std::unique_ptr<sequence_peer> make_eigen_sequences(const sequence_plan& plan, const parameter_list& parameters,
                                                    double rate) {
  return std::make_unique<eigen_sequences>(plan, parameters, rate);
}

}  // namespace inlay::bench
