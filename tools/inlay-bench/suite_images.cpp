// SPDX-License-Identifier: Apache-2.0
// The built-in suite's networks of convolutions. The large ones are those of the examples.
#include "inlay/graph_builder.hpp"
#include "mobilenet_v2/model.hpp"
#include "model_file.hpp"
#include "random_weights.hpp"
#include "resnet18/model.hpp"

namespace inlay::bench {
namespace {

/// Appends layers to a graph. A value is a node.
class image_network {
 public:
  explicit image_network(const std::string& name) : builder_(std::make_shared<graph_builder>(name)), name_(name) {}

  std::uint32_t input(std::uint32_t channels, std::uint32_t height, std::uint32_t width) {
    return builder_->input("x", {3, {channels, height, width}});
  }
  std::uint32_t conv(const std::string& layer, std::uint32_t x, std::uint32_t outputs, std::uint32_t kernel,
                     std::uint32_t stride = 1, std::uint32_t padding = 0, std::uint32_t groups = 1) {
    const std::uint32_t weight =
        builder_->parameter(layer + ".weight", {4, {outputs, dims(x).sizes[0] / groups, kernel, kernel}});
    const std::uint32_t operands[] = {x, weight, builder_->parameter(layer + ".bias", {1, {outputs}})};
    const ops::window_attributes window{stride, stride, padding, padding, padding, padding, 1, 1};
    return builder_->apply(op::conv2d, operands, words_of(ops::conv2d_attributes{window, groups}), {}, layer);
  }
  std::uint32_t dense(const std::string& layer, std::uint32_t x, std::uint32_t outputs) {
    x = builder_->reshape(x, {1, {static_cast<std::uint32_t>(dims(x).elements())}});
    const std::uint32_t weight = builder_->parameter(layer + ".weight", {2, {outputs, dims(x).sizes[0]}});
    return builder_->dense(layer, x, weight, builder_->parameter(layer + ".bias", {1, {outputs}}));
  }
  std::uint32_t max_pool(std::uint32_t x, std::uint32_t kernel, std::uint32_t stride, std::uint32_t padding) {
    const std::uint32_t operands[] = {x};
    const ops::window_attributes window{stride, stride, padding, padding, padding, padding, 1, 1};
    return builder_->apply(op::max_pool, operands, words_of(ops::max_pool_attributes{kernel, kernel, window, 0}));
  }
  std::uint32_t avg_pool(std::uint32_t x, std::uint32_t kernel) {
    const std::uint32_t operands[] = {x};
    return builder_->apply(op::avg_pool, operands,
                           words_of(ops::avg_pool_attributes{kernel, kernel, {kernel, kernel}, 0, 1}));
  }
  std::uint32_t apply(activation function, std::uint32_t x) {
    const std::uint32_t operands[] = {x};
    const instruction program[] = {{.code = scalar_op::operand}, {.code = scalar_op::apply, .function = function}};
    return builder_->map(operands, program, dims(x));
  }
  const shape& dims(std::uint32_t x) const { return builder_->view().nodes[x].dims; }

  bench_network finish(std::uint32_t y, std::vector<int> batches) {
    builder_->output(y, "y");
    builder_->finish();
    bench_network network{
        .name = name_, .graph = builder_->view(), .values = {}, .batches = std::move(batches), .memory = builder_};
    network.values = random_weights(network.graph);
    return network;
  }

 private:
  std::shared_ptr<graph_builder> builder_;
  std::string name_;
};

std::string numbered(const std::string& name, std::uint32_t number) { return name + std::to_string(number); }

bench_network lenet() {
  image_network n("lenet");
  std::uint32_t x = n.avg_pool(n.apply(activation::tanh, n.conv("conv1", n.input(1, 28, 28), 6, 5)), 2);
  x = n.avg_pool(n.apply(activation::tanh, n.conv("conv2", x, 16, 5)), 2);
  x = n.apply(activation::tanh, n.dense("fc1", x, 120));
  return n.finish(n.dense("fc3", n.apply(activation::tanh, n.dense("fc2", x, 84)), 10), {1, 32});
}

bench_network vgg() {
  image_network n("vgg");
  std::uint32_t x = n.input(3, 32, 32), layer = 1;
  for (const std::uint32_t channels : {32u, 64u, 128u}) {
    for (int i = 0; i < 2; ++i) x = n.apply(activation::relu, n.conv(numbered("conv", layer++), x, channels, 3, 1, 1));
    x = n.max_pool(x, 2, 2, 0);
  }
  return n.finish(n.dense("fc2", n.apply(activation::relu, n.dense("fc1", x, 256)), 10), {1, 16});
}

bench_network separable() {
  image_network n("separable");
  std::uint32_t x = n.input(64, 56, 56);
  for (std::uint32_t block = 1; block <= 4; ++block) {
    x = n.apply(activation::relu6, n.conv(numbered("depthwise", block), x, 64, 3, 1, 1, 64));
    x = n.apply(activation::relu6, n.conv(numbered("pointwise", block), x, 64, 1));
  }
  return n.finish(x, {1});
}

/// A network of examples/.
bench_network example(const graph_view& graph) {
  return {
      .name = std::string(graph.name), .graph = graph, .values = random_weights(graph), .batches = {1}, .memory = {}};
}
bench_network resnet18() { return example(graph_of<resnet18_example::resnet18>); }
bench_network mobilenet_v2() { return example(graph_of<mobilenet_v2_example::mobilenet_v2>); }

}  // namespace

std::vector<bench_network> image_suite() {
  std::vector<bench_network> suite;
  for (bench_network (*make)() : {lenet, vgg, separable, resnet18, mobilenet_v2}) suite.push_back(make());
  return suite;
}

}  // namespace inlay::bench
