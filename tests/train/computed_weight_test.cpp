// SPDX-License-Identifier: Apache-2.0
// Gradients of layers whose weights are computed from parameters, against central differences.
#include <gtest/gtest.h>

#include <cstring>

#include "gradient_check.hpp"
#include "inlay/dsl.hpp"
#include "jit_kernel.hpp"

namespace inlay::testing {
namespace {

template <class Net>
void check(const Net& net, const gradient_check& how = {}) {
  EXPECT_EQ(check_gradients(traced(net), how), "") << net.name << ", batch " << how.batch;
}

/// The weight of torch.nn.utils.weight_norm: a length for each feature, the first axis.
template <std::uint32_t Features, std::uint32_t Inputs, class X>
constexpr auto normalised(const X& x, const char* length, const char* direction) {
  auto v = param<f32, Features, Inputs>(direction, x);
  return v * (param<f32, Features, 1>(length, x) / sqrt(sum<1>(v * v, keepdim)));
}

constexpr auto weight_norm = network("weight_norm", input<f32, 7>("x"), [](auto x) {
  auto h = tanh(dense("a", x, normalised<19, 7>(x, "a.weight_g", "a.weight_v"), param<f32, 19>("a.bias")));
  return dense("b", h, normalised<3, 19>(x, "b.weight_g", "b.weight_v"));
});

TEST(ComputedWeight, OfWeightNormForBatchesAroundABlock) {
  for (std::size_t batch : {1u, 3u, 129u}) check(weight_norm, {.batch = batch, .seed = 5});
}

TEST(ComputedWeight, OnEveryInstructionSet) {
  for (const std::string& cpu : tools::runnable_cpus()) check(weight_norm, {.batch = 21, .seed = 3, .cpu = cpu});
}

TEST(ComputedWeight, OfConvolutionsWithWeightNorm) {
  check(network("images", input<f32, 2, 6, 7>("x"), [](auto x) {
    auto v = param<f32, 5, 2, 3, 3>("a.weight_v", x);
    auto w = v * (param<f32, 5, 1, 1, 1>("a.weight_g", x) / sqrt(sum<1, 2, 3>(v * v, keepdim)));
    auto h = tanh(conv2d("a", x, w, param<f32, 5>("a.bias"), padding<1>));
    return flatten(conv2d<2, 2>("b", h, stride<2>));
  }));
}

TEST(ComputedWeight, OfTransposedConvolutions) {
  check(network("up", input<f32, 3, 3, 4>("x"), [](auto x) {
    auto w = tanh(param<f32, 3, 5, 4, 4>("w")) * param<f32, 1, 5, 1, 1>("scale");
    auto h = tanh(conv_transpose2d("a", x, w, stride<2>, padding<1>));
    return flatten(conv_transpose2d("b", h, param<f32, 5, 2, 3, 3>("v") * 2));
  }));
  check(network("tied", input<f32, 2, 4, 5>("x"), [](auto x) {
    auto w = param<f32, 3, 2, 3, 3>("v", x) * param<f32, 3, 1, 1, 1>("g");
    return flatten(conv_transpose2d("b", tanh(conv2d("a", x, w)), w));
  }));
}

TEST(ComputedWeight, OfGroups) {
  check(network("groups", input<f32, 4, 5, 6>("x"), [](auto x) {
    auto h = tanh(conv2d("a", x, sin(param<f32, 6, 2, 3, 3>("v")) + 0.1f, groups<2>, padding<1>));
    return flatten(conv2d("b", h, param<f32, 6, 1, 2, 2>("u") * param<f32, 6, 1, 1, 1>("g"), groups<6>));
  }));
  check(network("up_in_groups", input<f32, 4, 3, 3>("x"), [](auto x) {
    return flatten(conv_transpose2d("a", x, sin(param<f32, 4, 3, 3, 3>("v")), groups<2>, stride<2>));
  }));
}

TEST(ComputedWeight, OfSignals) {
  check(network("signals", input<f32, 2, 17>("x"), [](auto x) {
    auto w = reshape<5, 2, 1, 3>(param<f32, 5, 2, 3>("v", x) * param<f32, 5, 1, 1>("g"));
    auto h = tanh(conv2d("a", reshape<2, 1, 17>(x), w, stride<2>));
    return flatten(h);
  }));
}

TEST(ComputedWeight, ThatIsTransposedInAnotherLayer) {
  check(network("autoencoder", input<f32, 9>("x"), [](auto x) {
    auto w = param<f32, 4, 9>("v", x) * param<f32, 4, 1>("g");
    auto h = tanh(dense("encode", x, w, param<f32, 4>("encode.bias")));
    return dense("decode", h, permute<1, 0>(w), param<f32, 9>("decode.bias"));
  }));
  // A square one, and one that is transposed only.
  check(network("square", input<f32, 6>("x"), [](auto x) {
    auto w = param<f32, 6, 6>("v", x) * param<f32, 6, 6>("v", x);
    return dense("b", tanh(dense("a", x, permute<1, 0>(w))), w);
  }));
  check(network("turned", input<f32, 6>("x"),
                [](auto x) { return dense("a", x, permute<1, 0>(param<f32, 6, 3>("v", x) * 0.5f)); }));
}

TEST(ComputedWeight, OfAMask) {
  check(network("masked", input<f32, 3>("x"), [](auto x) {
    auto w = param<f32, 4, 3>("w") * constant<f32, 4, 3>({1, 0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 1});
    return dense("a", x, w, param<f32, 4>("a.bias"));
  }));
}

TEST(ComputedWeight, OfTwoParameters) {
  check(network("sum", input<f32, 5>("x"),
                [](auto x) { return dense("a", x, param<f32, 18, 5>("fixed") + param<f32, 18, 5>("change")); }));
}

TEST(ComputedWeight, OfTwoLayers) {
  check(network("two", input<f32, 6>("x"), [](auto x) {
    auto w = param<f32, 6, 6>("v", x) * param<f32, 6, 1>("g");
    return dense("b", tanh(dense("a", x, w)), w);
  }));
}

TEST(ComputedWeight, OfAParameterThatIsAWeightItself) {
  check(network("both", input<f32, 6>("x"), [](auto x) {
    auto direct = param<f32, 6, 6>("direct", x);
    auto h = tanh(dense("a", x, direct));
    return dense("b", h, tanh(direct) + param<f32, 6, 6>("other")) * mean(direct);
  }));
  // The same with a parameter that is the weight of a layer with groups.
  check(network("both_in_groups", input<f32, 4, 5, 5>("x"), [](auto x) {
    auto direct = param<f32, 4, 2, 3, 3>("direct", x);
    auto h = tanh(conv2d("a", x, direct, groups<2>, padding<1>));
    return flatten(conv2d("b", h, direct * direct, groups<2>));
  }));
}

TEST(ComputedWeight, OfAnotherComputedWeight) {
  check(network("chain", input<f32, 5>("x"), [](auto x) {
    auto first = param<f32, 5, 5>("v", x) * param<f32, 5, 1>("g");
    auto second = tanh(first) + param<f32, 5, 5>("u");
    return dense("c", tanh(dense("b", tanh(dense("a", x, first)), second)), second * first);
  }));
}

TEST(ComputedWeight, OfBiases) {
  check(network("biases", input<f32, 5>("x"), [](auto x) {
    auto h = tanh(dense("a", x, param<f32, 7, 5>("a.weight"), exp(param<f32, 7>("logarithm"))));
    return dense("b", h, param<f32, 2, 7>("v") * 2, param<f32, 2>("c") + param<f32, 2>("d"));
  }));
}

TEST(ComputedWeight, OfPartsAndShapes) {
  check(network("parts", input<f32, 5>("x"), [](auto x) {
    auto all = param<f32, 12, 5>("qkv", x);
    auto q = dense("q", x, slice<0, 0, 4>(all)), k = dense("k", x, slice<0, 4, 4>(all));
    return q * tanh(k) + dense("v", x, slice<0, 8, 4>(all));
  }));
  check(network("joined", input<f32, 5>("x"),
                [](auto x) { return dense("a", x, concat<0>(param<f32, 2, 5>("u", x), param<f32, 3, 5>("v", x))); }));
  check(network("reshaped", input<f32, 4>("x"), [](auto x) {
    auto w = param<f32, 12>("w", x);
    return dense("b", tanh(dense("a", x, reshape<3, 4>(w))), reshape<4, 3>(w));
  }));
  check(
      network("padded", input<f32, 4>("x"), [](auto x) { return dense("a", x, pad<1, 0>(param<f32, 3, 3>("w", x))); }));
  check(network("turned_image", input<f32, 2, 5, 5>("x"),
                [](auto x) { return flatten(conv2d("a", x, permute<1, 0, 2, 3>(param<f32, 2, 3, 2, 2>("w", x)))); }));
}

TEST(ComputedWeight, OfSoftmaxNormsAndExtremes) {
  check(network("softmax", input<f32, 5>("x"), [](auto x) {
    auto h = dense("a", x, softmax(param<f32, 6, 5>("a.logits", x)));
    return dense("b", h, log_softmax(param<f32, 3, 6>("b.logits", x)));
  }));
  check(network("norms", input<f32, 9>("x"),
                [](auto x) {
                  auto h = tanh(dense("a", x, layer_norm("norm", param<f32, 6, 9>("v", x))));
                  auto w = param<f32, 3, 6>("u", x);
                  return dense("b", h, w / amax<1>(abs(w), keepdim));
                }),
        {.tolerance = 1e-3});
}

TEST(ComputedWeight, OfEmbeddings) {
  check(network("words", input<i32, 5>("words"), input<f32, 7>("x"),
                [](auto words, auto x) {
                  auto w = normalised<4, 7>(x, "g", "v");
                  return dense("scores", mean<0>(embedding("table", words, w)) + x, w);
                }),
        {.batch = 7});
}

TEST(ComputedWeight, ThatTheLossReads) {
  check(network("penalty", input<f32, 3>("x"), input<f32, 2>("y"),
                [](auto x, auto y) {
                  auto w = param<f32, 2, 3>("v", x) * param<f32, 2, 1>("g");
                  return mean(square(dense("a", x, w) - y)) + 0.1f * sum(w * w);
                }),
        {.which = loss::output});
}

TEST(ComputedWeight, OfManyElements) {
  check(network("large", input<f32, 130>("x"),
                [](auto x) {
                  return dense<3>("b", relu(dense("a", x, normalised<257, 130>(x, "a.weight_g", "a.weight_v"))));
                }),
        {.batch = 40, .most_elements = 5});
}

TEST(ComputedWeight, OfStepsInTime) {
  const auto recurrent = network("in_time", input<f32, 5>("x"), state<f32, 5>("h"), [](auto x, auto h) {
    auto w = normalised<5, 5>(x, "g", "v");
    auto before = dense("of_x", tanh(dense("before", x, w)), param<f32, 5, 5>("u") * 2);
    h = tanh(before + dense("of_h", h, w));
    return dense<2>("out", h);
  });
  for (std::size_t steps : {1u, 4u}) check(recurrent, {.steps = steps});
  // A dense layer on several steps, with taps before and behind the channels.
  check(network("taps", input<f32, 3>("x"),
                [](auto x) {
                  auto seen = history<4, 1>(x);
                  auto before =
                      dense("a", flatten(seen), reshape<2, 12>(permute<0, 2, 1>(param<f32, 2, 3, 4>("u", x) * 2)));
                  return before + dense("b", flatten(seen), param<f32, 2, 12>("v") * param<f32, 2, 1>("g"));
                }),
        {.steps = 6});
}

TEST(ComputedWeight, HasTheSameBitsOnEveryProcessorIfReproducible) {
  const graph_builder b = traced(weight_norm);
  ASSERT_EQ(training_layout_of(b.view()).computed, 144u + 64u);  // 19 x 7 and 3 x 19, in lines of 16
  EXPECT_EQ(other_bits_of_reproducible(b), "");
}

TEST(ComputedWeight, IsRefusedWithAReason) {
  const auto message = [](const auto& net) {
    ::testing::internal::CaptureStderr();
    const std::string error = refusal_of(traced(net), loss::mse);
    return ::testing::internal::GetCapturedStderr() + error;
  };
  const auto contains = [](const std::string& text, const char* words) {
    EXPECT_NE(text.find(words), std::string::npos) << text;
  };
  contains(
      message(network("hyper", input<f32, 3>("x"),
                      [](auto x) { return dense("a", x, reshape<2, 3>(dense<6>("inner", param<f32, 4>("z", x)))); })),
      "layer 'a': its weight is computed by a layer, or from an input or a statistic of batches, and cannot be "
      "trained: compute it from parameters and constants, without layers");
  contains(message(network("own", input<f32, 3>("x"), input<f32, 2, 3>("z"),
                           [](auto x, auto z) { return dense("a", x, z * param<f32, 2, 3>("w")); })),
           "layer 'a': its weight is computed by a layer, or from an input");
  contains(
      message(network("both", input<f32, 4, 6, 6>("x"), input<f32, 4, 2, 3, 3>("z"),
                      [](auto x, auto z) {
                        auto w = param<f32, 4, 2, 3, 3>("v", x) * 2;
                        return concat(flatten(conv2d("c", x, w, groups<2>)), flatten(z + w));
                      })),
      "a weight that is computed from parameters is the weight of a layer with groups, and something else reads it");
  contains(
      message(network("places", input<f32, 3>("x"), [](auto x) { return dense("a", x, step(param<f32, 2, 3>("w"))); })),
      "'step' cannot be trained: its derivative is 0 everywhere");
}

}  // namespace
}  // namespace inlay::testing
