// SPDX-License-Identifier: Apache-2.0
// The parameters other than the defaults with which inlay-certify and the tests measure activations.
#pragma once

#include <array>
#include <limits>

#include "inlay/activations.hpp"

namespace inlay::tools {

struct parameter_set {
  activation id;
  std::array<float, 2> values;
};

namespace detail {
inline constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
inline constexpr float most = std::numeric_limits<float>::max(), least = std::numeric_limits<float>::denorm_min();
}  // namespace detail

/// Ordinary values first, then negative, zero, huge, denormal, infinite and NaN ones.
inline constexpr parameter_set parameter_sets[] = {
    {activation::leaky_relu, {0.2f}},
    {activation::leaky_relu, {1.5f}},
    {activation::leaky_relu, {-0.5f}},
    {activation::leaky_relu, {0}},
    {activation::leaky_relu, {detail::most}},
    {activation::leaky_relu, {1e-40f}},
    {activation::leaky_relu, {detail::inf}},
    {activation::leaky_relu, {detail::nan}},
    {activation::softplus, {2, 20}},
    {activation::softplus, {0.1f, 20}},
    {activation::softplus, {0.7f, 20}},
    {activation::softplus, {1, 2}},
    {activation::softplus, {1, detail::inf}},
    {activation::softplus, {1, -detail::inf}},
    {activation::softplus, {1, detail::nan}},
    {activation::softplus, {2, detail::inf}},
    {activation::softplus, {3, 1}},
    {activation::softplus, {5.3f, -1}},
    {activation::softplus, {-2, 20}},
    {activation::softplus, {-0.3f, 0.5f}},
    {activation::softplus, {1e-30f, 20}},
    {activation::softplus, {3e-38f, detail::inf}},
    {activation::softplus, {-1e-40f, 20}},
    {activation::softplus, {detail::least, 20}},
    {activation::softplus, {1e30f, 20}},
    {activation::softplus, {detail::most, 20}},
    {activation::softplus, {0, 20}},
    {activation::softplus, {-0.0f, -1}},
    {activation::softplus, {detail::inf, 20}},
    {activation::softplus, {-detail::inf, detail::inf}},
    {activation::softplus, {detail::nan, 20}},
    {activation::step, {0.25f, 1}},  // straight_through changes no value
    {activation::step, {-0.0f, detail::nan}},
    {activation::sign, {1}},
    {activation::sign, {detail::nan}},
    {activation::step, {0.5f}},
    {activation::step, {-1e-40f}},
    {activation::step, {-0.0f}},
    {activation::step, {detail::most}},
    {activation::step, {-detail::inf}},
    {activation::step, {detail::nan}},
    {activation::elu, {0.3f}},
    {activation::elu, {1.7f}},
    {activation::elu, {-2}},
    {activation::elu, {0}},
    {activation::elu, {detail::most}},
    {activation::elu, {1e-40f}},
    {activation::elu, {detail::inf}},
    {activation::elu, {detail::nan}},
    {activation::celu, {0.5f}},
    {activation::celu, {0.3f}},
    {activation::celu, {1.7f}},
    {activation::celu, {30}},
    {activation::celu, {-1}},
    {activation::celu, {-0.3f}},
    {activation::celu, {-1e-30f}},
    {activation::celu, {-1e30f}},
    {activation::celu, {-detail::most}},
    {activation::celu, {-detail::least}},
    {activation::celu, {1e30f}},
    {activation::celu, {detail::most}},
    {activation::celu, {1e-40f}},
    {activation::celu, {0}},
    {activation::celu, {-0.0f}},
    {activation::celu, {detail::inf}},
    {activation::celu, {-detail::inf}},
    {activation::celu, {detail::nan}},
    {activation::hard_tanh, {-2, 0.5f}},
    {activation::hard_tanh, {-0.0f, 7}},
    {activation::hard_tanh, {0.5f, 0.25f}},
    {activation::threshold, {0.5f, -7}},
    {activation::threshold, {-1e-40f, detail::most}},
    {activation::threshold, {-detail::inf, detail::inf}},
    {activation::threshold, {detail::nan, 1}},
    {activation::threshold, {1, detail::nan}},
    {activation::clamp, {0, 1}},
    {activation::clamp, {-0.0f, 1e-40f}},
    {activation::clamp, {0, detail::inf}},
    {activation::clamp, {-detail::most, detail::most}},
    {activation::clamp, {20, 0.1f}},
    {activation::clamp, {detail::inf, 1.5f}},
};

}  // namespace inlay::tools
