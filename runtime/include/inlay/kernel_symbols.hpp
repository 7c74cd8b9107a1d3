// SPDX-License-Identifier: Apache-2.0
// The symbols that a program refers to and a kernel object defines. If no kernel object fits, the linker prints these
// names, so they say what to do.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "inlay/graph.hpp"
#include "inlay/parallel_for.h"

namespace inlay {

/// A text as a template argument: `compiled<digits, "a">`.
template <std::size_t N>
struct kernels_name {
  char chars[N]{};
  // NOLINTNEXTLINE(google-explicit-constructor): a string literal is the argument
  constexpr kernels_name(const char (&text)[N]) { std::copy_n(text, N, chars); }
  constexpr std::string_view view() const { return {chars, N - 1}; }
};

/// inlayc's kernel object for the graph with this hash and the network of this name defines the members. If they are
/// undefined, the linked kernels were made from another graph or with another NAME, or they are hidden in a shared
/// library that was built without EXPORT.
template <std::uint64_t GraphHash, class NetworkName, class... Pointers>
struct [[gnu::visibility("default")]] no_kernels_for_this_graph_run_inlayc_again {
  static int run(Pointers... inputs_then_outputs, std::size_t batch, void* scratch);
  /// In place of run(), the two functions of a network with state.
  static int run_steps(Pointers... inputs_then_outputs, std::size_t steps, void* memory, void* scratch);
  static void reset(void* memory);
  /// Defined only with inlayc --voices (VOICES in inlay_add_network()).
  static int run_voices_needs_VOICES(Pointers... inputs_then_outputs, std::size_t voices, std::size_t steps,
                                     void* memories, void* scratch);
  static std::size_t scratch_bytes();
  /// In place of run(), the functions of a network whose weights are an argument (WEIGHTS argument in
  /// inlay_add_network()). pack..() makes the block `weights` of packed_bytes..() bytes.
  static int run_packed_needs_WEIGHTS_argument(Pointers... inputs_then_outputs, std::size_t batch, const void* weights,
                                               void* scratch);
  static void pack_needs_WEIGHTS_argument(const void* parameters, void* weights);
  static std::size_t packed_bytes_needs_WEIGHTS_argument();
  /// Beside run_steps() where the weights are in the memory (TRAIN in inlay_add_network()). Several calls of begin(),
  /// with 0 to `parts` - 1, may divide its work.
  static void begin(void* memory, void* scratch, std::size_t part, std::size_t parts);
  static void update_sgd(void* memory, void* settings);
  static void update_adam(void* memory, void* settings);
  /// Defined only for a training step whose layers have weights that are computed from parameters. compute_weights()
  /// comes before begin(), pass_gradients() after all samples.
  static void compute_weights(void* memory, void* scratch);
  static void pass_gradients(void* memory, void* scratch);
  /// Defined only with inlayc --parallel (PARALLEL in inlay_add_network()).
  static int run_parallel_needs_PARALLEL(Pointers... inputs_then_outputs, std::size_t batch, void* scratch,
                                         const inlay_parallel_for* workers);
  static int run_packed_parallel_needs_PARALLEL(Pointers... inputs_then_outputs, std::size_t batch, const void* weights,
                                                void* scratch, const inlay_parallel_for* workers);
  static int run_steps_parallel_needs_PARALLEL(Pointers... inputs_then_outputs, std::size_t steps, void* memory,
                                               void* scratch, const inlay_parallel_for* workers);
};

namespace detail {

/// A network's name, one type per character, because linkers print a text argument as a list of numbers.
template <class... Characters>
struct named;

template <char>
struct character;
#define INLAY_DETAIL_CHARACTER(c, type) \
  struct type;                          \
  template <>                           \
  struct character<c> {                 \
    using spelt = type;                 \
  };
INLAY_DETAIL_CHARACTER('a', a_)
INLAY_DETAIL_CHARACTER('b', b_)
INLAY_DETAIL_CHARACTER('c', c_)
INLAY_DETAIL_CHARACTER('d', d_)
INLAY_DETAIL_CHARACTER('e', e_)
INLAY_DETAIL_CHARACTER('f', f_)
INLAY_DETAIL_CHARACTER('g', g_)
INLAY_DETAIL_CHARACTER('h', h_)
INLAY_DETAIL_CHARACTER('i', i_)
INLAY_DETAIL_CHARACTER('j', j_)
INLAY_DETAIL_CHARACTER('k', k_)
INLAY_DETAIL_CHARACTER('l', l_)
INLAY_DETAIL_CHARACTER('m', m_)
INLAY_DETAIL_CHARACTER('n', n_)
INLAY_DETAIL_CHARACTER('o', o_)
INLAY_DETAIL_CHARACTER('p', p_)
INLAY_DETAIL_CHARACTER('q', q_)
INLAY_DETAIL_CHARACTER('r', r_)
INLAY_DETAIL_CHARACTER('s', s_)
INLAY_DETAIL_CHARACTER('t', t_)
INLAY_DETAIL_CHARACTER('u', u_)
INLAY_DETAIL_CHARACTER('v', v_)
INLAY_DETAIL_CHARACTER('w', w_)
INLAY_DETAIL_CHARACTER('x', x_)
INLAY_DETAIL_CHARACTER('y', y_)
INLAY_DETAIL_CHARACTER('z', z_)
INLAY_DETAIL_CHARACTER('A', A_)
INLAY_DETAIL_CHARACTER('B', B_)
INLAY_DETAIL_CHARACTER('C', C_)
INLAY_DETAIL_CHARACTER('D', D_)
INLAY_DETAIL_CHARACTER('E', E_)
INLAY_DETAIL_CHARACTER('F', F_)
INLAY_DETAIL_CHARACTER('G', G_)
INLAY_DETAIL_CHARACTER('H', H_)
INLAY_DETAIL_CHARACTER('I', I_)
INLAY_DETAIL_CHARACTER('J', J_)
INLAY_DETAIL_CHARACTER('K', K_)
INLAY_DETAIL_CHARACTER('L', L_)
INLAY_DETAIL_CHARACTER('M', M_)
INLAY_DETAIL_CHARACTER('N', N_)
INLAY_DETAIL_CHARACTER('O', O_)
INLAY_DETAIL_CHARACTER('P', P_)
INLAY_DETAIL_CHARACTER('Q', Q_)
INLAY_DETAIL_CHARACTER('R', R_)
INLAY_DETAIL_CHARACTER('S', S_)
INLAY_DETAIL_CHARACTER('T', T_)
INLAY_DETAIL_CHARACTER('U', U_)
INLAY_DETAIL_CHARACTER('V', V_)
INLAY_DETAIL_CHARACTER('W', W_)
INLAY_DETAIL_CHARACTER('X', X_)
INLAY_DETAIL_CHARACTER('Y', Y_)
INLAY_DETAIL_CHARACTER('Z', Z_)
INLAY_DETAIL_CHARACTER('0', _0)
INLAY_DETAIL_CHARACTER('1', _1)
INLAY_DETAIL_CHARACTER('2', _2)
INLAY_DETAIL_CHARACTER('3', _3)
INLAY_DETAIL_CHARACTER('4', _4)
INLAY_DETAIL_CHARACTER('5', _5)
INLAY_DETAIL_CHARACTER('6', _6)
INLAY_DETAIL_CHARACTER('7', _7)
INLAY_DETAIL_CHARACTER('8', _8)
INLAY_DETAIL_CHARACTER('9', _9)
INLAY_DETAIL_CHARACTER('_', underscore)
#undef INLAY_DETAIL_CHARACTER

/// The symbol holds at most this many characters of the name.
inline constexpr std::size_t most_characters = 40;

/// The characters of the network's name and, if its kernels have a NAME, of "_" and that.
template <const graph_view& Graph, kernels_name Name>
struct name_of_kernels {
  static constexpr std::size_t first = Graph.name.size();
  static constexpr std::size_t size = first + (Name.view().empty() ? 0 : 1 + Name.view().size());
  static constexpr char at(std::size_t i) {
    return i < first ? Graph.name[i] : i == first ? '_' : Name.view()[i - first - 1];
  }
  template <std::size_t... Index>
  static named<typename character<at(Index)>::spelt...> spell(std::index_sequence<Index...>);
  using type = decltype(spell(std::make_index_sequence<(std::min)(size, most_characters)>()));
};

/// The kernels of a graph that were compiled with this NAME.
template <const graph_view& Graph, kernels_name Name, class... Pointers>
using kernels_of =
    no_kernels_for_this_graph_run_inlayc_again<Graph.hash, typename name_of_kernels<Graph, Name>::type, Pointers...>;

}  // namespace detail
}  // namespace inlay
