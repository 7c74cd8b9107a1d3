// SPDX-License-Identifier: Apache-2.0
// Tests the safetensors reader's message for each defect of a file, and that no damage makes it crash.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "inlay/weights.hpp"

namespace inlay {
namespace {

std::vector<std::byte> file_of(std::string_view header, std::size_t data_bytes, std::uint64_t claimed) {
  std::vector<std::byte> file(sizeof claimed + header.size() + data_bytes);
  std::memcpy(file.data(), &claimed, sizeof claimed);
  if (!header.empty()) std::memcpy(file.data() + sizeof claimed, header.data(), header.size());
  return file;
}

std::string error_of(std::string_view header, std::size_t data_bytes) {
  const weights_result result = read_safetensors(file_of(header, data_bytes, header.size()));
  EXPECT_TRUE(result.value.tensors.empty());
  return result.error;
}

/// A tensor "t" of dtype F32 with this shape and these offsets.
std::string tensor(const std::string& dims, const std::string& offsets) {
  return R"({"t":{"dtype":"F32","shape":)" + dims + R"(,"data_offsets":)" + offsets + "}}";
}

TEST(SafetensorsDefects, HeaderThatIsNoJsonObject) {
  for (std::string_view header : {"", "{", "}", "{]", "{\"t\"}", "{} {}", "{}x", "\xff", "{\"\xff\":1}", "nul"})
    EXPECT_EQ(error_of(header, 0), "safetensors: the header is not valid JSON") << header;
  for (std::string_view header : {"[]", "null", "3", "\"t\"", "true"})
    EXPECT_EQ(error_of(header, 0), "safetensors: the header is not a JSON object") << header;
}

TEST(SafetensorsDefects, TensorThatIsNoObject) {
  for (std::string value : {"3", "null", "[]", "\"F32\""})
    EXPECT_EQ(error_of("{\"t\":" + value + "}", 0),
              "safetensors: tensor 't': expected an object with dtype, shape and data_offsets");
}

TEST(SafetensorsDefects, Dtype) {
  for (std::string dtype : {"", "\"dtype\":null,", "\"dtype\":32,", "\"dtype\":[\"F32\"],"})
    EXPECT_EQ(error_of("{\"t\":{" + dtype + R"("shape":[1],"data_offsets":[0,4]}})", 4),
              "safetensors: tensor 't': expected a dtype string")
        << dtype;
}

TEST(SafetensorsDefects, EveryTypeNeedsItsBytes) {
  // Names and bits of the format's types, from its enum Dtype.
  const std::pair<const char*, std::uint64_t> types[] = {
      {"BOOL", 8}, {"U8", 8},   {"I8", 8},    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},
      {"U16", 16}, {"F16", 16}, {"BF16", 16}, {"I32", 32},    {"U32", 32},    {"F32", 32},    {"I64", 64},
      {"U64", 64}, {"F64", 64}, {"C64", 64},  {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}};
  for (const auto& [type, bits] : types) {
    const auto entry = [&](std::uint64_t bytes) {
      return R"({"t":{"dtype":")" + std::string(type) + R"(","shape":[2,4],"data_offsets":[0,)" +
             std::to_string(bytes) + "]}}";
    };
    EXPECT_EQ(read_safetensors(file_of(entry(bits), bits, entry(bits).size())).error, "") << type;
    EXPECT_EQ(error_of(entry(bits - 1), bits - 1), "safetensors: tensor 't': its shape needs " + std::to_string(bits) +
                                                       " bytes, data_offsets give " + std::to_string(bits - 1))
        << type;
  }
}

TEST(SafetensorsDefects, AByteOrderMark) {
  for (std::string rest : {"{}", "", "{"})
    EXPECT_EQ(error_of("\xef\xbb\xbf" + rest, 0),
              "safetensors: the header begins with a byte-order mark; JSON in UTF-8 without one is expected");
}

TEST(SafetensorsDefects, NulBytesInTheHeader) {
  using namespace std::string_literals;
  const auto message = [](std::size_t at, std::size_t size) {
    return "safetensors: the header has a NUL byte at " + std::to_string(at) + " of its " + std::to_string(size) +
           " bytes; expected JSON, padded with spaces";
  };
  EXPECT_EQ(error_of("{}\0"s, 0), message(2, 3));
  EXPECT_EQ(error_of("{}\0\0\0\0\0\0"s, 0), message(2, 8));
  EXPECT_EQ(error_of("\0{}"s, 0), message(0, 3));
  EXPECT_EQ(error_of("{}\0{\"t\":3}"s, 0), message(2, 10));
  EXPECT_EQ(error_of("{\"a\0b\":3}"s, 0), message(3, 9));
}

TEST(SafetensorsDefects, AKeyOfAnEntryThatAppearsTwice) {
  const std::pair<std::string, std::string> fields[] = {
      {"dtype", "\"F32\""}, {"shape", "[1]"}, {"data_offsets", "[0,4]"}, {"other", "1"}, {"", "[{}]"}};
  std::string entry;
  for (const auto& [key, value] : fields) entry += ",\"" + key + "\":" + value;
  entry.erase(0, 1);
  EXPECT_EQ(read_safetensors(file_of("{\"t\":{" + entry + "}}", 4, entry.size() + 8)).error, "")
      << "other keys are left to later versions of the format";
  for (const auto& [key, value] : fields)
    EXPECT_EQ(error_of("{\"t\":{" + entry + ",\"" + key + "\":" + value + "}}", 4),
              "safetensors: tensor 't': its entry has the key '" + key + "' twice");
  EXPECT_EQ(error_of(R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"\u0064type":"F16"}})", 4),
            "safetensors: tensor 't': its entry has the key 'dtype' twice");
  EXPECT_EQ(error_of(R"({"__metadata__":{"a":"x","b":"","a":"y"}})", 0),
            "safetensors: __metadata__ has the key 'a' twice");
  EXPECT_EQ(error_of(R"({"__metadata__":{},"__metadata__":{}})", 0), "safetensors: __metadata__ appears twice");
}

TEST(SafetensorsDefects, ShapeOfOtherTypes) {
  for (std::string dims : {"null", "1", "\"1\"", "{}", "[-1]", "[1.0]", "[1e0]", "[\"1\"]", "[true]", "[null]", "[[1]]",
                           "[18446744073709551616]", "[-9223372036854775808]"})
    EXPECT_EQ(error_of(tensor(dims, "[0,4]"), 4), "safetensors: tensor 't': expected a shape of non-negative integers")
        << dims;
  EXPECT_EQ(error_of(R"({"t":{"dtype":"F32","data_offsets":[0,4]}})", 4),
            "safetensors: tensor 't': expected a shape of non-negative integers");
}

TEST(SafetensorsDefects, OffsetsOfOtherTypes) {
  for (std::string offsets : {"null", "4", "\"0,4\"", "{}", "[]", "[0]", "[0,4,4]", "[-1,3]", "[0,-4]", "[0,4.0]",
                              "[\"0\",\"4\"]", "[false,4]", "[0,18446744073709551616]"})
    EXPECT_EQ(error_of(tensor("[1]", offsets), 4), "safetensors: tensor 't': expected data_offsets [begin, end]")
        << offsets;
  EXPECT_EQ(error_of(R"({"t":{"dtype":"F32","shape":[1]}})", 4),
            "safetensors: tensor 't': expected data_offsets [begin, end]");
}

TEST(SafetensorsDefects, OffsetsOutsideOfTheData) {
  const auto message = [](const std::string& offsets) {
    return "safetensors: tensor 't': data_offsets " + offsets +
           " are not inside of the 8 bytes of data: is the file truncated?";
  };
  for (std::string offsets : {"[4, 0]", "[8, 4]", "[0, 9]", "[8, 12]", "[0, 18446744073709551615]",
                              "[18446744073709551612, 18446744073709551615]", "[18446744073709551615, 3]"})
    EXPECT_EQ(error_of(tensor("[1]", offsets), 8), message(offsets));
}

TEST(SafetensorsDefects, ShapeAgainstItsBytes) {
  EXPECT_EQ(error_of(tensor("[3]", "[0,8]"), 8),
            "safetensors: tensor 't': its shape needs 12 bytes, data_offsets give 8");
  EXPECT_EQ(error_of(tensor("[0]", "[0,8]"), 8),
            "safetensors: tensor 't': its shape needs 0 bytes, data_offsets give 8");
  EXPECT_EQ(error_of(tensor("[]", "[0,8]"), 8),
            "safetensors: tensor 't': its shape needs 4 bytes, data_offsets give 8");
  EXPECT_EQ(error_of(R"({"t":{"dtype":"BF16","shape":[3],"data_offsets":[0,8]}})", 8),
            "safetensors: tensor 't': its shape needs 6 bytes, data_offsets give 8");
  // Products that wrap around to 8 or 0.
  for (std::string dims : {"[4611686018427387906]", "[4294967296,4294967296]", "[4611686018427387904]",
                           "[9223372036854775809,2]", "[18446744073709551615,18446744073709551615]"})
    for (std::string offsets : {"[0,8]", "[0,0]"})
      EXPECT_EQ(error_of(tensor(dims, offsets), 8),
                "safetensors: tensor 't': its shape has more elements than a file can hold")
          << dims;
}

TEST(SafetensorsDefects, DataThatIsNotCoveredOnce) {
  const auto two = [](const std::string& a, const std::string& b) {
    return R"({"a":{"dtype":"F32","shape":[1],"data_offsets":)" + a +
           R"(},"b":{"dtype":"F32","shape":[1],"data_offsets":)" + b + "}}";
  };
  EXPECT_EQ(error_of(two("[0,4]", "[3,7]"), 7), "safetensors: tensors 'a' and 'b' overlap");
  EXPECT_EQ(error_of(two("[3,7]", "[0,4]"), 7), "safetensors: tensors 'b' and 'a' overlap");
  EXPECT_EQ(error_of(two("[0,4]", "[0,4]"), 4), "safetensors: tensors 'a' and 'b' overlap");
  EXPECT_EQ(error_of(two("[0,4]", "[5,9]"), 9), "safetensors: tensor 'b': 1 bytes before it belong to no tensor");
  EXPECT_EQ(error_of(two("[6,10]", "[2,6]"), 10), "safetensors: tensor 'b': 2 bytes before it belong to no tensor");
  EXPECT_EQ(error_of(two("[0,4]", "[4,8]"), 11), "safetensors: 3 bytes after the last tensor belong to no tensor");
  EXPECT_EQ(error_of("{}", 1), "safetensors: 1 bytes after the last tensor belong to no tensor");
  // An empty tensor inside of another overlaps it, too.
  EXPECT_EQ(error_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                     R"("b":{"dtype":"F32","shape":[0],"data_offsets":[2,2]}})",
                     4),
            "safetensors: tensors 'a' and 'b' overlap");
}

TEST(SafetensorsDefects, NameThatAppearsTwice) {
  const std::string value = R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_EQ(error_of("{\"t\":" + value + ",\"t\":" + value + "}", 4), "safetensors: tensor 't' appears twice");
  EXPECT_EQ(error_of("{\"t\":" + value + ",\"u\":3,\"\\u0074\":" + value + "}", 4),
            "safetensors: tensor 't' appears twice")
      << "an escaped spelling is the same name";
}

TEST(SafetensorsDefects, Metadata) {
  for (std::string value : {"3", "null", "[]", "\"pt\"", R"({"a":1})", R"({"a":"x","b":null})", R"({"a":{}})"})
    EXPECT_EQ(error_of("{\"__metadata__\":" + value + "}", 0), "safetensors: __metadata__ must map strings to strings")
        << value;
  EXPECT_EQ(error_of(R"({"__metadata__":{}})", 0), "");
  EXPECT_EQ(error_of(R"({"__metadata__":{"a":"x","b":""}})", 0), "");
}

TEST(SafetensorsDefects, HeaderLength) {
  const auto claim = [](std::uint64_t claimed) { return read_safetensors(file_of("{}", 0, claimed)).error; };
  EXPECT_EQ(claim(2), "");
  EXPECT_EQ(claim(0), "safetensors: the header is not valid JSON");
  EXPECT_EQ(claim(1), "safetensors: the header is not valid JSON");
  EXPECT_EQ(claim(3), "safetensors: truncated: the header claims 3 bytes, 2 are left in the file");
  EXPECT_EQ(claim(100'000'000), "safetensors: truncated: the header claims 100000000 bytes, 2 are left in the file");
  for (std::uint64_t claimed :
       {std::uint64_t{100'000'001}, std::uint64_t{1} << 63, ~std::uint64_t{0}, ~std::uint64_t{7}})
    EXPECT_EQ(claim(claimed), "safetensors: the header claims " + std::to_string(claimed) +
                                  " bytes, the format allows 100000000: is this a safetensors file?");
}

TEST(SafetensorsDefects, DeepNestingDoesNotRecurse) {
  const std::string open(100'000, '['), close(100'000, ']');
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(error_of(open, 0), "safetensors: the header is not valid JSON");
  EXPECT_EQ(error_of(objects, 0), "safetensors: the header is not valid JSON");
  EXPECT_EQ(error_of(open + close, 0), "safetensors: the header is not a JSON object");
  EXPECT_EQ(error_of("{\"t\":" + open + close + "}", 0),
            "safetensors: tensor 't': expected an object with dtype, shape and data_offsets");
  EXPECT_EQ(error_of(objects + "1" + std::string(100'000, '}'), 0), "safetensors: tensor 'a': expected a dtype string");
  EXPECT_EQ(error_of(tensor(open + close, "[0,4]"), 4),
            "safetensors: tensor 't': expected a shape of non-negative integers");
  EXPECT_EQ(error_of("{\"__metadata__\":{\"a\":" + open + close + "}}", 0),
            "safetensors: __metadata__ must map strings to strings");
}

weights small_sample() {
  return {{{"a", {2, 2}, "F32", {1, 2, 3, 4}}, {"b.bias", {1}, "F32", {0.5f}}, {"empty", {0, 3}, "F32", {}}}};
}

TEST(SafetensorsDefects, EveryTruncationSaysSo) {
  const std::vector<std::byte> file = write_safetensors(small_sample());
  const std::size_t data = file.size() - 5 * sizeof(float);
  for (std::size_t size = 0; size < file.size(); ++size) {
    // A copy with exactly this size, so that a sanitizer sees reads beyond its end.
    const std::vector<std::byte> cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    const std::string error = read_safetensors(cut).error;
    if (size < 8)
      EXPECT_EQ(error, "safetensors: truncated: " + std::to_string(size) + " bytes, the header's length alone takes 8");
    else if (size < data)
      EXPECT_EQ(error, "safetensors: truncated: the header claims " + std::to_string(data - 8) + " bytes, " +
                           std::to_string(size - 8) + " are left in the file");
    else
      EXPECT_NE(
          error.find("are not inside of the " + std::to_string(size - data) + " bytes of data: is the file truncated?"),
          std::string::npos)
          << error;
  }
}

TEST(SafetensorsDefects, NoDamagedByteCrashes) {
  const std::vector<std::byte> file = write_safetensors(small_sample());
  std::size_t refused = 0;
  for (std::size_t at = 0; at < file.size(); ++at)
    for (unsigned change = 1; change < 256; ++change) {
      std::vector<std::byte> damaged(file);
      damaged[at] ^= static_cast<std::byte>(change);
      const weights_result result = read_safetensors(damaged);
      if (!result) {
        ++refused;
        ASSERT_TRUE(result.value.tensors.empty()) << "byte " << at << " ^ " << change;
      }
      for (const weight_tensor& each : result.value.tensors) {
        std::uint64_t elements = 1;
        for (std::uint64_t size : each.shape) elements *= size;
        ASSERT_EQ(elements, each.values.size()) << "byte " << at << " ^ " << change;
      }
    }
  EXPECT_GT(refused, file.size() * 255 / 2) << "most of the file is its header, whose damage must be noticed";
}

}  // namespace
}  // namespace inlay
