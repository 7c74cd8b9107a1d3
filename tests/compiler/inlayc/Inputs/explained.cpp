// Layers that wait for different things in a single sample.
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto explained = network("explained", input<f32, 3, 8, 8>("image"), [](auto image) {
  auto wide = relu(conv2d<32, 3>("wide", image, same_padding));
  auto deep = conv2d<32, 3>("deep", wide, same_padding) + wide;
  auto each = relu6(conv2d<32, 3>("each", deep, groups<32>));
  auto pools = flatten(concat(max_pool<2>(each), avg_pool<2>(each)));
  return dense<10>("fc", concat(relu(dense<16>("left", pools)), tanh(dense<16>("right", pools))));
});
INLAY_NETWORK(explained);
