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

TEST(Gradient, OfLayersWithAConstantBias) {
  check(network("fixed_bias", input<f32, 2>("x"), [](auto x) {
    return tanh(dense("a", x, param<f32, 3, 2>("a.weight"), constant<f32, 3>({1, -2, 0.5f})));
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

TEST(Gradient, OfConvolutions) {
  check(network("one_layer", input<f32, 2, 5, 6>("x"), [](auto x) { return flatten(conv2d<3, 3>("a", x)); }));
  check(network("many_features", input<f32, 1, 5, 5>("x"), [](auto x) { return flatten(conv2d<37, 2>("a", x)); }));
  check(network("two_layers", input<f32, 3, 7, 6>("x"), [](auto x) {
    auto h = tanh(conv2d<5, 3>("a", x, padding<1>));
    return flatten(conv2d<2, 3>("b", h));
  }));
  check(network("padded_layers", input<f32, 1, 6, 6>("x"), [](auto x) {
    auto h = sigmoid(conv2d<18, 3>("a", x, same_padding));
    return dense<3>("c", flatten(tanh(conv2d<4, 5>("b", h, padding<2>))));
  }));
}

TEST(Gradient, OfConvolutionsWithStrideAndDilation) {
  check(network("strided", input<f32, 2, 8, 9>("x"), [](auto x) {
    auto h = tanh(conv2d<3, 3>("a", x, stride<2>, padding<1>));
    return flatten(conv2d<2, 2>("b", h, stride<2>));
  }));
  check(network("dilated", input<f32, 2, 9, 9>("x"), [](auto x) {
    auto h = tanh(conv2d<3, 3>("a", x, dilation<2>));
    return flatten(conv2d<2, 2>("b", h, dilation<3>));
  }));
}

TEST(Gradient, OfConvolutionsOnEveryInstructionSet) {
  for (const std::string& cpu : tools::runnable_cpus())
    check(network("images", input<f32, 2, 6, 6>("x"),
                  [](auto x) { return flatten(conv2d<3, 3>("b", tanh(conv2d<20, 3>("a", x)))); }),
          {.batch = 5, .cpu = cpu});
}

TEST(Gradient, OfConvolutionsWithGroups) {
  check(network("two_groups", input<f32, 4, 5, 6>("x"), [](auto x) {
    auto h = tanh(conv2d<6, 3>("a", x, groups<2>, padding<1>));
    return flatten(conv2d<4, 2>("b", h, groups<2>, stride<2>, no_bias));
  }));
  check(network("multiplied", input<f32, 3, 5, 5>("x"), [](auto x) {
    auto h = tanh(conv2d<6, 3>("a", x, groups<3>, dilation<2>));
    return flatten(conv2d<34, 1>("b", h, groups<2>));
  }));
  check(network("signal_groups", input<f32, 4, 11>("x"), [](auto x) {
    return flatten(conv1d<2, 3>("b", tanh(conv1d<6, 3>("a", x, groups<2>)), groups<2>, stride<2>));
  }));
}

TEST(Gradient, OfDepthwiseConvolutions) {
  check(network("depthwise", input<f32, 2, 7, 6>("x"), [](auto x) {
    auto h = tanh(conv2d<17, 1>("a", x));
    auto d = sigmoid(conv2d<17, 3>("b", h, groups<17>, padding<1>));
    return flatten(conv2d<3, 1>("c", d));
  }));
  check(network("strided_depthwise", input<f32, 5, 9, 8>("x"), [](auto x) {
    auto h = tanh(conv2d<5, 3>("a", x, groups<5>, stride<2>, padding<1>, no_bias));
    return flatten(conv2d<5, 2>("b", h, groups<5>, dilation<2>));
  }));
  check(network("wide_depthwise", input<f32, 33, 4, 5>("x"), [](auto x) {
    auto h = tanh(conv2d<33, 3, 2>("a", x, groups<33>, padding<1>));
    return flatten(conv2d<33, 1>("b", h, groups<33>));
  }));
  check(network("one_tap", input<f32, 3, 1, 1>("x"), [](auto x) {
    return flatten(conv2d<3, 3>("a", conv2d<3, 1>("b", x, groups<3>), groups<3>, padding<1>));
  }));
  check(network("signal_depthwise", input<f32, 3, 12>("x"), [](auto x) {
    return flatten(conv1d<3, 3>("b", tanh(conv1d<3, 4>("a", x, groups<3>)), groups<3>, stride<2>));
  }));
}

TEST(Gradient, OfDepthwiseConvolutionsOnEveryInstructionSet) {
  for (const std::string& cpu : tools::runnable_cpus())
    check(network("separable", input<f32, 2, 6, 6>("x"),
                  [](auto x) {
                    auto h = silu(conv2d<21, 1>("a", x));
                    return flatten(conv2d<2, 1>("c", tanh(conv2d<21, 3>("b", h, groups<21>, stride<2>, padding<1>))));
                  }),
          {.batch = 5, .cpu = cpu});
}

TEST(Gradient, OfConvolutionsPaddedBeyondTheirReach) {
  check(network("beyond", input<f32, 2, 3, 4>("x"), [](auto x) {
    auto h = tanh(conv2d<3, 2>("a", x, padding<3>, stride<2>));
    return flatten(conv2d<2, 1>("b", h, padding<2>, stride<3>));
  }));
}

TEST(Gradient, OfTransposedConvolutions) {
  check(network("up", input<f32, 3, 3, 4>("x"), [](auto x) {
    auto h = tanh(conv_transpose2d<5, 4>("a", x, stride<2>, padding<1>));
    return flatten(conv_transpose2d<2, 3>("b", h));
  }));
  check(network("up_by_three", input<f32, 2, 3, 2>("x"), [](auto x) {
    auto h = tanh(conv_transpose2d<17, 3, 2>("a", x, stride<3>, output_padding<1>, padding<1>, no_bias));
    return flatten(conv_transpose2d<1, 3>("b", h, dilation<2>, padding<3>));
  }));
  check(network("between", input<f32, 2, 6, 6>("x"), [](auto x) {
    auto h = relu(conv2d<4, 3>("a", x, stride<2>, padding<1>));
    return flatten(conv2d<2, 3>("c", sigmoid(conv_transpose2d<3, 2>("b", h, stride<2>))));
  }));
  check(network("up_in_groups", input<f32, 4, 3, 3>("x"), [](auto x) {
    auto h = tanh(conv_transpose2d<6, 3>("a", x, groups<2>, stride<2>));
    return flatten(conv_transpose2d<6, 2>("b", h, groups<6>));
  }));
  check(network("up_signal", input<f32, 2, 5>("x"), [](auto x) {
    auto h = tanh(conv_transpose1d<4, 4>("a", x, stride<2>, padding<1>));
    return flatten(conv_transpose1d<2, 3>("b", h, groups<2>));
  }));
}

TEST(Gradient, OfTransposedConvolutionsWithConstantWeights) {
  check(network("fixed_up", input<f32, 1, 2, 2>("x"), [](auto x) {
    auto h = tanh(conv2d<2, 1>("a", x));
    auto w = constant<f32, 2, 1, 2, 2>({1, -2, 0.5f, 1, 2, 1, -1, 3});
    return flatten(conv_transpose2d("up", h, w, stride<2>));
  }));
}

TEST(Gradient, OfTiedWeights) {
  graph_builder b("tied");
  const std::uint32_t x = b.input("x", {1, {5}}), w = b.parameter("w", {2, {18, 5}}), none = no_node;
  const std::uint32_t axes[] = {0, 1};
  const std::uint32_t hidden = b.dense("encode", x, w, b.parameter("bias", {1, {18}}));
  b.output(b.dense("decode", hidden, b.apply(op::transpose, {&w, 1}, axes), none), "y");
  b.finish();
  EXPECT_EQ(check_gradients(b), "");
  check(network("tied_images", input<f32, 2, 4, 5>("x"), [](auto x) {
    auto w = param<f32, 3, 2, 3, 3>("w");
    return flatten(conv_transpose2d("b", tanh(conv2d("a", x, w)), w));
  }));
}

TEST(Gradient, OfPoolsThatOverlap) {
  check(network("overlapping", input<f32, 2, 8, 9>("x"), [](auto x) {
    auto h = max_pool<3>(tanh(conv2d<5, 3>("a", x, padding<1>)), stride<2>, padding<1>);
    return flatten(max_pool<2>(conv2d<17, 2>("b", h), stride<1>));
  }));
  check(network("apart", input<f32, 2, 9, 11>("x"), [](auto x) {
    auto h = max_pool<2>(conv2d<3, 1>("a", x), stride<3>);
    return flatten(max_pool<2>(tanh(h), dilation<2>, stride<1>));
  }));
  check(network("rounded_up", input<f32, 2, 7, 8>("x"),
                [](auto x) { return flatten(max_pool<3>(conv2d<20, 1>("a", x), stride<2>, ceil_mode)); }));
  check(
      network("whole", input<f32, 2, 7, 6>("x"), [](auto x) { return flatten(max_pool<7, 6>(conv2d<3, 1>("a", x))); }));
  check(network("signal_pool", input<f32, 2, 13>("x"),
                [](auto x) { return flatten(max_pool<3>(conv1d<4, 2>("a", x), stride<2>, padding<1>)); }));
}

TEST(Gradient, OfPools) {
  check(network("max_pools", input<f32, 2, 8, 12>("x"), [](auto x) {
    auto h = max_pool<2>(tanh(conv2d<5, 3>("a", x, padding<1>)));
    return dense<3>("c", flatten(max_pool<2, 3>(conv2d<4, 3>("b", h, padding<1>))));
  }));
  check(network("mean_pools", input<f32, 2, 8, 9>("x"), [](auto x) {
    auto h = avg_pool<2>(conv2d<5, 3>("a", x, padding<1>));
    return flatten(avg_pool<3>(tanh(h), stride<1>, padding<1>));
  }));
  check(network("global", input<f32, 2, 5, 6>("x"),
                [](auto x) { return dense<3>("b", flatten(global_avg_pool(tanh(conv2d<5, 3>("a", x))))); }));
}

TEST(Gradient, OfResampling) {
  check(network("larger", input<f32, 1, 4, 5>("x"), [](auto x) {
    auto h = upsample<2>(tanh(conv2d<3, 2>("a", x)), bilinear);
    return flatten(pad<1, 2, 0, 1>(h, reflect));
  }));
}

TEST(Gradient, OfEmbeddings) {
  check(network("words", input<i32, 5>("x"),
                [](auto x) {
                  return dense<3>("b", tanh(mean<0>(embedding<4, 19>("words", x) + param<f32, 5, 19>("places"))));
                }),
        {.batch = 7});
}

TEST(Gradient, OfSignals) {
  check(network("signal", input<f32, 2, 20>("x"), [](auto x) {
    auto h = tanh(conv1d<5, 3>("a", x, padding<1>));
    return flatten(conv1d<2, 4>("b", h, stride<2>));
  }));
}

// With x = 1, w = 1 and a target of 0, dy is 2 y / n for each of the n results, of which the first pixel of a window
// gets all.
TEST(Gradient, OfAPoolGoesToTheFirstOfEqualPixels) {
  const graph_builder b = traced(network("equal", input<f32, 1, 4, 4>("x"), [](auto x) {
    return flatten(max_pool<2>(x + param<f32, 1, 4, 4>("shift"), stride<2>));
  }));
  const graph_view graph = b.view();
  tools::jit_target how;
  how.train = loss::mse;
  std::string error;
  const weights none;
  const auto kernels = tools::jit_kernel::compile_all({&graph, 1}, {&none, 1}, how, error);
  ASSERT_EQ(kernels.size(), 2u) << error;
  std::vector<float> memory(kernels[1]->memory_bytes() / 4), scratch(kernels[1]->scratch_bytes() / 4);
  kernels[1]->begin(memory.data(), scratch.data());
  const std::vector<float> x(16, 1.0f), target(4, 0.0f);
  const float* const inputs[] = {x.data(), target.data()};
  ASSERT_EQ(kernels[1]->run_steps(inputs, {}, 1, memory.data(), scratch.data()), 0);
  const float* found = memory.data() + training_layout_of(graph).gradients();
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(found[i], i % 8 == 0 || i % 8 == 2 ? 0.5f : 0.0f) << i;
}

TEST(Gradient, OfJumpsGoesStraightThrough) {
  const auto trains = [](const auto& net) { return refusal_of(traced(net), loss::mse).empty(); };
  EXPECT_TRUE(
      trains(network("step", input<f32, 3>("x"), [](auto x) { return step(dense<2>("fc", x), straight_through); })));
  EXPECT_TRUE(trains(
      network("late", input<f32, 3>("x"), [](auto x) { return step(dense<2>("fc", x), 0.5f, straight_through); })));
  EXPECT_TRUE(
      trains(network("sign", input<f32, 3>("x"), [](auto x) { return sign(dense<2>("fc", x), straight_through); })));
}

TEST(Gradient, OfALossInTheNetwork) {
  check(network("own_loss", input<f32, 3>("x"), input<f32, 2>("y"),
                [](auto x, auto y) { return mean(square(dense<2>("a", x) - y * param<f32, 2>("extra"))); }),
        {.which = loss::output});
}

// The last layer is a convolution that the compiler replaces after it has found the gradients.
TEST(Gradient, OfATransposedConvolutionThatIsTheLoss) {
  check(network("last", input<f32, 2, 1, 1>("x"),
                [](auto x) { return conv_transpose2d<1, 1>("up", tanh(conv2d<3, 1>("c", x))); }),
        {.which = loss::output});
}

TEST(Gradient, HasTheSameBitsOnEveryProcessorIfReproducible) {
  const graph_builder b = traced(network("reproducible", input<f32, 2, 6, 6>("x"), [](auto x) {
    auto h = max_pool<2>(tanh(conv2d<20, 3>("a", x)));
    return dense<3>("c", silu(dense<33>("b", flatten(h))));
  }));
  EXPECT_EQ(other_bits_of_reproducible(b), "");
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
  contains(
      message(network("steps", input<f32, 3>("x"), [](auto x) { return step(dense<2>("fc", x)); })),
      "'step' cannot be trained: its derivative is 0 everywhere; train with sigmoid(k x), or pass straight_through");
  contains(message(network("places", input<f32, 3>("x"), [](auto x) { return argmax<0>(dense<4>("fc", x)); })),
           "'argmax' cannot be trained: its derivative is 0 everywhere; train with softmax");
  contains(message(network("fixed", input<f32, 3>("x"), [](auto x) { return tanh(x); })), "it has no parameters");
  contains(message(network("norm", input<f32, 3>("x"), [](auto x) { return batch_norm("bn", dense<3>("fc", x)); })),
           "has a batch_norm, which needs all samples of a batch at once");
  contains(message(network("both", input<f32, 4, 6, 6>("x"), input<f32, 4, 2, 3, 3>("z"),
                           [](auto x, auto z) {
                             auto w = param<f32, 4, 2, 3, 3>("w");
                             return concat(flatten(conv2d("c", x, w, groups<2>)), flatten(z + w));
                           })),
           "'w' is the weight of a layer with groups, and something else reads it, too");
  contains(message(network("wide", input<f32, 3>("x"), [](auto x) { return dense<2>("fc", x); }), loss::output),
           "must be one number");
}

}  // namespace
}  // namespace inlay::testing
