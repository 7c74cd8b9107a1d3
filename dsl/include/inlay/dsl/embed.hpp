// SPDX-License-Identifier: Apache-2.0
// Puts a network object's graph image into the object file. The C++ compiler reports what is wrong with the network.
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
    chars[N - 1] = '\0';  // without it clang prints numbers instead of a string
  }
};

// The compiler prints these type names around the texts of a violation.
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

/// The compiler prints this type's name and arguments for a network that breaks a rule: file and line of the model, the
/// layer, what the rule expects and what was found.
template <detail::at At, detail::layer Layer, detail::expected Expected, detail::found Found>
struct ill_formed_network {
  static constexpr bool none = false;
};

namespace detail {

/// Table sizes that suffice for a few hundred layers.
inline constexpr graph_sizes common_room{.nodes = 1024,
                                         .operands = 2048,
                                         .attributes = 1024,
                                         .instructions = 2048,
                                         .outputs = 64,
                                         .data = 1024,
                                         .characters = 32768};
using common_tables =
    graph_image<common_room.nodes, common_room.operands, common_room.attributes, common_room.instructions,
                common_room.outputs, common_room.data, common_room.characters>;

/// Result of a first trace: the graph's sizes, the first rule that it breaks and, if the graph fits into common_tables,
/// its tables. A larger graph is traced again into tables of its size.
struct first_trace {
  graph_sizes sizes{};
  violation problem{};
  bool has_tables = false;
  common_tables tables{};
};

template <class T>
inline constexpr bool is_network = false;
template <class Function, class... Inputs>
inline constexpr bool is_network<network_definition<Function, Inputs...>> = true;

template <class T>
inline constexpr bool is_misused_network = std::is_same_v<T, misused_network>;

template <class Net>
consteval first_trace trace_first(const Net& net) {
  first_trace t;
  if constexpr (is_network<Net>) {
    graph_builder b(net.name);
    trace(net, b);
    t.sizes = b.sizes(), t.problem = b.first_violation();
    t.has_tables = b.copy_to(t.tables);
  } else {
    static_assert(is_misused_network<Net>, "this is no network: give it what network(...) returned");
    t.problem = {fault::misuse, {}, {}, {}, {}};
  }
  return t;
}

template <graph_sizes S>
using image_of = graph_image<S.nodes, S.operands, S.attributes, S.instructions, S.outputs, S.data, S.characters>;

/// The image of the finished graph, with tables of exactly its sizes.
template <graph_sizes Sizes, class Net>
consteval auto build_image(const Net& net, const first_trace& first) {
  image_of<Sizes> image;
  if (first.has_tables) {
    image.copy_tables(first.tables.view(Sizes));
    image.header.name = first.tables.header.name, image.header.source_file = first.tables.header.source_file;
  } else {
    graph_builder b(net.name);
    trace(net, b);
    b.copy_to(image);
  }
  image.seal();
  return image;
}

/// One static_assert per fault, because its advice must be a literal. They are written out, because the expansion of a
/// macro would fill the first lines of the compiler's output.
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
  else if constexpr (Code == fault::conv_rank)
    static_assert(Problem::none, INLAY_ADVICE_CONV_RANK);
  else if constexpr (Code == fault::conv_weight)
    static_assert(Problem::none, INLAY_ADVICE_CONV_WEIGHT);
  else if constexpr (Code == fault::transposed_weight)
    static_assert(Problem::none, INLAY_ADVICE_TRANSPOSED_WEIGHT);
  else if constexpr (Code == fault::transposed_padding)
    static_assert(Problem::none, INLAY_ADVICE_TRANSPOSED_PADDING);
  else if constexpr (Code == fault::embedding_weight)
    static_assert(Problem::none, INLAY_ADVICE_EMBEDDING_WEIGHT);
  else if constexpr (Code == fault::conv_bias)
    static_assert(Problem::none, INLAY_ADVICE_CONV_BIAS);
  else if constexpr (Code == fault::conv_groups)
    static_assert(Problem::none, INLAY_ADVICE_CONV_GROUPS);
  else if constexpr (Code == fault::pool_rank)
    static_assert(Problem::none, INLAY_ADVICE_POOL_RANK);
  else if constexpr (Code == fault::resample_rank)
    static_assert(Problem::none, INLAY_ADVICE_RESAMPLE_RANK);
  else if constexpr (Code == fault::window_size)
    static_assert(Problem::none, INLAY_ADVICE_WINDOW_SIZE);
  else if constexpr (Code == fault::norm_options)
    static_assert(Problem::none, INLAY_ADVICE_NORM_OPTIONS);
  else if constexpr (Code == fault::state_shape)
    static_assert(Problem::none, INLAY_ADVICE_STATE_SHAPE);
  else if constexpr (Code == fault::state_updates)
    static_assert(Problem::none, INLAY_ADVICE_STATE_UPDATES);
  else if constexpr (Code == fault::state_initial)
    static_assert(Problem::none, INLAY_ADVICE_STATE_INITIAL);
  else if constexpr (Code == fault::history_steps)
    static_assert(Problem::none, INLAY_ADVICE_HISTORY_STEPS);
  else if constexpr (Code == fault::attribute_range)
    static_assert(Problem::none, INLAY_ADVICE_ATTRIBUTE_RANGE);
  else if constexpr (Code == fault::integer_operand)
    static_assert(Problem::none, INLAY_ADVICE_INTEGER_OPERAND);
  else if constexpr (Code == fault::float_indices)
    static_assert(Problem::none, INLAY_ADVICE_FLOAT_INDICES);
  else if constexpr (Code == fault::integer_output)
    static_assert(Problem::none, INLAY_ADVICE_INTEGER_OUTPUT);
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
  // A static member with clang, which evaluates a local constant at every call. A local constant with g++, which
  // evaluates a call with the same arguments once, and would emit the static member with the model's paths in it.
#if defined(__clang__)
  static constexpr first_trace first = trace_first(Net);
#endif
  static consteval auto make() {
#if !defined(__clang__)
    constexpr first_trace first = trace_first(Net);
#endif
    constexpr violation v = first.problem;
    if constexpr (v.code == fault::misuse) {  // a static_assert has reported it
      return graph_image<0, 0, 0, 0, 0, 0, 0>();
    } else if constexpr (v.code != fault::none) {
      report<v.code, ill_formed_network<at<v.at.size() + 1>(v.at.view()), layer<v.layer.size() + 1>(v.layer.view()),
                                        expected<v.expected.size() + 1>(v.expected.view()),
                                        found<v.found.size() + 1>(v.found.view())>>();
      return graph_image<0, 0, 0, 0, 0, 0, 0>();
    } else {
      return build_image<first.sizes>(Net, first);
    }
  }
};

/// Not a static member, because g++ would emit it into every object.
template <const auto& Net>
inline constexpr auto embedded_image = embedded<Net>::make();

}  // namespace detail

/// The checked graph of a network object with static storage duration.
template <const auto& Net>
inline constexpr graph_view graph_of = detail::embedded_image<Net>.view();

}  // namespace inlay

#define INLAY_DETAIL_CONCAT(a, b) a##b
#define INLAY_DETAIL_NAME(a, b) INLAY_DETAIL_CONCAT(a, b)

// inlayc reads section .inlay of object files. Linkers leave the section out of programs and shared libraries, because
// it has the flag "e" (SHF_EXCLUDE); so no program carries the graph, its weights and the paths of its source. No
// attribute sets this flag. g++ copies a section's name into the assembly unchanged, so the name ends in the flag and a
// comment sign, which hides the flags that g++ appends. With clang, inline assembly writes the words of the image.
#if defined(__clang__)

namespace inlay::detail {

template <const auto& Net>
struct image_words {
  static constexpr std::size_t count = sizeof embedded_image<Net> / 8;
  struct array {
    std::uint64_t of[count];
  };
  static constexpr array words = std::bit_cast<array>(embedded_image<Net>);
};

template <const auto& Net, std::size_t First, std::size_t Count>
[[gnu::always_inline]] inline void write_words() {
  if constexpr (Count > 16) {
    constexpr std::size_t half = (Count / 2 + 15) / 16 * 16;
    write_words<Net, First, half>();
    write_words<Net, First + half, Count - half>();
  } else if constexpr (Count == 16) {
    __asm__ volatile(
        ".pushsection .inlay\n\t.8byte %c0,%c1,%c2,%c3,%c4,%c5,%c6,%c7,%c8,%c9,%c10,%c11,%c12,%c13,%c14,%c15\n\t"
        ".popsection" ::"i"(image_words<Net>::words.of[First]),
        "i"(image_words<Net>::words.of[First + 1]), "i"(image_words<Net>::words.of[First + 2]),
        "i"(image_words<Net>::words.of[First + 3]), "i"(image_words<Net>::words.of[First + 4]),
        "i"(image_words<Net>::words.of[First + 5]), "i"(image_words<Net>::words.of[First + 6]),
        "i"(image_words<Net>::words.of[First + 7]), "i"(image_words<Net>::words.of[First + 8]),
        "i"(image_words<Net>::words.of[First + 9]), "i"(image_words<Net>::words.of[First + 10]),
        "i"(image_words<Net>::words.of[First + 11]), "i"(image_words<Net>::words.of[First + 12]),
        "i"(image_words<Net>::words.of[First + 13]), "i"(image_words<Net>::words.of[First + 14]),
        "i"(image_words<Net>::words.of[First + 15]));
  } else if constexpr (Count > 0) {
    __asm__ volatile(".pushsection .inlay\n\t.8byte %c0\n\t.popsection" ::"i"(image_words<Net>::words.of[First]));
    write_words<Net, First + 1, Count - 1>();
  }
}

/// Never called: compiling this function writes the image.
template <const auto& Net>
[[gnu::always_inline]] inline void write_image() {
  __asm__ volatile(".pushsection .inlay,\"e\"\n\t.balign 8\n\t.popsection");
  write_words<Net, 0, image_words<Net>::count>();
}

}  // namespace inlay::detail

#define INLAY_DETAIL_IMAGE(net) ::inlay::detail::embedded_image<net>
#define INLAY_DETAIL_PLACE_GRAPH(net, name)                                                \
  [[gnu::used, gnu::noinline]] static void name() { ::inlay::detail::write_image<net>(); } \
  static_assert(true)
#else
#if defined(__aarch64__)
#define INLAY_DETAIL_GRAPH_SECTION ".inlay,\"e\"//"
#else
#define INLAY_DETAIL_GRAPH_SECTION ".inlay,\"e\"#"
#endif
#define INLAY_DETAIL_IMAGE(net) ::inlay::detail::embedded<net>::make()
#define INLAY_DETAIL_PLACE_GRAPH(net, name) \
  [[gnu::section(INLAY_DETAIL_GRAPH_SECTION), gnu::used]] static constexpr auto name = INLAY_DETAIL_IMAGE(net)
#endif

/// Checks `net`, a constexpr network object at namespace scope, and puts its graph into the object file, where inlayc
/// finds it. (The assertion comes first, because an error found there has the shortest trace of instantiations.)
#define INLAY_NETWORK(net)                                    \
  static_assert(INLAY_DETAIL_IMAGE(net).header.version != 0); \
  INLAY_DETAIL_PLACE_GRAPH(net, INLAY_DETAIL_NAME(inlay_graph_of_, __COUNTER__))
