// SPDX-License-Identifier: Apache-2.0
// Compiled gradients of networks in the DSL against central differences: every op that has a rule, every loss, batches
// around a block of rows, layers of sizes that fill no register.
#include "gradient_check.hpp"

#include <gtest/gtest.h>

#include "inlay/dsl.hpp"
#include "jit_kernel.hpp"

namespace inlay::testing {
namespace {

template <class Net>
graph_builder traced(const Net& net) {
  graph_builder b(net.name);
  detail::trace(net, b);
  return b;
}

template <class Net>
void check(const Net& net, const gradient_check& how = {}) {
  EXPECT_EQ(check_gradients(traced(net), how), "") << net.name << ", batch " << how.batch;
}

constexpr auto layers = network("layers", input<f32, 5>("x"),
                                [](auto x) { return dense<3>("c", tanh(dense<17>("b", sigmoid(dense<9>("a", x))))); });

TEST(Gradient, OfLayersForEveryLoss) {
  for (loss which : {loss::mse, loss::cross_entropy, loss::bce, loss::huber, loss::hinge})
    check(layers, {.which = which});
}

TEST(Gradient, OfBatchesAroundABlock) {
  for (std::size_t batch : {1u, 2u, 14u, 15u, 127u, 128u, 129u, 257u}) check(layers, {.batch = batch, .seed = 7});
}

TEST(Gradient, OnEveryInstructionSet) {
  for (const std::string& cpu : tools::runnable_cpus()) check(layers, {.batch = 21, .seed = 3, .cpu = cpu});
}

TEST(Gradient, OfSizesThatFillNoRegister) {
  check(network("one", input<f32, 1>("x"), [](auto x) { return dense<1>("fc", x); }));
  check(network("wide", input<f32, 33>("x"), [](auto x) { return dense<35>("b", relu(dense<65>("a", x))); }),
        {.batch = 5});
  check(network("narrow", input<f32, 70>("x"), [](auto x) { return dense<2>("b", tanh(dense<1>("a", x))); }));
}

TEST(Gradient, OfABatchLargerThanTheTile) {
  check(network("tiles", input<f32, 40>("x"), [](auto x) { return dense<31>("a", x); }), {.batch = 30});
}

TEST(Gradient, OfLayersWithoutBias) {
  check(network("unbiased", input<f32, 4>("x"), [](auto x) {
    auto h = tanh(dense("a", x, param<f32, 6, 4>("a.weight")));
    return dense("b", h, param<f32, 2, 6>("b.weight"));
  }));
}

TEST(Gradient, OfValuesThatAreReadTwice) {
  check(network("residual", input<f32, 6>("x"), [](auto x) {
    auto h = tanh(dense<6>("a", x));
    return dense<2>("c", tanh(dense<6>("b", h) + h) * h);
  }));
}

TEST(Gradient, OfSharedWeights) {
  check(network("shared", input<f32, 4>("x"), [](auto x) {
    auto w = param<f32, 4, 4>("w");
    return dense("b", tanh(dense("a", x, w)), w);
  }));
}

TEST(Gradient, OfConstantLayers) {
  check(network("frozen", input<f32, 2>("x"), [](auto x) {
    auto h = dense("fixed", tanh(dense<3>("a", x)), constant<f32, 2, 3>({1, -2, 3, 0.5f, 1, -1}));
    return tanh(h) + param<f32, 2>("shift");
  }));
}

TEST(Gradient, OfPointwiseArithmetic) {
  check(network("pointwise", input<f32, 5>("x"), [](auto x) {
    auto a = dense<5>("a", x);
    auto b = dense<5>("b", x);
    return (a - b) * a / (2 + b * b) + minimum(a, b) * maximum(a, x) + where(x > 0, a, b * b);
  }));
}

TEST(Gradient, OfParametersThatAreBroadcast) {
  check(network("broadcast", input<f32, 3, 4>("x"), [](auto x) {
    auto y = x * param<f32, 4>("row") + param<f32, 3, 1>("column");
    return tanh(y * param<f32, 1>("one")) * exp(param<f32, 3, 4>("whole"));
  }));
}

TEST(Gradient, OfSoftmaxAndItsLogarithm) {
  check(network("softmax", input<f32, 4>("x"), [](auto x) { return softmax(dense<5>("a", x)); }));
  check(network("log_softmax", input<f32, 4>("x"), [](auto x) { return log_softmax(dense<18>("a", x)); }));
  // A network that ends in softmax is trained on its logits.
  check(network("classes", input<f32, 4>("x"), [](auto x) { return softmax(dense<5>("a", x)); }),
        {.which = loss::cross_entropy});
}

TEST(Gradient, OfShapes) {
  check(network("shapes", input<f32, 6>("x"), [](auto x) {
    auto m = reshape<2, 6>(dense<12>("a", x));
    auto turned = permute<1, 0>(tanh(m));
    auto piece = slice<0, 1, 4>(turned);
    return flatten(concat<1>(piece, slice<0, 0, 4>(turned * turned)));
  }));
  check(network("padded", input<f32, 6>("x"), [](auto x) {
    auto m = reshape<2, 3>(dense<6>("a", x));
    return tanh(pad<1, 2>(m));
  }));
}

TEST(Gradient, OfReductions) {
  check(network("sums", input<f32, 6>("x"), [](auto x) {
    auto m = reshape<3, 4>(dense<12>("a", x));
    return sum<0>(tanh(m)) + mean<1>(m * m, keepdim) * sum(m) + amax<0>(m) * amin<0>(m);
  }));
}

TEST(Gradient, OfNorms) {
  check(network("layer", input<f32, 6>("x"),
                [](auto x) { return dense<3>("b", tanh(layer_norm("norm", dense<9>("a", x)))); }),
        {.tolerance = 1e-3});
  check(network("rms", input<f32, 6>("x"), [](auto x) { return rms_norm("norm", dense<9>("a", x)); }),
        {.tolerance = 1e-3});
}

TEST(Gradient, OfALossInTheNetwork) {
  check(network("own_loss", input<f32, 3>("x"), input<f32, 2>("y"),
                [](auto x, auto y) { return mean(square(dense<2>("a", x) - y * param<f32, 2>("extra"))); }),
        {.which = loss::output});
}

TEST(Gradient, IsRefusedWithAReason) {
  const auto message = [](const auto& net, loss which = loss::mse) {
    ::testing::internal::CaptureStderr();
    const std::string error = refusal_of(traced(net), which);
    return ::testing::internal::GetCapturedStderr() + error;
  };
  const auto contains = [](const std::string& text, const char* words) {
    EXPECT_NE(text.find(words), std::string::npos) << text;
  };
  contains(message(network("steps", input<f32, 3>("x"), [](auto x) { return step(dense<2>("fc", x)); })),
           "'step' cannot be trained: its derivative is 0 everywhere; train with sigmoid(k * x)");
  contains(message(network("places", input<f32, 3>("x"), [](auto x) { return argmax<0>(dense<4>("fc", x)); })),
           "'argmax' cannot be trained: its derivative is 0 everywhere; train with softmax");
  contains(message(network("image", input<f32, 1, 4, 4>("x"), [](auto x) { return flatten(conv2d<2, 3>("conv", x)); })),
           "'conv2d' has no compiled gradient yet");
  contains(message(network("fixed", input<f32, 3>("x"), [](auto x) { return tanh(x); })), "it has no parameters");
  contains(message(network("norm", input<f32, 3>("x"), [](auto x) { return batch_norm("bn", dense<3>("fc", x)); })),
           "is a statistic of batches");
  contains(message(network("wide", input<f32, 3>("x"), [](auto x) { return dense<2>("fc", x); }), loss::output),
           "must be one number");
}

}  // namespace
}  // namespace inlay::testing
