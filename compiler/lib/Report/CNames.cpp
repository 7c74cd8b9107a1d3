// SPDX-License-Identifier: Apache-2.0
// Names of the C header: the macros of a network and the parameters of its functions.
#include "CNames.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace inlay::compiler {
namespace {

bool hasCapital(llvm::StringRef name) { return llvm::any_of(name, llvm::isUpper); }
bool hasSmall(llvm::StringRef name) { return llvm::any_of(name, llvm::isLower); }

/// Words that a parameter cannot have as its name. Words without a small letter and words that begin with an
/// underscore are not listed: add() changes all of them.
const llvm::StringSet<> &reservedWords() {
  static const llvm::StringSet<> words = {
      // The header's own.
      "batch", "steps", "memory", "scratch", "workers", "inlay_parallel_for",
      // Keywords of C up to C23 and of C++ up to C++26, with the alternative tokens.
      "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char",
      "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield", "compl", "concept", "const",
      "const_cast", "consteval", "constexpr", "constinit", "continue", "contract_assert", "decltype", "default",
      "delete", "do", "double", "dynamic_cast", "else", "enum", "explicit", "export", "extern", "false", "float", "for",
      "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace", "new", "noexcept", "not", "not_eq",
      "nullptr", "operator", "or", "or_eq", "private", "protected", "public", "register", "reinterpret_cast",
      "requires", "restrict", "return", "short", "signed", "sizeof", "static", "static_assert", "static_cast", "struct",
      "switch", "template", "this", "thread_local", "throw", "true", "try", "typedef", "typeid", "typename", "typeof",
      "typeof_unqual", "union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
      // <stddef.h>.
      "int32_t", "max_align_t", "nullptr_t", "offsetof", "ptrdiff_t", "size_t",
      // Macros of compilers in their GNU modes.
      "arm", "bfin", "hpux", "i386", "linux", "m68k", "mips", "pixel", "ppc", "s390", "sparc", "sun", "unix", "vax",
      "vector", "vms",
      // Macros of the C library.
      "complex", "errno", "imaginary", "noreturn", "stderr", "stdin", "stdout", "unreachable",
      // Macros of Qt, Windows and X11.
      "emit", "forever", "signals", "slots", "cdecl", "far", "huge", "hyper", "interface", "near", "pascal", "small",
      "Above", "Always", "Below", "Bool", "Complex", "Convex", "CursorShape", "False", "FocusIn", "FocusOut",
      "GrayScale", "None", "Nonconvex", "Opposite", "Status", "Success", "True", "Unsorted"};
  return words;
}

/// Whether a network may have a macro of this name, see macroName().
bool looksLikeMacro(llvm::StringRef name) {
  name.consume_back("_");
  return llvm::any_of(kMacros, [&](llvm::StringRef what) { return name.ends_with(("_" + what).str()); });
}

}  // namespace

std::string macroName(llvm::StringRef network, llvm::StringRef what) {
  if (!hasCapital(network)) return network.upper() + "_" + what.str();
  return network.str() + "_" + what.str() + (hasSmall(network) ? "" : "_");
}

std::string ParameterNames::add(llvm::StringRef port) {
  std::string name;
  for (char c : port) name += llvm::isAlnum(c) ? c : '_';
  // C and C++ keep names such as _Bool and __linux__ to themselves.
  if (name.empty() || llvm::isDigit(name.front())) name.insert(name.begin(), '_');
  if (name.front() == '_' && (name.size() == 1 || name[1] == '_' || llvm::isUpper(name[1]))) name = "p" + name;
  // A name of capitals alone looks like a macro.
  if (!hasSmall(name) && hasCapital(name)) name += '_';
  while (looksLikeMacro(name) || reservedWords().contains(name) || !used.insert(name).second) name += '_';
  return name;
}

}  // namespace inlay::compiler
