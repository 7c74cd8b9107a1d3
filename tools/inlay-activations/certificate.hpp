// SPDX-License-Identifier: Apache-2.0
// Reads the tables that inlay-certify writes: the largest errors over all 2^32 floats.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/activations.hpp"

namespace inlay::activations_page {

/// What inlay-certify found for one activation at one tier.
struct certificate {
  activation id = activation::none;
  accuracy tier = accuracy::exact;
  double worst = 0;  ///< in ulp, or for an `approximate` form in units of approximate_error
  double limit = 0;  ///< the contract, in the same unit
  float at = 0;      ///< the argument with the largest error
  bool kept = true;  ///< whether the contract is kept
};

/// The certificates of a Markdown text; other text and other tables are skipped. Tables with default parameters are
/// read. If a row names an unknown activation, has a wrong number or a contract that the table of activations does not
/// have, returns none, with the reason in `error`.
std::optional<std::vector<certificate>> read_certificates(std::string_view markdown, std::string& error);

/// The certificate of `id` at `tier`; null if there is none. The last one counts.
const certificate* find(const std::vector<certificate>& certificates, activation id, accuracy tier);

}  // namespace inlay::activations_page
