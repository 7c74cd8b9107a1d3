// SPDX-License-Identifier: Apache-2.0
// The page: an index of all activations, and a card for each.
#pragma once

#include <string>
#include <vector>

#include "measure.hpp"
#include "shape.hpp"

namespace inlay::activations_page {

/// What the page says about where its numbers come from.
struct page_facts {
  std::string processor;     ///< of the machine that measured, "AMD EPYC"
  std::string target;        ///< what was compiled for, "x86_64-pc-linux-gnu znver4: 16 lanes, 32 registers"
  std::string certificates;  ///< the files that the certificates were read from
  measure_options options;
};

/// One self-contained page, which is well-formed XML, too. A form that breaks its contract is marked.
std::string page_of(const std::vector<activation_result>& results, const page_facts& facts);

/// "from x = 9.21 on", "up to x = −9.21", "everywhere".
std::string words_of(interval end);

}  // namespace inlay::activations_page
