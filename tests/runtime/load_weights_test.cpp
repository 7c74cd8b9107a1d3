// SPDX-License-Identifier: Apache-2.0
// Tests what load_weights() finds, computes, notes and refuses in checkpoints as PyTorch and others write them.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "inlay/graph_builder.hpp"
#include "inlay/weights.hpp"

namespace inlay {
namespace {

using lines = std::vector<std::string>;
using sizes = std::vector<std::uint64_t>;

/// A tensor of a file, with its elements as bytes.
struct stored {
  std::string name, type;
  sizes dims;
  std::string bytes;
};

template <class T>
stored tensor(const std::string& name, const char* type, sizes dims, const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return {name, type, std::move(dims), std::move(bytes)};
}
stored floats(const std::string& name, sizes dims, const std::vector<float>& values) {
  return tensor(name, "F32", std::move(dims), values);
}

/// A file that the destructor removes.
class file {
 public:
  explicit file(const std::vector<stored>& tensors) : path_(new_path()) {
    std::string header = "{", data;
    for (const stored& each : tensors) {
      std::string dims;
      for (std::uint64_t size : each.dims) dims += (dims.empty() ? "" : ",") + std::to_string(size);
      header += (header.size() == 1 ? "\"" : ",\"") + each.name + R"(":{"dtype":")" + each.type + R"(","shape":[)" +
                dims + R"(],"data_offsets":[)" + std::to_string(data.size()) + "," +
                std::to_string(data.size() + each.bytes.size()) + "]}";
      data += each.bytes;
    }
    write(header + "}", data);
  }
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  ~file() { std::remove(path_.c_str()); }

  const std::string& path() const { return path_; }
  /// The beginning of notes about this file.
  std::string label() const { return "'" + path_ + "': safetensors: "; }

 protected:
  file() : path_(new_path()) {}
  void write(const std::string& header, const std::string& data) const {
    const std::uint64_t length = header.size();
    std::ofstream out(path_, std::ios::binary);
    out.write(reinterpret_cast<const char*>(&length), sizeof length);
    out << header << data;
  }

 private:
  static std::string new_path() {
    static int count = 0;
    return ::testing::TempDir() + "inlay_load_" + std::to_string(getpid()) + "_" + std::to_string(count++);
  }
  std::string path_;
};

/// A network with these parameters, given as names and shapes.
graph_builder network(const std::vector<std::pair<std::string, shape>>& parameters, const char* name = "net") {
  graph_builder b(name);
  b.output(b.input("x", {1, {1}}), "y");
  for (const auto& [parameter, dims] : parameters) b.parameter(parameter, dims);
  EXPECT_FALSE(b.finish());
  return b;
}

graph_builder one_layer() { return network({{"fc.weight", {2, {2, 3}}}, {"fc.bias", {1, {2}}}}); }

weights_load load(const graph_builder& b, const weights_request& request) {
  const graph_view graph = b.view();
  return load_weights(std::span(&graph, 1), request);
}

const std::vector<float> kSix = {1, 2, 3, 4, 5, 6}, kTwo = {7, 8};

std::vector<float> values_of(const weights_load& loaded, std::string_view name) {
  const weight_tensor* found = loaded.value.find(name);
  return found == nullptr ? std::vector<float>{} : found->values;
}

TEST(LoadWeights, ReadsWhatTheNetworkNeedsAndNamesTheRest) {
  const file f({tensor<std::int64_t>("bn.num_batches_tracked", "I64", {}, {7}), floats("critic.weight", {1}, {9}),
                floats("fc.bias", {2}, kTwo), floats("fc.weight", {2, 3}, kSix),
                tensor<double>("running", "F64", {1}, {1e300}), tensor<char>("mask", "BOOL", {3}, {1, 0, 1}),
                tensor<char>("packed", "U8", {2}, {1, 2}), tensor<char>("scaled", "F8_E5M2", {1}, {3}),
                tensor<std::int32_t>("steps", "I32", {1}, {3}), tensor<char>("new", "X2", {5}, {3})});
  const weights_load loaded = load(one_layer(), {.files = {f.path()}});
  EXPECT_EQ(loaded.errors, lines{});
  EXPECT_EQ(values_of(loaded, "fc.weight"), kSix);
  EXPECT_EQ(values_of(loaded, "fc.bias"), kTwo);
  EXPECT_EQ(loaded.value.tensors.size(), 2u);
  EXPECT_EQ(loaded.value.unread.size(), 8u);
  EXPECT_EQ(loaded.notes,
            lines{f.label() + "no network reads 'bn.num_batches_tracked', 'critic.weight', 'mask', 'new', "
                              "'packed', 'running', 'scaled', 'steps'"});
}

TEST(LoadWeights, StrictRefusesTheRestButACounterOfABatchNormThatIsRead) {
  const graph_builder b = network({{"bn.running_var", {1, {1}}}});
  const file f({tensor<std::int64_t>("module.bn.num_batches_tracked", "I64", {}, {7}),
                tensor<std::int64_t>("module.other.num_batches_tracked", "I64", {}, {7}),
                floats("module.bn.running_var", {1}, {1}), floats("module.w", {1}, {1})});
  EXPECT_EQ(load(b, {.files = {f.path()}}).errors, lines{});
  const std::string who = "'" + f.path() + "': extra tensor ";
  EXPECT_EQ(load(b, {.files = {f.path()}, .strict = true}).errors,
            (lines{who + "'module.other.num_batches_tracked' i64[]: no network reads it",
                   who + "'module.w' f32[1]: no network reads it"}));
}

TEST(LoadWeights, ListsManyUnreadTensorsByTheirNumber) {
  std::vector<stored> tensors;
  for (int i = 100; i < 135; ++i) tensors.push_back(floats("t" + std::to_string(i), {1}, {0}));
  const file f(tensors);
  const weights_load loaded = load(network({}), {.files = {f.path()}});
  ASSERT_EQ(loaded.notes.size(), 1u);
  EXPECT_NE(loaded.notes[0].find("'t129' and 5 more"), std::string::npos) << loaded.notes[0];
}

TEST(LoadWeights, OneNetworkOfAFileThatHasTwo) {
  const graph_builder actor = network({{"actor.w", {1, {1}}}}, "actor"),
                      critic = network({{"critic.w", {1, {1}}}}, "critic");
  const file f({floats("actor.w", {1}, {1}), floats("critic.w", {1}, {2})});
  EXPECT_EQ(values_of(load(actor, {.files = {f.path()}}), "actor.w"), std::vector<float>{1});
  const graph_view both[] = {actor.view(), critic.view()};
  const weights_load loaded = load_weights(both, {.files = {f.path()}, .strict = true});
  EXPECT_EQ(loaded.errors, lines{});
  EXPECT_EQ(values_of(loaded, "critic.w"), std::vector<float>{2});
}

TEST(LoadWeights, FindsAPrefixThatAllFloatTensorsShare) {
  const std::pair<std::string, std::string> cases[] = {{"module.", "module."},
                                                       {"_orig_mod.", "_orig_mod."},
                                                       {"_orig_mod.module.", "_orig_mod.module."},
                                                       {"a.b.c.", "a.b.c."}};
  for (const auto& [before, found] : cases) {
    const file f({floats(before + "fc.bias", {2}, kTwo), floats(before + "fc.weight", {2, 3}, kSix),
                  floats(before + "head.w", {1}, {0}), tensor<std::int64_t>("n_averaged", "I64", {}, {3})});
    const weights_load loaded = load(one_layer(), {.files = {f.path()}});
    EXPECT_EQ(loaded.errors, lines{});
    EXPECT_EQ(values_of(loaded, "fc.weight"), kSix);
    EXPECT_EQ(loaded.notes, (lines{f.label() + "all names begin with '" + found + "', which is left out",
                                   f.label() + "no network reads '" + before + "head.w', 'n_averaged'"}));
  }
}

TEST(LoadWeights, TakesNoMoreOfACommonPrefixThanItNeeds) {
  // All names begin with "module.fc.", but "fc." belongs to the parameters' names.
  const file f({floats("module.fc.bias", {2}, kTwo), floats("module.fc.weight", {2, 3}, kSix)});
  EXPECT_EQ(values_of(load(one_layer(), {.files = {f.path()}}), "fc.bias"), kTwo);
  // Names that fit without a prefix get none.
  const file g({floats("fc.bias", {2}, kTwo), floats("fc.weight", {2, 3}, kSix)});
  const weights_load loaded = load(one_layer(), {.files = {g.path()}});
  EXPECT_EQ(loaded.notes, lines{});
}

TEST(LoadWeights, APrefixThatOnlySomeShareIsSuggestedAndCanBeGiven) {
  const file f({floats("actor.fc.bias", {2}, kTwo), floats("actor.fc.weight", {2, 3}, kSix),
                floats("critic.fc.bias", {2}, {0, 0}), floats("critic.fc.weight", {2, 3}, std::vector<float>(6))});
  const lines errors = load(one_layer(), {.files = {f.path()}}).errors;
  ASSERT_EQ(errors.size(), 3u);
  EXPECT_EQ(errors[2], "what is missing is there with the prefix 'actor.' or 'critic.': give it as the prefix");
  for (const char* prefix : {"actor.", "actor"}) {
    const weights_load loaded = load(one_layer(), {.files = {f.path()}, .prefix = prefix});
    EXPECT_EQ(loaded.errors, lines{});
    EXPECT_EQ(values_of(loaded, "fc.weight"), kSix);
  }
  EXPECT_EQ(load(one_layer(), {.files = {f.path()}, .prefix = "polic"}).errors,
            lines{"prefix 'polic': no tensor's name begins with it; '" + f.path() + "' begins with 'actor.fc.bias'"});
  const file g({floats("net_fc.bias", {2}, kTwo), floats("net_fc.weight", {2, 3}, kSix)});
  EXPECT_EQ(values_of(load(one_layer(), {.files = {g.path()}, .prefix = "net_"}), "fc.bias"), kTwo);
}

TEST(LoadWeights, SeveralFilesButNoTensorTwice) {
  const file f({floats("fc.bias", {2}, kTwo), floats("rest", {1}, {0})}), g({floats("module.fc.weight", {2, 3}, kSix)}),
      h({floats("fc.bias", {2}, {0, 0}), floats("rest", {1}, {0})});
  const weights_load loaded = load(one_layer(), {.files = {f.path(), g.path()}});
  EXPECT_EQ(loaded.errors, lines{});
  EXPECT_EQ(values_of(loaded, "fc.weight"), kSix);
  EXPECT_EQ(values_of(loaded, "fc.bias"), kTwo);
  // Both files may have "rest", which no network reads.
  EXPECT_EQ(load(one_layer(), {.files = {f.path(), g.path(), h.path()}}).errors,
            lines{"parameter 'fc.bias' is in both '" + f.path() + "' and '" + h.path() +
                  "': give one of them, or files without it"});
}

TEST(LoadWeights, EveryFileThatCannotBeReadIsNamed) {
  const file f({floats("fc.bias", {2}, kTwo)});
  EXPECT_EQ(load(one_layer(), {.files = {"/absent", f.path(), "/dev/zero"}}).errors,
            (lines{"'/absent': No such file or directory",
                   "'/dev/zero': not a regular file; weights are read by position, so copy them to a file first"}));
}

TEST(LoadWeights, MissingMisshapedAndUnreadableAtOnce) {
  const file f(
      {tensor<std::int64_t>("a", "I64", {2}, {1, 2}), floats("b", {2, 3}, kSix), floats("c.weights", {2}, kTwo)});
  EXPECT_EQ(load(network({{"a", {1, {2}}}, {"b", {2, {3, 2}}}, {"c.weight", {1, {2}}}}), {.files = {f.path()}}).errors,
            (lines{"parameter 'a': its tensor is I64; expected F32, F16, BF16 or F64, so convert it first",
                   "misshaped parameter 'b': expected f32[3,2], found f32[2,3], which is its transpose; to use it as "
                   "that, give the tie b=b^T",
                   "missing parameter 'c.weight': expected f32[2]; nearest is 'c.weights' f32[2]"}));
}

TEST(LoadWeights, TiesAParameterToAnotherTensorOrItsTranspose) {
  const graph_builder b = network({{"dec.weight", {2, {3, 2}}}, {"enc.weight", {2, {2, 3}}}, {"head", {2, {2, 3}}}});
  const file f({floats("module.enc.weight", {2, 3}, kSix)});
  const weights_load loaded =
      load(b, {.files = {f.path()}, .ties = {"dec.weight=enc.weight^T", "head=enc.weight"}, .strict = true});
  EXPECT_EQ(loaded.errors, lines{});
  EXPECT_EQ(values_of(loaded, "dec.weight"), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(loaded.value.find("dec.weight")->shape, (sizes{3, 2}));
  EXPECT_EQ(values_of(loaded, "head"), kSix);
  // A layer that stores its own weight transposed, as GPT-2's Conv1D does.
  const file own({floats("fc.bias", {2}, kTwo), floats("fc.weight", {3, 2}, {1, 4, 2, 5, 3, 6})});
  EXPECT_EQ(values_of(load(one_layer(), {.files = {own.path()}, .ties = {"fc.weight=fc.weight^T"}}), "fc.weight"),
            kSix);
}

TEST(LoadWeights, FindsThePrefixOfTensorsThatAreOnlyReadThroughATie) {
  const file f({floats("module.embedding", {2, 3}, kSix), floats("module.other", {1}, {0})});
  const weights_load loaded =
      load(network({{"head.weight", {2, {3, 2}}}}), {.files = {f.path()}, .ties = {"head.weight=embedding^T"}});
  EXPECT_EQ(loaded.errors, lines{});
  EXPECT_EQ(values_of(loaded, "head.weight"), (std::vector<float>{1, 4, 2, 5, 3, 6}));
}

TEST(LoadWeights, RefusesTiesThatDoNotFit) {
  const file f({floats("enc.weight", {2, 3}, kSix), floats("fc.bias", {2}, kTwo), floats("v", {2}, kTwo)});
  const auto errors = [&](lines ties) {
    return load(one_layer(), {.files = {f.path()}, .ties = std::move(ties)}).errors;
  };
  for (const char* text : {"", "=", "fc.weight", "fc.weight=", "=enc.weight", "fc.weight=^T"})
    EXPECT_EQ(errors({text}).at(0), "tie '" + std::string(text) +
                                        "': expected parameter=tensor or parameter=tensor^T, as in "
                                        "dec.weight=enc.weight^T");
  EXPECT_EQ(errors({"fc.weight=enc.weight^T"}),
            lines{"tie 'fc.weight=enc.weight^T': expected f32[3,2], found f32[2,3]"});
  EXPECT_EQ(errors({"fc.weight=v"}), lines{"tie 'fc.weight=v': expected f32[2,3], found f32[2]"});
  EXPECT_EQ(errors({"fc.weight=enc.wait"}), lines{"tie 'fc.weight=enc.wait': there is no tensor 'enc.wait'"});
  EXPECT_EQ(errors({"fc.weight=enc.weight", "fc.bias=v^T"}),
            (lines{"tie 'fc.bias=v^T': there is a tensor 'fc.bias' too; use one of them"}));
  EXPECT_EQ(errors({"fc.weight=enc.weight", "fc.wait=v"}),
            lines{"tie 'fc.wait=v': no network has a parameter 'fc.wait'"});
  EXPECT_EQ(errors({"fc.weight=enc.weight", "fc.weight=v"}), lines{"tie 'fc.weight=v': 'fc.weight' is tied already"});
  const graph_builder vector = network({{"a", {1, {2}}}});
  EXPECT_EQ(load(vector, {.files = {f.path()}, .ties = {"a=v^T"}}).errors,
            lines{"tie 'a=v^T': expected a matrix, the parameter is f32[2]"});
}

TEST(LoadWeights, ComputesWeightNorm) {
  // |(3, 4, 0)| = 5 and |(0, 0, -2)| = 2.
  const std::vector<float> v = {3, 4, 0, 0, 0, -2}, w = {6, 8, 0, 0, 0, 1};
  for (const auto& [length, direction] :
       {std::pair("fc.weight_g", "fc.weight_v"),
        std::pair("fc.parametrizations.weight.original0", "fc.parametrizations.weight.original1")}) {
    const file f({floats("fc.bias", {2}, kTwo), floats(length, {2, 1}, {10, -1}), floats(direction, {2, 3}, v)});
    const weights_load loaded = load(one_layer(), {.files = {f.path()}, .strict = true});
    EXPECT_EQ(loaded.errors, lines{});
    EXPECT_EQ(values_of(loaded, "fc.weight"), w);
    EXPECT_EQ(loaded.notes,
              lines{f.label() + "'fc.weight' is computed from '" + length + "' and '" + direction + "' (weight_norm)"});
  }
  // dim=None has one length for all elements, dim=1 one for each column.
  const file one({floats("fc.bias", {2}, kTwo), floats("fc.weight_g", {}, {10}),
                  floats("fc.weight_v", {2, 3}, {1, 1, 1, 1, 4, 4})});
  EXPECT_EQ(values_of(load(one_layer(), {.files = {one.path()}}), "fc.weight"),
            (std::vector<float>{10 / 6.0f, 10 / 6.0f, 10 / 6.0f, 10 / 6.0f, 40 / 6.0f, 40 / 6.0f}));
  const file columns({floats("fc.bias", {2}, kTwo), floats("fc.weight_g", {1, 3}, {5, 10, 1}),
                      floats("fc.weight_v", {2, 3}, {3, 0, 5, 4, 2, 12})});
  EXPECT_EQ(values_of(load(one_layer(), {.files = {columns.path()}}), "fc.weight"),
            (std::vector<float>{3, 0, 5 / 13.0f, 4, 10, 12 / 13.0f}));
}

TEST(LoadWeights, RoundsWeightNormOnce) {
  const graph_builder b = network({{"w", {2, {1, 400}}}});
  std::vector<float> v(400);
  long double sum = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    v[i] = std::sin(static_cast<float>(i + 1)) * (i % 3 == 0 ? 1e-30f : 1e-27f);  // squares underflow in f32
    sum += static_cast<long double>(v[i]) * v[i];
  }
  const file f({floats("w_g", {1, 1}, {0.7f}), floats("w_v", {1, 400}, v)});
  const std::vector<float> w = values_of(load(b, {.files = {f.path()}}), "w");
  ASSERT_EQ(w.size(), v.size());
  for (std::size_t i = 0; i < v.size(); ++i)
    EXPECT_EQ(w[i], static_cast<float>(static_cast<long double>(0.7f) * v[i] / std::sqrt(sum))) << i;
}

TEST(LoadWeights, RefusesWeightNormThatDoesNotFitAndNotesZeroDirections) {
  const file f({floats("fc.bias", {2}, kTwo), floats("fc.weight_g", {2}, {1, 2}), floats("fc.weight_v", {2, 3}, kSix)});
  EXPECT_EQ(load(one_layer(), {.files = {f.path()}}).errors,
            lines{"parameter 'fc.weight': the lengths 'fc.weight_g' f32[2] do not fit the directions 'fc.weight_v' "
                  "f32[2,3]; expected f32[2,1]"});
  const file g(
      {floats("fc.bias", {2}, kTwo), floats("fc.weight_g", {2, 1}, {1, 2}), floats("fc.weight_v", {3, 2}, kSix)});
  EXPECT_EQ(load(one_layer(), {.files = {g.path()}}).errors.size(), 1u);
  const file zero({floats("fc.bias", {2}, kTwo), floats("fc.weight_g", {2, 1}, {1, 2}),
                   floats("fc.weight_v", {2, 3}, {0, 0, 0, 1, 0, 0})});
  const weights_load loaded = load(one_layer(), {.files = {zero.path()}});
  EXPECT_EQ(loaded.notes.back(), zero.label() + "tensor 'fc.weight' of 6 values: 3 NaN");
  // Only one of the two tensors.
  const file half({floats("fc.bias", {2}, kTwo), floats("fc.weight_v", {2, 3}, kSix)});
  EXPECT_EQ(load(one_layer(), {.files = {half.path()}}).errors,
            lines{"missing parameter 'fc.weight': expected f32[2,3]; nearest is 'fc.weight_v' f32[2,3]"});
}

TEST(LoadWeights, NotesAboutValuesAreAboutWhatIsRead) {
  const float nan = std::nanf("");
  const file f({tensor<double>("fc.bias", "F64", {2}, {0.1, 0.5}), floats("fc.weight", {2, 3}, {1, nan, 3, 4, nan, 6}),
                floats("other", {1}, {nan})});
  EXPECT_EQ(load(one_layer(), {.files = {f.path()}}).notes,
            (lines{f.label() + "tensor 'fc.weight' of 6 values: 2 NaN",
                   f.label() + "1 tensor is F64 and rounded to f32, which changed 1 of 2 values",
                   f.label() + "no network reads 'other'"}));
}

/// A file with `bytes` bytes, nearly all of them in a hole.
class sparse_file : public file {
 public:
  sparse_file(const std::string& header, std::uint64_t bytes) {
    write(header, "");
    EXPECT_EQ(truncate(path().c_str(), static_cast<off_t>(bytes)), 0);
  }
};

TEST(LoadWeights, ReadsNoMoreThanItNeeds) {
  // A tensor of 1 TiB beside one that is read, and another in place of a small one.
  const std::uint64_t elements = std::uint64_t{1} << 38;
  const auto entry = [](const std::string& name, std::uint64_t count, std::uint64_t begin) {
    return "\"" + name + R"(":{"dtype":"F32","shape":[)" + std::to_string(count) + R"(],"data_offsets":[)" +
           std::to_string(begin) + "," + std::to_string(begin + 4 * count) + "]}";
  };
  const std::string header = "{" + entry("a", 2, 0) + "," + entry("big", elements, 8) + "}";
  const sparse_file f(header, 8 + header.size() + 8 + 4 * elements);
  const weights_load loaded = load(network({{"a", {1, {2}}}}), {.files = {f.path()}});
  EXPECT_EQ(loaded.errors, lines{});
  EXPECT_EQ(values_of(loaded, "a"), (std::vector<float>{0, 0}));
  EXPECT_EQ(load(network({{"big", {1, {2}}}}), {.files = {f.path()}}).errors,
            lines{"misshaped parameter 'big': expected f32[2], found f32[274877906944]"});
  // A file with only zeros.
  const sparse_file zeros("", 4 * elements);
  EXPECT_EQ(load(network({}), {.files = {zeros.path()}}).errors,
            lines{"'" + zeros.path() + "': safetensors: the header is not valid JSON"});
}

TEST(LoadWeights, ManyTensorsTakeLittleTime) {
  // 100,000 tensors with one element, of which all but one are read. A quadratic reader would take minutes.
  constexpr std::size_t count = 100'000;
  std::vector<stored> tensors;
  std::vector<std::pair<std::string, shape>> parameters;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "module.layer" + std::to_string(i) + ".weight";
    tensors.push_back(floats(name, {1}, {static_cast<float>(i)}));
    if (i != 0) parameters.emplace_back(name.substr(7), shape{1, {1}});
  }
  const file f(tensors);
  const graph_builder b = network(parameters);
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const weights_load loaded = load(b, {.files = {f.path()}});
  getrusage(RUSAGE_SELF, &after);
  EXPECT_EQ(loaded.errors, lines{});
  ASSERT_EQ(loaded.value.tensors.size(), count - 1);
  EXPECT_EQ(values_of(loaded, "layer99999.weight"), std::vector<float>{99999});
  const auto seconds = [](const rusage& r) { return r.ru_utime.tv_sec + r.ru_stime.tv_sec; };
  EXPECT_LT(seconds(after) - seconds(before), 20) << "processor time; about a second on one core";
}

}  // namespace
}  // namespace inlay
