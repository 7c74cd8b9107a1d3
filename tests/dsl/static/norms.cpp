// SPDX-License-Identifier: Apache-2.0
// Norms evaluated by the C++ compiler. The results are worked out with numpy from the definitions of
// torch.nn.LayerNorm, RMSNorm, GroupNorm and InstanceNorm2d.
#include "graph_queries.hpp"

using namespace inlay;

template <class Results, std::size_t Count>
constexpr bool near(const Results& found, const double (&expected)[Count]) {
  if (found.size() != Count) return false;
  for (std::size_t i = 0; i < Count; ++i) {
    const double difference = static_cast<double>(found[i]) - expected[i];
    if (!(difference < 2e-6 && difference > -2e-6)) return false;
  }
  return true;
}

// Over one, two or all axes.
constexpr std::array<float, 12> image = {1, 4, -2, 0.5f, 3, 3, 10, -20, 30, 7, 8, 9};  // [2, 3, 2]
constexpr auto layers = network("layers", input<f32, 2, 3, 2>("x"), [](auto x) {
  return outputs(layer_norm("a", x, no_affine), layer_norm<2>("b", x, no_affine), layer_norm<3>("c", x, no_affine),
                 layer_norm<2>("d", x, no_affine, 0.25f), rms_norm<2>("e", x, no_affine), instance_norm("f", x),
                 instance_norm("g", x, no_affine, 0.25f));
});
constexpr auto normalised = evaluate(layers, image);
static_assert(near(hana::at_c<0>(normalised), {-0.999997778, 0.999997778, -0.9999968, 0.9999968, 0, 0, 0.999999978,
                                               -0.999999978, 0.999999962, -0.999999962, -0.999980001, 0.999980001}));
static_assert(near(hana::at_c<1>(normalised),
                   {-0.290408575, 1.20312124, -1.78393839, -0.539330211, 0.705277968, 0.705277968, 0.183195428,
                    -1.87775313, 1.55716114, -0.0228994285, 0.0457988569, 0.114497142}));
static_assert(near(hana::at_c<2>(normalised),
                   {-0.320783863, -0.0425135241, -0.599054203, -0.367162253, -0.135270304, -0.135270304, 0.514027155,
                    -2.26867624, 2.36916275, 0.235756815, 0.328513595, 0.421270375}));
constexpr double large_eps[] = {-0.281809389, 1.16749604,  -1.73111482, -0.523360293,  0.68439423,   0.68439423,
                                0.183087455,  -1.87664641, 1.55624337,  -0.0228859319, 0.0457718637, 0.114429659};
static_assert(near(hana::at_c<3>(normalised), large_eps) && near(hana::at_c<6>(normalised), large_eps));
static_assert(near(hana::at_c<4>(normalised),
                   {0.390981124, 1.5639245, -0.781962248, 0.195490562, 1.17294337, 1.17294337, 0.613523873, -1.22704775,
                    1.84057162, 0.429466711, 0.490819099, 0.552171486}));
static_assert(hana::at_c<5>(normalised) == hana::at_c<1>(normalised));

// Groups of channels: of a signal [6, 2] and of a vector.
constexpr auto groups_of = network("groups_of", input<f32, 6, 2>("x"), input<f32, 6>("y"), [](auto x, auto y) {
  const auto ascending = constant<f32, 6, 1>({1, 2, 3, 4, 5, 6});
  return outputs(group_norm<3>("a", x, no_affine) * ascending - ascending, group_norm<2>("b", y, no_affine));
});
constexpr auto grouped = evaluate(groups_of, image, {1, 4, -2, 0.5f, 3, 3});
static_assert(near(hana::at_c<0>(grouped),
                   {-0.941379026, 0.465524343, -4.69656479, -2.35172584, -1.94140542, -1.94140542, -0.118486547,
                    -10.7044323, 3.63649425, -8.40225531, -9.4545977, -8.82648903}));
static_assert(near(hana::at_c<1>(grouped), {0, 1.22474385, -1.22474385, -1.41420847, 0.707104236, 0.707104236}));

// Weights have PyTorch's names and shapes.
constexpr auto named = network("named", input<f32, 4, 3, 2>("x"), [](auto x) {
  auto y = layer_norm<2>("ln", x);
  auto z = scope("block", y, [](auto v) { return rms_norm("rms", group_norm<2>("gn", v)); });
  return instance_norm("plain", instance_norm("in", layer_norm("bare", z, no_bias), with_affine));
});
constexpr auto is_parameter = [](std::string_view name, const shape& dims) {
  const graph_view g = graph_of<named>;
  for (const node_record& n : g.nodes)
    if (n.kind == op::parameter && g.name_of(n) == name) return n.dims == dims;
  return false;
};
static_assert(is_parameter("ln.weight", shape_of<3, 2>) && is_parameter("ln.bias", shape_of<3, 2>));
static_assert(is_parameter("block.gn.weight", shape_of<4>) && is_parameter("block.gn.bias", shape_of<4>));
static_assert(is_parameter("block.rms.weight", shape_of<2>) && !is_parameter("block.rms.bias", shape_of<2>));
static_assert(is_parameter("bare.weight", shape_of<2>) && !is_parameter("bare.bias", shape_of<2>));
static_assert(is_parameter("in.weight", shape_of<4>) && is_parameter("in.bias", shape_of<4>));
static_assert(!is_parameter("plain.weight", shape_of<4>));
