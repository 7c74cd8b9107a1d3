// SPDX-License-Identifier: Apache-2.0
// Compiles and runs random networks, and compares their results with a double-precision evaluation and its error
// bounds. Makes a failing network as small as possible and prints it as DSL source.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>

#include "isolate.hpp"
#include "jit_kernel.hpp"
#include "shrink.hpp"

namespace {

using namespace inlay::fuzz;

constexpr const char* kHelp = R"(usage: inlay-fuzz [options]
Draws random networks over all operations, compiles them, runs them in guarded memory and compares every result with
an evaluation in double and its error bound. A failure is shrunk and printed as DSL source.

  --seed N          which networks (1)
  --first N         number of the first one (0)
  --count N         how many (1000)
  --cpu NAME        an instruction set as inlayc's --cpu knows it; may be repeated (all that this machine runs, in turn)
  --bf16 yes|no     weights as bf16: always, never (some)
  --parallel yes|no entry points for several threads: always, never (some)
  --weights-argument yes|no  weights as an argument, of networks without state (no); those that cannot have it are
                    compile-errors, which --ignore leaves out
  --state yes|no    networks that remember something from one step to the next: always, never (some)
  --reproducible yes|no kernels that give a sample the same bits in every call, on every CPU with fused multiply-add:
                    always, never (some)
  --optimised yes|no code that LLVM has optimised: always, never (one network in eight)
  --max-batch N     limit the batch of every network to N, 0 for no limit (some, mostly to 1)
  --jobs N          processes at a time (1)
  --time-limit S    stop after S seconds (none)
  --timeout S       CPU seconds after which one network counts as a failure (60)
  --nodes N         most layers of a network, about (12)
  --without NAME    do not draw this operation, instruction or activation, nor 'parameter_output' or 'input_output';
                    may be repeated
  --ignore KIND     do not count this as a failure: compile-error, wrong-value, not-written, bad-status, steps, unlike,
                    flags, control, interpreter; may be repeated
  --failures N      stop after N failures (1)
  --shrink yes|no   look for the smallest network that fails (yes)
  --tries N         most networks that this may compile (600)
  --steps A,B,...   with --count 1: the shrunk form of a network, as a failure prints it
  --print           print the networks as DSL source instead of compiling them
  --print-cpp FILE  the same as a program that compares the hashes of its networks with those that were drawn
  --quiet           no progress
  --help

Exit code: 0 if no network failed, 1 if one did, 2 for a wrong option.
)";

struct options {
  trial_settings settings;
  campaign plan{.first = 0, .count = 1000, .jobs = 1, .failed = {}, .progress = {}};
  isolation limits;
  double time_limit = 0;
  std::uint64_t failures = 1;
  bool shrinks = true, prints = false, quiet = false;
  std::uint64_t tries = 600;
  std::vector<std::size_t> steps;
  std::string program;
};

template <class Number>
bool parse(const std::string& text, Number& into) {
  const char* end = text.data() + text.size();
  return std::from_chars(text.data(), end, into).ptr == end && !text.empty();
}

bool parse_yes_no(const std::string& text, int& into) {
  into = text == "yes" ? 1 : text == "no" ? 0 : -1;
  return into >= 0;
}

bool is_drawn(const std::string& name) {
  const auto has = [&](const auto& table) {
    return std::ranges::any_of(table, [&](const auto& row) { return row.name == name; });
  };
  return has(inlay::op_table) || has(inlay::scalar_op_table) || has(inlay::activation_table) ||
         name == "parameter_output" || name == "input_output";
}

bool is_finding(const std::string& name) {
  for (int what = 1; name_of(static_cast<finding>(what))[0] != 0; ++what)
    if (name_of(static_cast<finding>(what)) == name) return true;
  return name == "interpreter";
}

bool parse_steps(const std::string& text, std::vector<std::size_t>& into) {
  std::istringstream list(text);
  for (std::string item; std::getline(list, item, ',');) {
    std::size_t step = 0;
    if (!parse(item, step)) return false;
    into.push_back(step);
  }
  return true;
}

/// An option with a value.
struct option_row {
  const char* name;
  bool (*set)(options& o, const std::string& value);  ///< false if the value is invalid
};

constexpr option_row kOptions[] = {
    {"--seed", [](options& o, const std::string& v) { return parse(v, o.settings.seed); }},
    {"--first", [](options& o, const std::string& v) { return parse(v, o.plan.first); }},
    {"--count", [](options& o, const std::string& v) { return parse(v, o.plan.count); }},
    {"--cpu", [](options& o, const std::string& v) { return o.settings.cpus.push_back(v), true; }},
    {"--bf16", [](options& o, const std::string& v) { return parse_yes_no(v, o.settings.bf16); }},
    {"--parallel", [](options& o, const std::string& v) { return parse_yes_no(v, o.settings.parallel); }},
    {"--weights-argument",
     [](options& o, const std::string& v) { return parse_yes_no(v, o.settings.weights_argument); }},
    {"--state", [](options& o, const std::string& v) { return parse_yes_no(v, o.settings.draw.state); }},
    {"--reproducible", [](options& o, const std::string& v) { return parse_yes_no(v, o.settings.reproducible); }},
    {"--optimised", [](options& o, const std::string& v) { return parse_yes_no(v, o.settings.optimised); }},
    {"--max-batch",
     [](options& o, const std::string& v) { return parse(v, o.settings.max_batch) && o.settings.max_batch >= 0; }},
    {"--jobs", [](options& o, const std::string& v) { return parse(v, o.plan.jobs) && o.plan.jobs > 0; }},
    {"--time-limit", [](options& o, const std::string& v) { return parse(v, o.time_limit); }},
    {"--timeout", [](options& o, const std::string& v) { return parse(v, o.limits.seconds) && o.limits.seconds > 0; }},
    {"--nodes",
     [](options& o, const std::string& v) {
       return parse(v, o.settings.draw.most_nodes) && o.settings.draw.most_nodes > 0;
     }},
    {"--without", [](options& o, const std::string& v) { return o.settings.draw.without.insert(v), is_drawn(v); }},
    {"--ignore", [](options& o, const std::string& v) { return o.settings.ignored.insert(v), is_finding(v); }},
    {"--failures", [](options& o, const std::string& v) { return parse(v, o.failures); }},
    {"--shrink",
     [](options& o, const std::string& v) {
       int flag = 0;
       return parse_yes_no(v, flag) && (o.shrinks = flag == 1, true);
     }},
    {"--tries", [](options& o, const std::string& v) { return parse(v, o.tries); }},
    {"--steps", [](options& o, const std::string& v) { return parse_steps(v, o.steps); }},
    {"--print-cpp", [](options& o, const std::string& v) { return o.program = v, true; }},
};

/// Sets an option. Returns an error message, empty on success.
std::string set_option(options& o, const std::string& name, const char* value) {
  const auto row = std::ranges::find(kOptions, name, &option_row::name);
  if (row == std::end(kOptions)) return "unknown option '" + name + "'; see --help";
  if (value == nullptr) return name + " needs a value; see --help";
  return row->set(o, value) ? std::string() : name + ": cannot use '" + std::string(value) + "'; see --help";
}

std::optional<int> parse_arguments(int argc, char** argv, options& o) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help") {
      std::fputs(kHelp, stdout);
      return 0;
    }
    if (name == "--print" || name == "--quiet") {
      (name == "--print" ? o.prints : o.quiet) = true;
      continue;
    }
    const std::string error = set_option(o, name, i + 1 < argc ? argv[i + 1] : nullptr);
    ++i;
    if (error.empty()) continue;
    std::fprintf(stderr, "inlay-fuzz: %s\n", error.c_str());
    return 2;
  }
  if (o.settings.cpus.empty()) o.settings.cpus = inlay::tools::runnable_cpus();
  // Every network needs an input, and every program an operand.
  for (const char* needed : {"input", "operand"})
    if (!o.settings.draw.has(needed)) {
      std::fprintf(stderr, "inlay-fuzz: --without %s: every network needs it\n", needed);
      return 2;
    }
  return std::nullopt;
}

std::string command(const options& o, std::uint64_t index, const trial& t, const std::vector<std::size_t>& steps) {
  std::ostringstream text;
  text << "inlay-fuzz --seed " << o.settings.seed << " --first " << index << " --count 1 --cpu " << t.cpu;
  for (const auto& [name, value] :
       {std::pair("--weights-argument", o.settings.weights_argument > 0 ? 1 : -1), std::pair("--bf16", o.settings.bf16),
        std::pair("--parallel", o.settings.parallel), std::pair("--optimised", o.settings.optimised),
        std::pair("--reproducible", o.settings.reproducible), std::pair("--state", o.settings.draw.state)})
    if (value >= 0) text << ' ' << name << (value > 0 ? " yes" : " no");
  if (o.settings.max_batch >= 0) text << " --max-batch " << o.settings.max_batch;
  if (o.settings.draw.most_nodes != draw_settings().most_nodes) text << " --nodes " << o.settings.draw.most_nodes;
  for (const std::string& name : o.settings.draw.without) text << " --without " << name;
  for (const std::string& name : o.settings.ignored) text << " --ignore " << name;
  for (std::size_t i = 0; i < steps.size(); ++i) text << (i == 0 ? " --steps " : ",") << steps[i];
  return text.str();
}

const char* name_of_regime(regime r) {
  static constexpr const char* names[] = {"ordinary", "unit", "sparse", "integers", "wide", "large", "tiny", "corners"};
  return names[static_cast<unsigned>(r)];
}

void print_trial(const trial& t) {
  std::printf("// cpu %s%s%s%s", t.cpu.c_str(), t.optimised ? ", optimised" : "", t.bf16 ? ", bf16 weights" : "",
              t.parallel && t.share_all ? ", parallel in every layer"
              : t.share_all             ? ", blocks of steps in every layer"
              : t.parallel              ? ", parallel"
                                        : "");
  if (t.voices) std::printf(", voices");
  if (t.reproducible) std::printf(", reproducible");
  if (t.max_batch > 0) std::printf(", max batch %zu", t.max_batch);
  std::printf("; weights: %s, inputs: %s%s; calls:", name_of_regime(t.data.weights), name_of_regime(t.data.inputs),
              t.data.edges ? " with corners" : "");
  for (const call_plan& call : t.calls) {
    std::printf(" %zu", call.batch);
    if (call.first > 0) std::printf(" from %zu", call.first);
    if (call.parts > 0) std::printf(" in %u parts", call.parts);
  }
  std::printf("\n");
  for (const network& net : t.networks) std::printf("%s\n", dsl_source(net).c_str());
}

/// Writes a C++ program with the networks that were drawn.
int write_program(const options& o) {
  std::ofstream out(o.program);
  out << "// Written by inlay-fuzz --print-cpp.\n#include <cstdio>\n#include <limits>\n#include \"inlay/dsl.hpp\"\n"
         "using namespace inlay;\n";
  std::ostringstream checks;
  std::uint64_t count = 0;
  for (std::uint64_t i = o.plan.first; i < o.plan.first + o.plan.count; ++i)
    for (network net : draw_trial(o.settings, i).networks) {
      net.name += std::to_string(i);
      inlay::graph_builder b = build(net);
      const std::string symbol = "network" + std::to_string(count++);
      out << "constexpr auto " << symbol << " = " << dsl_source(net) << ";\n";
      checks << "  if (graph_of<" << symbol << ">.hash != " << inlay::graph_hash(b.view()) << "u) return std::printf(\""
             << net.name << " has another hash\\n\"), 1;\n";
    }
  out << "int main() {\n"
      << checks.str() << "  std::printf(\"" << count << " networks have the hashes that were printed\\n\");\n}\n";
  out.close();
  if (out) return 0;
  std::fprintf(stderr, "inlay-fuzz: cannot write '%s'\n", o.program.c_str());
  return 2;
}

/// Prints a failure after making its trial as small as possible.
void report(const options& o, std::uint64_t index, const verdict& found) {
  const trial original = draw_trial(o.settings, index);
  trial t = replay(original, o.steps);
  std::vector<std::size_t> steps = o.steps;
  std::string text = found.text;
  std::size_t tries = 0;
  if (o.shrinks && o.steps.empty()) {
    isolation limits = o.limits;
    const auto fails = [&](const trial& each) {
      const verdict v = run_isolated(each, o.settings, limits);
      if (v.what != found.what) return false;
      text = v.text;
      return true;
    };
    shrunk result = shrink(t, fails, o.tries);
    t = std::move(result.smallest), steps = std::move(result.steps), tries = result.tries;
  }
  std::printf("\nFAILURE: %s, network %llu of seed %llu\n%s\n", name_of(found.what),
              static_cast<unsigned long long>(index), static_cast<unsigned long long>(o.settings.seed), text.c_str());
  if (tries > 0) std::printf("shrunk in %zu steps, %zu tries\n", steps.size(), tries);
  print_trial(t);
  std::printf("repeat: %s\n", command(o, index, original, steps).c_str());
  std::fflush(stdout);
}

/// Set when the user or a time limit from outside ends the run: it then says how far it came.
volatile std::sig_atomic_t stopped = 0;

int run(options& o) {
  if (!o.program.empty()) return write_program(o);
  if (o.prints) {
    for (std::uint64_t i = o.plan.first; i < o.plan.first + o.plan.count; ++i) {
      std::printf("// network %llu\n", static_cast<unsigned long long>(i));
      print_trial(replay(draw_trial(o.settings, i), o.steps));
    }
    return 0;
  }
  std::uint64_t failures = 0;
  if (!o.steps.empty()) {
    const verdict v = run_isolated(replay(draw_trial(o.settings, o.plan.first), o.steps), o.settings, o.limits);
    if (v.what == finding::none) {
      std::printf("network %llu of seed %llu no longer fails\n", static_cast<unsigned long long>(o.plan.first),
                  static_cast<unsigned long long>(o.settings.seed));
      return 0;
    }
    report(o, o.plan.first, v);
    return 1;
  }
  using clock = std::chrono::steady_clock;
  const auto start = clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(clock::now() - start).count(); };
  o.plan.failed = [&](std::uint64_t index, const verdict& v) {
    report(o, index, v);
    return ++failures < o.failures;
  };
  std::uint64_t lines = 0;
  o.plan.progress = [&](const statistics& s) {
    if (!o.quiet && ++lines % 10 == 1) {
      std::fprintf(stderr, "%llu networks, %.1f a second, %llu failed\n", static_cast<unsigned long long>(s.networks),
                   static_cast<double>(s.networks) / seconds(), static_cast<unsigned long long>(failures));
    }
    return stopped == 0 && (o.time_limit <= 0 || seconds() < o.time_limit);
  };
  const statistics s = run_campaign(o.plan, o.settings, o.limits);
  const auto share = [&](std::uint64_t part) {
    return s.elements == 0 ? 0.0 : 100 * static_cast<double>(part) / static_cast<double>(s.elements);
  };
  std::printf(
      "seed %llu: %llu networks of %.1f nodes in %.0f s; %llu results, %.1f %% with a bound, %.1f %% with one "
      "below 1e-3; %llu failed\n",
      static_cast<unsigned long long>(o.settings.seed), static_cast<unsigned long long>(s.networks),
      static_cast<double>(s.nodes) / static_cast<double>(std::max<std::uint64_t>(s.networks, 1)), seconds(),
      static_cast<unsigned long long>(s.elements), share(s.known), share(s.tight),
      static_cast<unsigned long long>(failures));
  return failures > 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  if (const std::optional<int> code = parse_arguments(argc, argv, o)) return *code;
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { stopped = 1; });
  return run(o);
}
