// SPDX-License-Identifier: Apache-2.0
// Reading of safetensors: what it accepts, and what it says about everything else.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "inlay/weights.hpp"

namespace inlay {
namespace {

std::vector<std::byte> file_of(const std::string& header, std::size_t data_bytes, std::int64_t claimed = -1) {
  const std::uint64_t length = claimed < 0 ? header.size() : static_cast<std::uint64_t>(claimed);
  std::vector<std::byte> file(sizeof length + header.size() + data_bytes);
  std::memcpy(file.data(), &length, sizeof length);
  std::memcpy(file.data() + sizeof length, header.data(), header.size());
  return file;
}

std::string error_of(const std::string& header, std::size_t data_bytes) {
  return read_safetensors(file_of(header, data_bytes)).error;
}

weights sample() {
  return {{{"a", {2, 3}, "F32", {1, 2, 3, 4, 5, 6}}, {"b.bias", {2}, "F32", {-1, 0.5f}}, {"empty", {0}, "F32", {}}}};
}

TEST(Safetensors, RoundTrip) {
  const weights_result result = read_safetensors(write_safetensors(sample()));
  ASSERT_TRUE(result) << result.error;
  ASSERT_EQ(result.value.tensors.size(), 3u);
  EXPECT_EQ(result.value.find("a")->values, sample().tensors[0].values);
  EXPECT_EQ(result.value.find("a")->shape, (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(result.value.find("b.bias")->values, sample().tensors[1].values);
  EXPECT_EQ(result.value.find("c"), nullptr);
}

TEST(Safetensors, HalfAndBfloat16AreExact) {
  EXPECT_EQ(float_from_half(0x3c00), 1.0f);
  EXPECT_EQ(float_from_half(0xc000), -2.0f);
  EXPECT_EQ(float_from_half(0x7bff), 65504.0f);
  EXPECT_EQ(float_from_half(0x0001), 0x1p-24f);
  EXPECT_EQ(float_from_half(0x83ff), -0x1.ff8p-15f);
  EXPECT_EQ(float_from_half(0x7c00), std::numeric_limits<float>::infinity());
  EXPECT_EQ(float_from_half(0xfc00), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(float_from_half(0x7e00)));
  EXPECT_TRUE(std::signbit(float_from_half(0x8000)));
  EXPECT_EQ(float_from_bfloat16(0x3f80), 1.0f);
  EXPECT_EQ(float_from_bfloat16(0x0001), 0x1p-133f);
  EXPECT_EQ(float_from_bfloat16(0xff80), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(float_from_bfloat16(0x7fc0)));
}

TEST(Safetensors, ReadsEveryStoredType) {
  auto file = file_of(R"({"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},)"
                      R"("b":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]},"__metadata__":{"format":"pt"}})",
                      6);
  const std::uint16_t bits[] = {0x3c00, 0xc000, 0x4040};
  std::memcpy(file.data() + file.size() - 6, bits, 6);
  const weights_result result = read_safetensors(file);
  ASSERT_TRUE(result) << result.error;
  EXPECT_EQ(result.value.find("h")->values, (std::vector<float>{1, -2}));
  EXPECT_EQ(result.value.find("b")->values, (std::vector<float>{3}));
}

struct bad_header {
  const char* header;
  std::size_t data_bytes;
  const char* message;
};

TEST(Safetensors, RefusesLyingHeaders) {
  const bad_header cases[] = {
      {"{]", 0, "not valid JSON"},
      {"[1]", 0, "not a JSON object"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
       8, "tensor 'a' appears twice"},
      {R"({"a":3})", 0, "tensor 'a': expected an object"},
      {R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4, "tensor 'a': expected a dtype"},
      {R"({"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})", 8, "tensor 'a': dtype I64 is not supported"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "tensor 'a': expected a shape"},
      {R"({"a":{"dtype":"F32","shape":"1","data_offsets":[0,4]}})", 4, "tensor 'a': expected a shape"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", 4, "tensor 'a': expected data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0.5,4]}})", 4, "tensor 'a': expected data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "are not inside of the 4 bytes"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4, "are not inside of the 4 bytes"},
      {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8, "its shape needs 12 bytes, data_offsets give 8"},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0, "more elements than a file"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
       6, "tensors 'a' and 'b' overlap"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
       12, "4 bytes before it belong to no tensor"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 9, "5 bytes after the last tensor"},
      {R"({"__metadata__":{"a":1}})", 0, "__metadata__ must map strings to strings"},
  };
  for (const bad_header& c : cases)
    EXPECT_NE(error_of(c.header, c.data_bytes).find(c.message), std::string::npos) << c.header << "\n"
                                                                                   << error_of(c.header, c.data_bytes);
}

TEST(Safetensors, RefusesLyingLengths) {
  const std::string header = "{}";
  EXPECT_NE(read_safetensors(file_of(header, 0, 1'000'000'000)).error.find("the format allows 100000000"),
            std::string::npos);
  EXPECT_NE(read_safetensors(file_of(header, 0, 3)).error.find("the header claims 3 bytes, 2 are left"),
            std::string::npos);
  EXPECT_NE(read_safetensors({}).error.find("truncated: 0 bytes"), std::string::npos);
  EXPECT_NE(load_safetensors("/no/such/file").error.find("'/no/such/file'"), std::string::npos);
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const std::vector<std::byte> file = write_safetensors(sample());
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_FALSE(read_safetensors(std::span(file).first(size))) << size;
}

TEST(Safetensors, NoByteFlipCrashes) {
  const std::vector<std::byte> file = write_safetensors(sample());
  for (std::size_t at = 0; at < file.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<std::byte> flipped(file);
      flipped[at] ^= static_cast<std::byte>(1 << bit);
      const weights_result result = read_safetensors(flipped);
      for (const weight_tensor& tensor : result.value.tensors) {
        std::uint64_t elements = 1;
        for (std::uint64_t s : tensor.shape) elements *= s;
        EXPECT_EQ(elements, tensor.values.size());
      }
    }
}

TEST(Safetensors, DeepNestingIsRefusedWithoutRecursion) {
  EXPECT_FALSE(read_safetensors(file_of(std::string(100'000, '['), 0)));
  EXPECT_FALSE(read_safetensors(file_of("{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}", 0)));
}

}  // namespace
}  // namespace inlay
