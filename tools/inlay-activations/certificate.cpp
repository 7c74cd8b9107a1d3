// SPDX-License-Identifier: Apache-2.0
// Reads the tables that inlay-certify writes.
#include "certificate.hpp"

#include <cmath>
#include <cstdlib>

#include "text.hpp"

namespace inlay::activations_page {
namespace {

/// The columns of inlay-certify's tables that are read.
enum column : std::size_t { name, worst, contract, at, absolute, against, wrong, verdict, columns };

/// The cells of a line "| a | b |", without spaces around them; none if it is no line of a table.
std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  if (!line.starts_with("|")) return cells;
  while (line.size() > 1) {
    line.remove_prefix(1);
    const std::size_t end = line.find('|');
    if (end == std::string_view::npos) break;
    std::string_view cell = line.substr(0, end);
    while (cell.starts_with(' ')) cell.remove_prefix(1);
    while (cell.ends_with(' ')) cell.remove_suffix(1);
    cells.emplace_back(cell);
    line.remove_prefix(end);
  }
  return cells;
}

bool read_number(const std::string& cell, double& number) {
  char* end = nullptr;
  number = std::strtod(cell.c_str(), &end);
  return end != cell.c_str() && *end == 0 && std::isfinite(number);
}

const activation_row* row_named(std::string_view wanted) {
  for (const activation_row& row : activation_table)
    if (row.name == wanted) return &row;
  return nullptr;
}

/// The tier whose contract is `limit`. A table does not say whether it is about `exact` or `fast` forms.
std::optional<accuracy> tier_with_limit(const activation_row& row, double limit) {
  for (const accuracy tier : {accuracy::exact, accuracy::fast})
    if (row.has(tier) && std::abs(static_cast<double>(row.contract(tier)) - limit) < 1e-4) return tier;
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<certificate>> read_certificates(std::string_view markdown, std::string& error) {
  enum { outside, ulps, scaled } table = outside;
  std::vector<certificate> found;
  std::size_t number = 0;
  while (!markdown.empty()) {
    const std::size_t end = std::min(markdown.find('\n'), markdown.size());
    const std::string_view line = markdown.substr(0, end);
    markdown.remove_prefix(std::min(end + 1, markdown.size()));
    ++number;
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() != columns) {
      table = outside;
      continue;
    }
    if (cells[name] == "activation") {
      table = cells[worst] == "max ulp" ? ulps : cells[worst] == "max error / 2^-13" ? scaled : outside;
      continue;
    }
    // A name with parentheses is about other parameters than the defaults.
    if (table == outside || line.starts_with("|---") || cells[name].ends_with(')')) continue;
    const auto fail = [&](const std::string& reason) {
      error = "line " + std::to_string(number) + ": " + reason + "; write the table with inlay-certify";
      return std::nullopt;
    };
    const activation_row* row = row_named(cells[name]);
    if (!row) return fail("expected the name of an activation, found '" + cells[name] + "'");
    certificate each{.id = row->id, .kept = cells[verdict] == "kept"};
    double argument = 0;
    for (const auto& [index, into] :
         {std::pair(worst, &each.worst), std::pair(contract, &each.limit), std::pair(at, &argument)})
      if (!read_number(cells[index], *into)) return fail("expected a number, found '" + cells[index] + "'");
    each.at = static_cast<float>(argument);
    if (table == scaled && row->has_approximate) {
      each.tier = accuracy::approximate;
    } else if (const auto tier = tier_with_limit(*row, each.limit)) {
      each.tier = *tier;
    } else {
      return fail("expected the contract of " + cells[name] + ", " +
                  bench::format("%g", static_cast<double>(row->contract(accuracy::exact))) + " ulp, found '" +
                  cells[contract] + "'");
    }
    found.push_back(each);
  }
  return found;
}

const certificate* find(const std::vector<certificate>& certificates, activation id, accuracy tier) {
  const certificate* result = nullptr;
  for (const certificate& each : certificates)
    if (each.id == id && each.tier == tier) result = &each;
  return result;
}

}  // namespace inlay::activations_page
