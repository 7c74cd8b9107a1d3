// SPDX-License-Identifier: Apache-2.0
// Every public header, one after the other, and a network that uses most of the DSL.
#ifdef HOSTILE_MACROS
// Headers that are not ours come first, because these macros may break them.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <boost/hana.hpp>
#include <cmath>
#include <concepts>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "hostile_macros.hpp"
#endif

#include "inlay/activations.hpp"
#include "inlay/compiled.hpp"
#include "inlay/dsl.hpp"
#include "inlay/dsl/activations.hpp"
#include "inlay/dsl/containers.hpp"
#include "inlay/dsl/embed.hpp"
#include "inlay/dsl/evaluate.hpp"
#include "inlay/dsl/expression.hpp"
#include "inlay/dsl/layers.hpp"
#include "inlay/dsl/misuse.hpp"
#include "inlay/dsl/network.hpp"
#include "inlay/dsl/norms.hpp"
#include "inlay/dsl/reductions.hpp"
#include "inlay/graph.hpp"
#include "inlay/graph_builder.hpp"
#include "inlay/graph_reader.hpp"
#include "inlay/graph_rules.hpp"
#include "inlay/interpreter.hpp"
#include "inlay/math.hpp"
#include "inlay/packed.hpp"
#include "inlay/parallel_for.h"
#include "inlay/reference.hpp"
#include "inlay/thread_pool.hpp"
#include "inlay/trainer.hpp"
#include "inlay/weights.hpp"
#ifdef _OPENMP
#include "inlay/openmp.hpp"
#endif

// (Without infinity and NaN, because with -ffast-math their results are undefined.)
constexpr auto gate = inlay::network("gate", inlay::input<inlay::f32, 2, 2>("picture"),
                                     inlay::input<inlay::f32, 3>("context"), [](auto picture, auto context) {
                                       using namespace inlay;
                                       auto weight = constant<f32, 3, 4>({1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, -1});
                                       auto h = relu(dense("fc", flatten(picture), weight) + context);
                                       for (unsigned i = 0; i < 2; ++i)
                                         h = scope("blocks", i, h, [](auto y) { return clamp(y * 2, 0, 6) / 2; });
                                       auto chosen = where(h > 0.5f, hard_swish(h, fast), leaky_relu(-h, 0.125f));
                                       auto joined = concat(chosen, maximum(context, minimum(h, 1.5f)));
                                       return outputs(output("joined", joined), output("steps", step(joined, 0.25f)),
                                                      softmax(reshape<2, 3>(joined)));
                                     });
INLAY_NETWORK(gate);

constexpr auto results = inlay::evaluation_of<gate>({1, 2, 3, 1}, {1, -2, 0.5f});
static_assert(boost::hana::at_c<0>(results) == std::array<float, 6>{1.6666666f, 0, 2.2916667f, 1.5f, 0, 1.5f});
static_assert(boost::hana::at_c<1>(results) == std::array<float, 6>{1, 0, 1, 1, 0, 1});
static_assert(boost::hana::at_c<2>(results)[0] > 0.3f && boost::hana::at_c<2>(results)[0] < 0.4f);

// The elementary functions, which have separate code for constant expressions.
static_assert(inlay::math::exp(1) > 2.718281828459044 && inlay::math::exp(1) < 2.718281828459046);
static_assert(inlay::math::exp(-1000) <= 0 && inlay::math::sqrt(2) > 1.41421356237309);
static_assert(inlay::math::tanh(30) >= 1 && inlay::math::erf(0.1) > 0.1124 && inlay::math::erf(0.1) < 0.1125);
