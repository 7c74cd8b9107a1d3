// SPDX-License-Identifier: Apache-2.0
// Layers with memory on both engines of the interpreter. The expected values are worked out in NumPy, in double, from
// the definitions of torch.nn.RNN, LSTM, GRU and of a Conv1d behind padding on the left.
#include <algorithm>

#include "engine_comparison.hpp"
#include "inlay/dsl.hpp"

namespace inlay::testing {
namespace {

struct named_values {
  const char* name;
  std::vector<float> values;
};

/// Five steps of two channels.
const std::vector<float> x = {0.61f, 0.62f, 0.03f, -0.43f, -0.89f, -0.23f, -0.18f, -0.91f, -0.9f, 1};

/// Runs the steps of `net` on both engines, in one call and one after the other.
template <class Net>
void gives(const Net& net, const std::vector<named_values>& parameters, const std::vector<double>& expected) {
  graph_builder b(net.name);
  detail::trace(net, b);
  ASSERT_FALSE(b.first_violation());
  weights w;
  for (const node_record& node : b.view().nodes) {
    if (node.kind != op::parameter) continue;
    const std::string name(b.view().name_of(node));
    const auto found =
        std::ranges::find(parameters, name, [](const named_values& each) { return std::string(each.name); });
    ASSERT_NE(found, parameters.end()) << name;
    weight_tensor tensor{.name = name, .shape = {}, .stored_type = "F32", .values = found->values};
    tensor.shape.assign(node.dims.sizes.begin(), node.dims.sizes.begin() + node.dims.rank);
    w.tensors.push_back(std::move(tensor));
  }
  interpreter_result made = interpreter::create(b.view(), w);
  ASSERT_TRUE(made) << made.errors.front();
  const std::size_t steps = x.size() / 2, outputs = expected.size() / steps;
  for (const engine how : kEngines) {
    std::vector<float> whole(expected.size()), single(expected.size());
    made.value->run(x.data(), whole.data(), steps, how);
    interpreter_memory memory, saved;
    for (std::size_t step = 0; step < steps; ++step) {
      const float* in[] = {x.data() + 2 * step};
      float* out[] = {single.data() + outputs * step};
      if (step == 2) saved = memory;
      made.value->run(in, out, 1, how, memory);
    }
    EXPECT_EQ(whole, single) << name_of(how);
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(whole[i], expected[i], how == engine::reference ? 1e-7 : 5e-7) << name_of(how) << ", element " << i;
    // A copy of the memory goes on from its own step.
    std::vector<float> again(outputs);
    const float* in[] = {x.data() + 4};
    float* out[] = {again.data()};
    made.value->run(in, out, 1, how, saved);
    EXPECT_EQ(again, std::vector<float>(single.begin() + std::ptrdiff_t(2 * outputs),
                                        single.begin() + std::ptrdiff_t(3 * outputs)));
  }
}

TEST(Recurrent, Rnn) {
  gives(network("n", input<f32, 2>("x"), [](auto in) { return rnn<3>("r", in); }),
        {{"r.bias_hh_l0", {-0.51f, 0.72f, -0.67f}},
         {"r.bias_ih_l0", {-0.48f, -0.91f, -0.97f}},
         {"r.weight_hh_l0", {-0.5f, 0.11f, 0.34f, -0.62f, 0.98f, 0.49f, 0.91f, -0.41f, -0.11f}},
         {"r.weight_ih_l0", {0.2f, 0.46f, 0.05f, 0.13f, -0.02f, 0.23f}}},
        {-0.524697525403723, -0.0787366824265345, -0.906868047983335, -0.844439328457996, -0.414153944647846,
         -0.969561998156679, -0.841645225498011, -0.552382739450268, -0.97411392745405, -0.888706482187326,
         -0.67186275757561, -0.979209066070908, -0.586610638799838, -0.599419053565452, -0.948593199126702});
}

TEST(Recurrent, Lstm) {
  gives(
      network("n", input<f32, 2>("x"), [](auto in) { return lstm<3>("r", in); }),
      {{"r.bias_hh_l0", {-0.2f, 0.11f, -0.04f, 0.92f, -0.37f, -0.2f, -1, -0.16f, 0.26f, 0.87f, 0.85f, -0.35f}},
       {"r.bias_ih_l0", {-0.22f, 0.6f, -0.24f, 0.43f, 0.23f, 0.88f, 0.98f, 0.45f, 0.62f, -0.69f, 0.43f, 0.7f}},
       {"r.weight_hh_l0",
        {-0.59f, -0.35f, 0.61f,  -0.37f, -0.7f,  0.4f,  -0.1f,  0.6f,  -0.53f, -0.36f, 0.6f,  0.01f,
         0.01f,  -0.53f, -0.97f, 0.87f,  -0.83f, 0.69f, -0.26f, 0.9f,  -0.2f,  0.87f,  0.11f, -0.52f,
         0.48f,  0.35f,  0.37f,  -0.07f, -0.56f, 0.28f, -0.79f, 0.38f, 0.27f,  -0.25f, 0.6f,  -0.61f}},
       {"r.weight_ih_l0", {0.3f,  -0.53f, -0.13f, 0.95f, 0.8f,   0.69f, -0.22f, -0.01f, 0.35f, -0.88f, 0.11f, -0.46f,
                           0.76f, -0.87f, 0.36f,  0.74f, -0.55f, 0.79f, 0.74f,  -0.96f, 0.41f, -1,     0.01f, -0.13f}}},
      {-0.0176050677388921, 0.371355401999727, 0.265854153268914, 0.146206950447147, 0.163964367900241, 0.324648186948,
       0.0180404750221865, -0.0578031055149336, 0.306906814152605, 0.211751585037014, -0.273890606166019,
       0.287749519215408, -0.0028102398653156, 0.191577404980466, 0.280461531181136});
}

TEST(Recurrent, LstmWithAnInitialState) {
  gives(
      network("n", input<f32, 2>("x"),
              [](auto in) { return lstm<3>("r", in, initial_state(param<f32, 3>("h0"), param<f32, 3>("c0"))); }),
      {{"r.bias_hh_l0", {-0.2f, 0.11f, -0.04f, 0.92f, -0.37f, -0.2f, -1, -0.16f, 0.26f, 0.87f, 0.85f, -0.35f}},
       {"r.bias_ih_l0", {-0.22f, 0.6f, -0.24f, 0.43f, 0.23f, 0.88f, 0.98f, 0.45f, 0.62f, -0.69f, 0.43f, 0.7f}},
       {"r.weight_hh_l0",
        {-0.59f, -0.35f, 0.61f,  -0.37f, -0.7f,  0.4f,  -0.1f,  0.6f,  -0.53f, -0.36f, 0.6f,  0.01f,
         0.01f,  -0.53f, -0.97f, 0.87f,  -0.83f, 0.69f, -0.26f, 0.9f,  -0.2f,  0.87f,  0.11f, -0.52f,
         0.48f,  0.35f,  0.37f,  -0.07f, -0.56f, 0.28f, -0.79f, 0.38f, 0.27f,  -0.25f, 0.6f,  -0.61f}},
       {"r.weight_ih_l0", {0.3f,  -0.53f, -0.13f, 0.95f, 0.8f,   0.69f, -0.22f, -0.01f, 0.35f, -0.88f, 0.11f, -0.46f,
                           0.76f, -0.87f, 0.36f,  0.74f, -0.55f, 0.79f, 0.74f,  -0.96f, 0.41f, -1,     0.01f, -0.13f}},
       {"h0", {0.98f, -0.62f, 0.65f}},
       {"c0", {-0.69f, -0.19f, -0.85f}}},
      {-0.382010424534542, 0.304495257864672, -0.110643303937304, -0.176915284087005, 0.201909281391236,
       -0.021260250218469, -0.1376335462248, -0.0785139340365066, 0.12686223161541, 0.00304021130046494,
       -0.302855435926894, 0.118816719340419, -0.0538042133168685, 0.176614143900006, 0.217588130306973});
}

TEST(Recurrent, Gru) {
  gives(network("n", input<f32, 2>("x"), [](auto in) { return gru<3>("r", in); }),
        {{"r.bias_hh_l0", {-0.01f, -0.9f, -0.91f, 0.06f, -0.05f, 0.67f, -0.96f, 0.11f, -0.02f}},
         {"r.bias_ih_l0", {0.41f, -0.32f, 0.65f, -0.54f, 0.74f, 0.01f, 0.45f, 0.07f, -0.37f}},
         {"r.weight_hh_l0",
          {-0.09f, 0.33f,  0.72f, -0.33f, 0.59f, -0.2f, 0.19f, 0.47f,  0,      0.38f, 0.39f, -0.99f, -0.92f, -0.7f,
           -0.57f, -0.59f, -0.9f, -0.57f, 0.2f,  0.77f, -0.3f, -0.27f, -0.17f, 0.36f, 0.57f, 0.88f,  -0.25f}},
         {"r.weight_ih_l0",
          {0.72f, 0.66f, -0.72f, 0.05f, -0.48f, -0.02f, 0.11f, -0.79f, 0.73f, -0.44f, -0.11f, -0.89f, -0.99f, -0.61f,
           -0.32f, 0.86f, 0.78f, -0.04f}}},
        {-0.609020663575102, 0.119324612834495, 0.0356856343046113, -0.181482532898113, 0.0471905473264414,
         -0.0617762400986828, 0.401891283530608, 0.113103040980086, -0.247874515789929, 0.511133262674955,
         -0.128508579130152, -0.255358938454692, 0.324955717223141, 0.498973723281115, -0.525435201442953});
}

TEST(Recurrent, GruWithTheResetBeforeTheMatrix) {
  gives(network("n", input<f32, 2>("x"), [](auto in) { return gru<3>("r", in, reset_before); }),
        {{"r.bias_hh_l0", {-0.01f, -0.9f, -0.91f, 0.06f, -0.05f, 0.67f, -0.96f, 0.11f, -0.02f}},
         {"r.bias_ih_l0", {0.41f, -0.32f, 0.65f, -0.54f, 0.74f, 0.01f, 0.45f, 0.07f, -0.37f}},
         {"r.weight_hh_l0",
          {-0.09f, 0.33f,  0.72f, -0.33f, 0.59f, -0.2f, 0.19f, 0.47f,  0,      0.38f, 0.39f, -0.99f, -0.92f, -0.7f,
           -0.57f, -0.59f, -0.9f, -0.57f, 0.2f,  0.77f, -0.3f, -0.27f, -0.17f, 0.36f, 0.57f, 0.88f,  -0.25f}},
         {"r.weight_ih_l0",
          {0.72f, 0.66f, -0.72f, 0.05f, -0.48f, -0.02f, 0.11f, -0.79f, 0.73f, -0.44f, -0.11f, -0.89f, -0.99f, -0.61f,
           -0.32f, 0.86f, 0.78f, -0.04f}}},
        {-0.642993622164373, 0.141331016005315, 0.0295318892044901, -0.449051923367692, 0.0921010818236318,
         -0.0804873352537364, 0.115579405250595, 0.163748578081229, -0.248628778468605, 0.179493442356024,
         -0.0433778005745241, -0.273935541138471, -0.0830830209062257, 0.487507307144611, -0.531220121090258});
}

TEST(Recurrent, CausalConvolution) {
  gives(network("n", input<f32, 2>("x"), [](auto in) { return causal_conv1d<3, 3>("c", in, dilation<2>); }),
        {{"c.weight",
          {0.38f, -0.5f, -0.87f, -0.62f, 0.36f, 0, 0.1f, -0.09f, -0.45f, -0.02f, 0.84f, -0.6f, 0.47f, -0.5f, -0.61f,
           -0.35f, -0.81f, 0.87f}},
         {"c.bias", {-0.27f, -0.65f, -1}}},
        {-0.800700026082993, -1.29649999296665, -0.832700010347367, -0.296100010288507, -0.405499960955232,
         -1.39240000829324, 0.422499984502792, 0.354399999058247, -1.46440001321435, -0.283200012038648,
         -0.386899932431429, -1.34860001306385, 0.722599957489967, -0.909500014513731, 1.12000000789762});
}

TEST(Recurrent, CausalConvolutionInGroups) {
  gives(network("n", input<f32, 2>("x"), [](auto in) { return causal_conv1d<4, 2>("c", in, groups<2>, no_bias); }),
        {{"c.weight", {-0.88f, -0.57f, -0.16f, 0.2f, 0.96f, 0.78f, -0.52f, 0.22f}}},
        {-0.347700003790855,  0.122000004678965, 0.483599985980987,  0.136400000309944,   -0.553900009083003,
         -0.0916000001519918, 0.259799997997284, -0.416999991714954, 0.480899986213446,   -0.182799999576807,
         -0.592199994313717,  0.172999994874,    0.885799985957146,  0.10639999256134,    -0.930599993491172,
         -0.0806000069022179, 0.671399985408783, -0.151199997413158, -0.0936000342607493, 0.693199995088577});
}

// 0.25 * 0.61 = 0.1525, 0.25 * 0.62 = 0.155, and so on.
TEST(Recurrent, DelayAndMovingAverage) {
  gives(network("n", input<f32, 2>("x"), [](auto in) { return delay<2>(in); }), {},
        {0, 0, 0, 0, 0.61, 0.62, 0.03, -0.43, -0.89, -0.23});
  gives(network("n", input<f32, 2>("x"), [](auto in) { return ema("y", in, 0.25f); }), {},
        {0.1525, 0.155, 0.121875, 0.00875, -0.13109375, -0.0509375, -0.1433203125, -0.265703125, -0.332490234375,
         0.05072265625});
}

}  // namespace
}  // namespace inlay::testing
