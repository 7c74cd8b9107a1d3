// SPDX-License-Identifier: Apache-2.0
// A program for valgrind's memcheck, which reports kernels that read uninitialised memory or write outside of their
// buffers. Prints the sum of all results. With an argument, it gives a kernel a buffer that is one float too short,
// which must be reported.
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

#include "inlay/compiled.hpp"
#include "model.hpp"

namespace {

/// Runs batches in heap buffers of exactly the right size and returns the sum of the results. Testing each result with
/// isfinite() is a branch, which memcheck reports if the result is not initialised.
template <const auto& Network>
double sum_of_results() {
  inlay::compiled<Network> net;
  double sum = 0;
  for (const std::size_t batch : {1u, 2u, 13u, 30u}) {
    const std::size_t inputs = batch * net.template input_size<>, outputs = batch * net.template output_size<>;
    const auto x = std::make_unique<float[]>(inputs);
    const auto y = std::make_unique_for_overwrite<float[]>(outputs);
    for (std::size_t i = 0; i < inputs; ++i) x[i] = static_cast<float>(std::sin(static_cast<double>(i)));
    if (net({x.get(), inputs}, {y.get(), outputs}) != inlay::status::ok) return std::nan("");
    for (std::size_t i = 0; i < outputs; ++i) sum += std::isfinite(y[i]) ? static_cast<double>(y[i]) : std::nan("");
  }
  return sum;
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    inlay::compiled<odd> net;
    const std::vector<float> x(37);
    std::vector<float> y(9);
    return net.run(x.data(), y.data(), 1);
  }
  const double odd_sum = sum_of_results<odd>(), small_sum = sum_of_results<small>();
  std::printf("%.4f %.4f\n", odd_sum, small_sum);
  // The softmax of each of the 46 samples adds up to 1.
  return std::abs(odd_sum - 46) < 1e-3 && std::isfinite(small_sum) ? 0 : 1;
}
