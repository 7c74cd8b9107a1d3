// SPDX-License-Identifier: Apache-2.0
// A table of text, as reports for people print it.
#ifndef INLAY_REPORT_TABLE_H
#define INLAY_REPORT_TABLE_H

#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

namespace inlay::compiler {

/// A table whose columns are as wide as their longest cells. Numbers stand to the right.
class Table {
 public:
  explicit Table(llvm::ArrayRef<bool> isNumber) : isNumber(isNumber), widths(isNumber.size(), 0) {}

  void add(std::vector<std::string> cells) {
    for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
    rows.push_back(std::move(cells));
  }
  void print(llvm::raw_ostream &out) const {
    for (const std::vector<std::string> &cells : rows) {
      for (size_t i = 0; i < cells.size(); ++i) {
        const auto width = static_cast<unsigned>(i + 1 < cells.size() ? widths[i] : 0);
        out << "  ";
        isNumber[i] ? out << llvm::right_justify(cells[i], width) : out << llvm::left_justify(cells[i], width);
      }
      out << "\n";
    }
  }

 private:
  llvm::ArrayRef<bool> isNumber;
  std::vector<size_t> widths;
  std::vector<std::vector<std::string>> rows;
};

}  // namespace inlay::compiler

#endif  // INLAY_REPORT_TABLE_H
