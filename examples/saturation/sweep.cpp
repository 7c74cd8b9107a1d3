// SPDX-License-Identifier: Apache-2.0
// Trains the networks in compiled code, and counts flat slopes by plain loops in double.
#include "sweep.hpp"

#include <algorithm>
#include <cmath>
#include <inlay/trainer.hpp>
#include <numeric>
#include <span>
#include <stdexcept>

#include "model.hpp"

namespace saturation_example {
namespace {

using digits_example::image_pixels;
using digits_example::image_set;

constexpr std::size_t hidden = 32, digit_count = 10, batch = 32;

double value_of(activation function, double x) {
  switch (function) {
    case activation::sigmoid: return 1 / (1 + std::exp(-x));
    case activation::tanh: return std::tanh(x);
    case activation::relu: return std::max(x, 0.0);
  }
  throw std::logic_error("no such activation");
}

/// One dense layer by its definition.
std::vector<double> dense_of(std::span<const double> x, std::span<const float> weight, std::span<const float> bias) {
  std::vector<double> y(bias.begin(), bias.end());
  for (std::size_t o = 0; o < y.size(); ++o)
    for (std::size_t i = 0; i < x.size(); ++i) y[o] += static_cast<double>(weight[o * x.size() + i]) * x[i];
  return y;
}

double norm_of(std::span<const float> gradient) {
  double squares = 0;
  for (const float each : gradient) squares += static_cast<double>(each) * static_cast<double>(each);
  return std::sqrt(squares);
}

/// A network while it is trained.
template <const auto& Net>
class training {
 public:
  explicit training(const experiment& what, double rate, std::uint64_t seed)
      : what_(what), trainer_({.how = inlay::method::sgd, .rate = rate}, seed), random_(seed) {}

  /// Counts flat slopes for all images. Appends the arguments of hidden1's activation to `arguments`, if there is one.
  flat_shares count_flat(const image_set& images, std::vector<double>* arguments = nullptr) {
    const auto part = [&](const char* name) { return trainer_.parameter(what_.name + "." + name); };
    std::array<std::size_t, 2> flat{};
    for (std::size_t i = 0; i < images.size(); ++i) {
      std::vector<double> x;
      for (const float pixel : images.image(i)) {
        const double byte = static_cast<double>(pixel);
        x.push_back(what_.normalised ? (byte - pixel_mean) / pixel_deviation : byte);
      }
      for (std::size_t layer = 0; layer < 2; ++layer) {
        x = layer == 0 ? dense_of(x, part("hidden1.weight"), part("hidden1.bias"))
                       : dense_of(x, part("hidden2.weight"), part("hidden2.bias"));
        if (layer == 0 && arguments) arguments->insert(arguments->end(), x.begin(), x.end());
        for (double& each : x) {
          flat[layer] += slope_of(what_.function, each) < flat_slope;
          each = value_of(what_.function, each);
        }
      }
    }
    const auto all = static_cast<double>(images.size() * hidden);
    return {static_cast<double>(flat[0]) / all, static_cast<double>(flat[1]) / all};
  }

  beginning look(const images& bytes) {
    beginning seen{};
    seen.flat = count_flat(bytes.held_out, &seen.arguments);
    trainer_.gradients(bytes.training.pixels, bytes.training.labels);
    const auto count = static_cast<double>(bytes.training.size());  // gradient() is a sum
    seen.neurons = norm_of(trainer_.gradient(what_.name + ".hidden1.bias")) / count;
    seen.weights = norm_of(trainer_.gradient(what_.name + ".hidden1.weight")) / count;
    return seen;
  }

  /// Returns the mean loss of the last epoch.
  double train(const image_set& images) {
    std::vector<std::size_t> order(images.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<float> pixels;
    std::vector<std::int32_t> labels;
    const std::size_t batches = images.size() / batch;  // what is left over differs from epoch to epoch
    double loss = 0;
    for (int epoch = 0; epoch < epochs; ++epoch) {
      for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_.below(i)]);
      loss = 0;
      for (std::size_t i = 0; i < batches; ++i) {
        pixels.clear(), labels.clear();
        for (const std::size_t each : std::span(order).subspan(i * batch, batch)) {
          const auto image = images.image(each);
          pixels.insert(pixels.end(), image.begin(), image.end());
          labels.push_back(images.labels[each]);
        }
        loss += static_cast<double>(trainer_.step(pixels, labels)) / static_cast<double>(batches);
      }
    }
    return loss;
  }

  double share_right(const image_set& images) {
    std::vector<float> said(images.size() * digit_count);
    if (trainer_.predict(images.pixels, said) != inlay::status::ok)
      throw std::runtime_error(what_.name + " refused to run");
    std::size_t right = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto at = said.begin() + static_cast<std::ptrdiff_t>(i * digit_count);
      right += std::max_element(at, at + digit_count) - at == images.labels[i] ? 1 : 0;
    }
    return static_cast<double>(right) / static_cast<double>(images.size());
  }

  inlay::weights weights() const { return trainer_.weights(); }

 private:
  const experiment& what_;
  inlay::trainer<Net, inlay::loss::cross_entropy> trainer_;
  inlay::random_numbers random_;
};

template <const auto& Net>
experiment sweep(activation function, bool normalised, const images& bytes) {
  experiment found;
  found.name = Net.name;
  found.function = function, found.normalised = normalised;
  found.first = training<Net>(found, rates[0], 0).look(bytes);
  double least = INFINITY;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    ending& end = found.by_rate[i];
    inlay::weights weights;
    flat_shares first_flat{};
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      training<Net> trained(found, rates[i], seed);
      end.loss += trained.train(bytes.training) / seeds;
      end.right[seed] = trained.share_right(bytes.held_out);
      const flat_shares flat = trained.count_flat(bytes.held_out);
      for (std::size_t layer = 0; layer < 2; ++layer) end.flat[layer] += flat[layer] / seeds;
      if (seed == 0) weights = trained.weights(), first_flat = flat;
    }
    if (!(end.loss < least)) continue;  // a loss may be NaN
    least = end.loss;
    found.best = i, found.trained = std::move(weights), found.trained_flat = first_flat;
  }
  return found;
}

}  // namespace

double slope_of(activation function, double x) {
  const double y = value_of(function, x);
  switch (function) {
    case activation::sigmoid: return 4 * y * (1 - y);
    case activation::tanh: return 1 - y * y;
    case activation::relu: return x > 0 ? 1 : 0;
  }
  throw std::logic_error("no such activation");
}

images read_bytes(const std::string& path) {
  images bytes{digits_example::read_training_images(path), digits_example::read_held_out_images(path)};
  for (image_set* set : {&bytes.training, &bytes.held_out})
    for (float& pixel : set->pixels) pixel = std::round(pixel * 255);
  return bytes;
}

double ending::mean_right() const { return std::accumulate(right.begin(), right.end(), 0.0) / seeds; }

std::vector<experiment> run_sweep(const images& bytes) {
  std::vector<experiment> all;
  all.push_back(sweep<sigmoid_raw>(activation::sigmoid, false, bytes));
  all.push_back(sweep<sigmoid_normalised>(activation::sigmoid, true, bytes));
  all.push_back(sweep<tanh_raw>(activation::tanh, false, bytes));
  all.push_back(sweep<tanh_normalised>(activation::tanh, true, bytes));
  all.push_back(sweep<relu_raw>(activation::relu, false, bytes));
  all.push_back(sweep<relu_normalised>(activation::relu, true, bytes));
  return all;
}

}  // namespace saturation_example
