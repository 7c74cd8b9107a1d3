// SPDX-License-Identifier: Apache-2.0
// From a network object to its image in the object file, with the compiler's diagnosis of what is wrong with it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "inlay/dsl/network.hpp"

namespace inlay {

namespace detail {

/// A text of exactly its own length: as a template argument, compilers print it as a string.
template <std::size_t N>
struct exact_text {
  char chars[N]{};
  constexpr explicit exact_text(std::string_view s) {
    for (std::size_t i = 0; i + 1 < N; ++i) chars[i] = s[i];
    chars[N - 1] = '\0';  // clang prints numbers, not a string, where the end is not written
  }
};

// Shown by the compiler around the texts of a violation.
template <std::size_t N>
struct layer : exact_text<N> {
  using exact_text<N>::exact_text;
};
template <std::size_t N>
struct expected : exact_text<N> {
  using exact_text<N>::exact_text;
};
template <std::size_t N>
struct found : exact_text<N> {
  using exact_text<N>::exact_text;
};
template <std::size_t N>
struct at : exact_text<N> {
  using exact_text<N>::exact_text;
};

}  // namespace detail

/// Its name and arguments are what a compiler prints about a network that breaks a rule: file and line of the model,
/// the layer, what the rule expects and what was found.
template <detail::at At, detail::layer Layer, detail::expected Expected, detail::found Found>
struct ill_formed_network {
  static constexpr bool none = false;
};

namespace detail {

struct trace_summary {
  graph_sizes sizes;
  violation problem;
};

template <class T>
inline constexpr bool is_network = false;
template <class Function, class... Inputs>
inline constexpr bool is_network<network_definition<Function, Inputs...>> = true;

template <class T>
inline constexpr bool is_misused_network = std::is_same_v<T, misused_network>;

template <class Net>
constexpr trace_summary summarize(const Net& net) {
  if constexpr (is_network<Net>) {
    graph_builder b(net.name);
    trace(net, b);
    return {b.sizes(), b.first_violation()};
  } else {
    static_assert(is_misused_network<Net>, "this is no network: give it what network(...) returned");
    return {{}, {fault::misuse, {}, {}, {}, {}}};
  }
}

template <graph_sizes Sizes, class Net>
constexpr auto build_image(const Net& net) {
  graph_builder b(net.name);
  trace(net, b);
  return b.template image<Sizes>();
}

/// One static_assert per fault, because its advice must be a literal. Written out rather than made by a macro, whose
/// expansion would fill the first lines of the compiler's output.
template <fault Code, class Problem>
constexpr void report() {
  if constexpr (Code == fault::dense_rank)
    static_assert(Problem::none, INLAY_ADVICE_DENSE_RANK);
  else if constexpr (Code == fault::dense_weight)
    static_assert(Problem::none, INLAY_ADVICE_DENSE_WEIGHT);
  else if constexpr (Code == fault::dense_bias)
    static_assert(Problem::none, INLAY_ADVICE_DENSE_BIAS);
  else if constexpr (Code == fault::pointwise_shapes)
    static_assert(Problem::none, INLAY_ADVICE_POINTWISE_SHAPES);
  else if constexpr (Code == fault::assigned_shape)
    static_assert(Problem::none, INLAY_ADVICE_ASSIGNED_SHAPE);
  else if constexpr (Code == fault::reshape_elements)
    static_assert(Problem::none, INLAY_ADVICE_RESHAPE_ELEMENTS);
  else if constexpr (Code == fault::concat_shapes)
    static_assert(Problem::none, INLAY_ADVICE_CONCAT_SHAPES);
  else if constexpr (Code == fault::softmax_rank)
    static_assert(Problem::none, INLAY_ADVICE_SOFTMAX_RANK);
  else if constexpr (Code == fault::empty_shape)
    static_assert(Problem::none, INLAY_ADVICE_EMPTY_SHAPE);
  else if constexpr (Code == fault::rank_range)
    static_assert(Problem::none, INLAY_ADVICE_RANK_RANGE);
  else if constexpr (Code == fault::constant_elements)
    static_assert(Problem::none, INLAY_ADVICE_CONSTANT_ELEMENTS);
  else if constexpr (Code == fault::missing_operand)
    static_assert(Problem::none, INLAY_ADVICE_MISSING_OPERAND);
  else if constexpr (Code == fault::operand_count)
    static_assert(Problem::none, INLAY_ADVICE_OPERAND_COUNT);
  else if constexpr (Code == fault::bad_program)
    static_assert(Problem::none, INLAY_ADVICE_BAD_PROGRAM);
  else if constexpr (Code == fault::scope_balance)
    static_assert(Problem::none, INLAY_ADVICE_SCOPE_BALANCE);
  else if constexpr (Code == fault::other_network)
    static_assert(Problem::none, INLAY_ADVICE_OTHER_NETWORK);
  else if constexpr (Code == fault::duplicate_parameter)
    static_assert(Problem::none, INLAY_ADVICE_DUPLICATE_PARAMETER);
  else if constexpr (Code == fault::duplicate_name)
    static_assert(Problem::none, INLAY_ADVICE_DUPLICATE_NAME);
  else if constexpr (Code == fault::missing_name)
    static_assert(Problem::none, INLAY_ADVICE_MISSING_NAME);
  else if constexpr (Code == fault::bad_name)
    static_assert(Problem::none, INLAY_ADVICE_BAD_NAME);
  else if constexpr (Code == fault::unused_input)
    static_assert(Problem::none, INLAY_ADVICE_UNUSED_INPUT);
  else if constexpr (Code == fault::no_output)
    static_assert(Problem::none, INLAY_ADVICE_NO_OUTPUT);
  else if constexpr (Code == fault::too_large)
    static_assert(Problem::none, INLAY_ADVICE_TOO_LARGE);
  else
    static_assert(Problem::none, INLAY_ADVICE_MALFORMED);
}

template <const auto& Net>
struct embedded {
  static constexpr trace_summary summary = summarize(Net);
  static constexpr auto make() {
    constexpr violation v = summary.problem;
    if constexpr (v.code == fault::misuse) {  // said already
      return graph_image<0, 0, 0, 0, 0, 0>();
    } else if constexpr (v.code != fault::none) {
      report<v.code, ill_formed_network<at<v.at.size() + 1>(v.at.view()), layer<v.layer.size() + 1>(v.layer.view()),
                                        expected<v.expected.size() + 1>(v.expected.view()),
                                        found<v.found.size() + 1>(v.found.view())>>();
      return graph_image<0, 0, 0, 0, 0, 0>();
    } else {
      return build_image<summary.sizes>(Net);
    }
  }
  static constexpr auto image = make();
};

}  // namespace detail

/// The graph of a network object with static storage duration, checked.
template <const auto& Net>
inline constexpr graph_view graph_of = detail::embedded<Net>::image.view();

}  // namespace inlay

#define INLAY_DETAIL_CONCAT(a, b) a##b
#define INLAY_DETAIL_NAME(a, b) INLAY_DETAIL_CONCAT(a, b)

// inlayc reads the section .inlay of object files. Linkers leave it out of what they make ("e", SHF_EXCLUDE), so that
// no program carries the graph, its weights and the paths of its source. No attribute says so, and each compiler has
// its own way: g++ writes a section's name as it stands, and the flags that follow it are behind a comment sign; clang
// has the words of the image written by the assembler.
#if defined(__clang__)

namespace inlay::detail {

/// The image in 64-bit words, with zeros for what pads it.
template <const auto& Net>
struct image_words {
  using image_type = std::remove_cvref_t<decltype(embedded<Net>::image)>;
  static constexpr std::size_t halves =
      (sizeof(image_type::header) + sizeof(image_type::nodes) + sizeof(image_type::operands) +
       sizeof(image_type::instructions) + sizeof(image_type::outputs) + sizeof(image_type::data) +
       sizeof(image_type::characters)) /
      4;
  struct exact {
    std::array<std::uint32_t, halves> words;
  };
  struct alignas(8) padded {
    std::array<std::uint32_t, halves> words;
    std::array<std::byte, 4> padding;
  };
  static constexpr std::size_t count = (halves + 1) / 2;
  static constexpr auto words = [] {
    using bytes = std::conditional_t<halves % 2 == 0, exact, padded>;
    const auto from = std::bit_cast<bytes>(embedded<Net>::image).words;
    std::array<std::uint64_t, count> to{};
    for (std::size_t i = 0; i < halves; ++i) to[i / 2] |= std::uint64_t{from[i]} << (i % 2 * 32);
    return to;
  }();
};

/// Immediate, so that the array itself is not in the object.
template <const auto& Net>
consteval std::uint64_t word(std::size_t i) {
  return image_words<Net>::words[i];
}

template <const auto& Net, std::size_t First, std::size_t Count>
[[gnu::always_inline]] inline void write_words() {
  if constexpr (Count > 16) {
    constexpr std::size_t half = (Count / 2 + 15) / 16 * 16;
    write_words<Net, First, half>();
    write_words<Net, First + half, Count - half>();
  } else if constexpr (Count == 16) {
    __asm__ volatile(
        ".pushsection .inlay\n\t.8byte %c0,%c1,%c2,%c3,%c4,%c5,%c6,%c7,%c8,%c9,%c10,%c11,%c12,%c13,%c14,%c15\n\t"
        ".popsection" ::"i"(word<Net>(First)),
        "i"(word<Net>(First + 1)), "i"(word<Net>(First + 2)), "i"(word<Net>(First + 3)), "i"(word<Net>(First + 4)),
        "i"(word<Net>(First + 5)), "i"(word<Net>(First + 6)), "i"(word<Net>(First + 7)), "i"(word<Net>(First + 8)),
        "i"(word<Net>(First + 9)), "i"(word<Net>(First + 10)), "i"(word<Net>(First + 11)), "i"(word<Net>(First + 12)),
        "i"(word<Net>(First + 13)), "i"(word<Net>(First + 14)), "i"(word<Net>(First + 15)));
  } else if constexpr (Count > 0) {
    __asm__ volatile(".pushsection .inlay\n\t.8byte %c0\n\t.popsection" ::"i"(word<Net>(First)));
    write_words<Net, First + 1, Count - 1>();
  }
}

/// Only what is written while this is compiled matters; nothing calls it.
template <const auto& Net>
[[gnu::always_inline]] inline void write_image() {
  __asm__ volatile(".pushsection .inlay,\"e\"\n\t.balign 8\n\t.popsection");
  write_words<Net, 0, image_words<Net>::count>();
}

}  // namespace inlay::detail

#define INLAY_DETAIL_PLACE_GRAPH(net, name)                                                \
  [[gnu::used, gnu::noinline]] static void name() { ::inlay::detail::write_image<net>(); } \
  static_assert(true)
#else
#if defined(__aarch64__)
#define INLAY_DETAIL_GRAPH_SECTION ".inlay,\"e\"//"
#else
#define INLAY_DETAIL_GRAPH_SECTION ".inlay,\"e\"#"
#endif
#define INLAY_DETAIL_PLACE_GRAPH(net, name)                                            \
  [[gnu::section(INLAY_DETAIL_GRAPH_SECTION), gnu::used]] static constexpr auto name = \
      ::inlay::detail::embedded<net>::image
#endif

/// Checks `net`, a constexpr network object at namespace scope, and puts its graph into the object file, where inlayc
/// finds it.
/// (The assertion is there to check first: from here a message has the shortest way to the network.)
#define INLAY_NETWORK(net)                                                  \
  static_assert(::inlay::detail::embedded<net>::image.header.version != 0); \
  INLAY_DETAIL_PLACE_GRAPH(net, INLAY_DETAIL_NAME(inlay_graph_of_, __COUNTER__))
