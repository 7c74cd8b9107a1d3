// SPDX-License-Identifier: Apache-2.0
// Tests what the safetensors reader accepts, and the exact values that it returns.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>

#include "inlay/weights.hpp"

namespace inlay {
namespace {

std::uint32_t bits_of(float f) { return std::bit_cast<std::uint32_t>(f); }

std::vector<std::byte> file_of(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::vector<std::byte> file(sizeof length + header.size() + data_bytes);
  std::memcpy(file.data(), &length, sizeof length);
  std::memcpy(file.data() + sizeof length, header.data(), header.size());
  return file;
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

TEST(Safetensors, LeavesOutWhatIsNoFloat) {
  const weights_result result =
      read_safetensors(file_of(R"({"bn.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                               R"("bn.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[4,12]},)"
                               R"("mask":{"dtype":"BOOL","shape":[3],"data_offsets":[12,15]},)"
                               R"("later":{"dtype":"F3_OF_2031","shape":[7,7],"data_offsets":[15,16]}})",
                               16));
  ASSERT_TRUE(result) << result.error;
  ASSERT_EQ(result.value.tensors.size(), 1u);
  EXPECT_EQ(result.value.tensors[0].name, "bn.weight");
  ASSERT_EQ(result.value.unread.size(), 3u);
  EXPECT_EQ(result.value.unread[1].name, "later");
  EXPECT_EQ(result.value.unread[1].stored_type, "F3_OF_2031");
  EXPECT_EQ(result.value.unread[2].shape, std::vector<std::uint64_t>{3});
  EXPECT_EQ(result.notes, std::vector<std::string>{"safetensors: left out, because they are not F32, F16, BF16 or F64: "
                                                   "'bn.num_batches_tracked', 'later', 'mask'"});
}

TEST(Safetensors, RoundsF64ToTheNearestAndSaysSo) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr float most = std::numeric_limits<float>::max();
  // Pairs of f64 and f32: exact; ties to even; below the least denormal; up to and beyond the largest number.
  const std::pair<double, float> cases[] = {{1, 1},
                                            {-0.0, -0.0f},
                                            {0.1, 0.1f},
                                            {0x1.000001p0, 1},
                                            {0x1.000003p0, 0x1.000004p0f},
                                            {0x1.0000010000001p0, 0x1.000002p0f},
                                            {0x1p-150, 0},
                                            {0x1.8p-149, 0x1p-148f},
                                            {0x1.fffffefp127, most},
                                            {0x1.ffffffp127, most},
                                            {-1e300, -most},
                                            {infinity, std::numeric_limits<float>::infinity()}};
  const std::string header = R"({"t":{"dtype":"F64","shape":[12],"data_offsets":[0,96]}})";
  auto file = file_of(header, 96);
  for (std::size_t i = 0; i < 12; ++i) std::memcpy(file.data() + file.size() - 96 + 8 * i, &cases[i].first, 8);
  const weights_result result = read_safetensors(file);
  ASSERT_TRUE(result) << result.error;
  const weight_tensor& tensor = result.value.tensors.at(0);
  EXPECT_EQ(tensor.stored_type, "F64");
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(bits_of(tensor.values.at(i)), bits_of(cases[i].second)) << i;
  EXPECT_EQ(result.notes,
            (std::vector<std::string>{
                "safetensors: tensor 't' of 12 values: 1 infinite, 2 beyond the range of f32, replaced by its largest "
                "number 3.4028235e38",
                "safetensors: 1 tensor is F64 and rounded to f32, which changed 7 of 12 values"}));
}

TEST(Safetensors, F64LongerThanOneBlock) {
  constexpr std::size_t count = 10'000;
  auto file = file_of(R"({"t":{"dtype":"F64","shape":[10000],"data_offsets":[0,80000]}})", count * 8);
  for (std::size_t i = 0; i < count; ++i) {
    const double value = static_cast<double>(i) * 0.5;
    std::memcpy(file.data() + file.size() - count * 8 + 8 * i, &value, 8);
  }
  const weights_result result = read_safetensors(file);
  ASSERT_TRUE(result) << result.error;
  for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(result.value.tensors[0].values[i], static_cast<float>(i) * 0.5f);
  EXPECT_EQ(result.notes, std::vector<std::string>{
                              "safetensors: 1 tensor is F64 and rounded to f32, which changed 0 of 10000 values"});
}

TEST(Safetensors, SaysWhichTensorsHaveNaNInfiniteOrNoPositiveVariances) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const weights w{{{"a", {4}, "F32", {nan, 1, -infinity, -nan}},
                   {"bn.running_mean", {2}, "F32", {0, -1}},
                   {"bn.running_var", {5}, "F32", {0, -0.0f, -1, 1e-40f, nan}},
                   {"running_var", {1}, "F32", {0}},
                   {"b", {2}, "F32", {0, std::numeric_limits<float>::max()}}}};
  EXPECT_EQ(read_safetensors(write_safetensors(w)).notes,
            (std::vector<std::string>{
                "safetensors: tensor 'a' of 4 values: 2 NaN, 1 infinite",
                "safetensors: tensor 'bn.running_var' of 5 values: 1 NaN, 2 zero, 1 negative; a variance should be "
                "positive",
                "safetensors: tensor 'running_var' of 1 values: 1 zero; a variance should be positive"}));
}

TEST(Safetensors, EveryHalfIsExact) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const std::uint32_t sign = bits >> 15 << 31, exponent = bits >> 10 & 31, fraction = bits & 1023;
    float magnitude = std::ldexp(static_cast<float>(1024 + fraction), static_cast<int>(exponent) - 25);
    if (exponent == 0) magnitude = std::ldexp(static_cast<float>(fraction), -24);
    if (exponent == 31) magnitude = std::bit_cast<float>(0x7f800000u | fraction << 13);  // NaN keeps its payload
    ASSERT_EQ(bits_of(float_from_half(static_cast<std::uint16_t>(bits))), bits_of(magnitude) | sign) << bits;
  }
}

TEST(Safetensors, EveryBfloat16IsExact) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const std::uint32_t sign = bits >> 15 << 31, exponent = bits >> 7 & 255, fraction = bits & 127;
    float magnitude = std::ldexp(static_cast<float>(128 + fraction), static_cast<int>(exponent) - 134);
    if (exponent == 0) magnitude = std::ldexp(static_cast<float>(fraction), -133);
    if (exponent == 255) magnitude = std::bit_cast<float>(0x7f800000u | fraction << 16);
    ASSERT_EQ(bits_of(float_from_bfloat16(static_cast<std::uint16_t>(bits))), bits_of(magnitude) | sign) << bits;
  }
}

TEST(Safetensors, RoundTripKeepsEveryBit) {
  const std::uint32_t bits[] = {0x00000000, 0x80000000, 0x00000001, 0x807fffff, 0x7f7fffff,
                                0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x7f812345};
  weight_tensor edges{"edges", {5, 1, 2}, "F32", {}};
  for (std::uint32_t each : bits) edges.values.push_back(std::bit_cast<float>(each));
  // Unsorted names, a name that JSON must escape, and a scalar.
  const weights w{{{"z", {}, "F32", {4}}, edges, {"a \"b\"\\\n\u00e9", {1}, "F32", {5}}}};
  const weights_result result = read_safetensors(write_safetensors(w));
  ASSERT_TRUE(result) << result.error;
  ASSERT_EQ(result.value.tensors.size(), 3u);
  for (std::size_t i : {0u, 1u, 2u}) {
    const weight_tensor& expected = w.tensors[2 - i];
    EXPECT_EQ(result.value.tensors[i].name, expected.name);
    EXPECT_EQ(result.value.tensors[i].shape, expected.shape);
    EXPECT_EQ(result.value.tensors[i].stored_type, "F32");
    ASSERT_EQ(result.value.tensors[i].values.size(), expected.values.size());
    for (std::size_t e = 0; e < expected.values.size(); ++e)
      EXPECT_EQ(bits_of(result.value.tensors[i].values[e]), bits_of(expected.values[e]));
  }
}

TEST(Safetensors, ReadsTheEdgesOfThe16BitTypes) {
  // The odd header leaves the data unaligned.
  const std::string header = R"({"h":{"dtype":"F16","shape":[6],"data_offsets":[0,12]},)"
                             R"("b":{"dtype":"BF16","shape":[2,3],"data_offsets":[12,24]}})";
  auto file = file_of(header + std::string(header.size() % 2 == 0 ? 1 : 2, ' '), 24);
  const std::uint16_t bits[] = {0x0001, 0x83ff, 0x7c00, 0xfc00, 0x7e00, 0x8000,   // F16
                                0x0001, 0x807f, 0x7f80, 0xff80, 0x7fc0, 0x8000};  // BF16
  std::memcpy(file.data() + file.size() - sizeof bits, bits, sizeof bits);
  const weights_result result = read_safetensors(file);
  ASSERT_TRUE(result) << result.error;
  const weight_tensor &half = *result.value.find("h"), &bfloat = *result.value.find("b");
  EXPECT_EQ(half.stored_type, "F16");
  EXPECT_EQ(bfloat.stored_type, "BF16");
  EXPECT_EQ(bfloat.shape, (std::vector<std::uint64_t>{2, 3}));
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const float denormals[2][2] = {{0x1p-24f, -0x1.ff8p-15f}, {0x1p-133f, -0x1.fcp-127f}};
  for (std::size_t i : {0u, 1u}) {
    const std::vector<float>& values = i == 0 ? half.values : bfloat.values;
    ASSERT_EQ(values.size(), 6u);
    EXPECT_EQ(values[0], denormals[i][0]);
    EXPECT_EQ(values[1], denormals[i][1]);
    EXPECT_EQ(values[2], infinity);
    EXPECT_EQ(values[3], -infinity);
    EXPECT_TRUE(std::isnan(values[4]));
    EXPECT_EQ(bits_of(values[5]), 0x80000000u);
  }
}

TEST(Safetensors, AFileWithoutTensors) {
  for (const char* header : {"{}", "{}      ", R"({"__metadata__":{"format":"pt"}})"}) {
    const weights_result result = read_safetensors(file_of(header, 0));
    EXPECT_TRUE(result) << result.error;
    EXPECT_TRUE(result.value.tensors.empty());
  }
  EXPECT_TRUE(read_safetensors(write_safetensors({})));
}

TEST(Safetensors, LoadsFromDisk) {
  weights w{{{"big", {100'000}, "F32", {}}}};  // more than one of the reader's blocks
  for (int i = 0; i < 100'000; ++i) w.tensors[0].values.push_back(static_cast<float>(i));
  const std::vector<std::byte> file = write_safetensors(w);
  const std::string path = ::testing::TempDir() + "inlay_loads_from_disk.safetensors";
  const auto store = [&](std::size_t bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(bytes));
  };
  store(file.size());
  const weights_result whole = load_safetensors(path);
  EXPECT_TRUE(whole) << whole.error;
  EXPECT_EQ(whole.value.tensors.size() == 1 ? whole.value.tensors[0].values : std::vector<float>{},
            w.tensors[0].values);
  store(file.size() - 1);
  EXPECT_EQ(load_safetensors(path).error,
            "'" + path +
                "': safetensors: tensor 'big': data_offsets [0, 400000] are not inside of the 399999 bytes of data: is "
                "the file truncated?");
  std::remove(path.c_str());
  EXPECT_EQ(load_safetensors(path).error, "'" + path + "': No such file or directory");
  EXPECT_EQ(load_safetensors("/").error, "'/': Is a directory");
  const std::string why = "not a regular file; weights are read by position, so copy them to a file first";
  EXPECT_EQ(load_safetensors("/dev/zero").error, "'/dev/zero': " + why);
  const std::string pipe = ::testing::TempDir() + "inlay_pipe.safetensors";
  std::remove(pipe.c_str());
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(load_safetensors(pipe).error, "'" + pipe + "': " + why) << "does not wait for a writer";
  std::remove(pipe.c_str());
}

}  // namespace
}  // namespace inlay
