// SPDX-License-Identifier: Apache-2.0
// What INLAY_NETWORK leaves in object files: this program is linked from the same models, compiled at every level of
// optimisation, and reads its own section.
#include <elf.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "inlay/graph_reader.hpp"
#include "sample_networks.hpp"

namespace {

/// This file, and embedded_networks.cpp at each level.
constexpr std::size_t objects = 1 + OPTIMISATION_LEVELS;

/// The content of this program's section of that name, aligned to 8 bytes; `bytes` is its size.
std::vector<std::uint64_t> own_section(std::string_view name, std::size_t& bytes) {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const auto read = [&file](std::uint64_t offset, void* to, std::size_t size) {
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(static_cast<char*>(to), static_cast<std::streamsize>(size));
  };
  Elf64_Ehdr header{};
  read(0, &header, sizeof header);
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  read(header.e_shoff, sections.data(), sections.size() * sizeof(Elf64_Shdr));
  std::string names(sections[header.e_shstrndx].sh_size, '\0');
  read(sections[header.e_shstrndx].sh_offset, names.data(), names.size());
  for (const Elf64_Shdr& section : sections)
    if (names.c_str() + section.sh_name == name) {
      bytes = section.sh_size;
      std::vector<std::uint64_t> content((bytes + 7) / 8);
      read(section.sh_offset, content.data(), bytes);
      return content;
    }
  return {};
}

TEST(EmbeddedSection, HoldsEveryNetworkOfEveryObjectFile) {
  std::size_t bytes = 0;
  const auto content = own_section(inlay::graph_section, bytes);
  ASSERT_GT(bytes, 0u);
  const auto graphs = inlay::read_section(std::as_bytes(std::span(content)).first(bytes));

  const std::map<std::string_view, std::uint64_t> hashes{{"sample_net", inlay::graph_of<samples::every_kind>.hash},
                                                         {"smallest", inlay::graph_of<samples::smallest>.hash}};
  std::map<std::string_view, std::size_t> found;
  for (const auto& graph : graphs) {
    ASSERT_EQ(graph.error, "");
    ASSERT_TRUE(hashes.contains(graph.graph.name)) << graph.graph.name;
    EXPECT_EQ(graph.graph.hash, hashes.at(graph.graph.name)) << graph.graph.name;
    EXPECT_TRUE(graph.graph.source_file.ends_with("sample_networks.hpp")) << graph.graph.source_file;
    ++found[graph.graph.name];
  }
  EXPECT_EQ(found, (std::map<std::string_view, std::size_t>{{"sample_net", objects}, {"smallest", objects}}));
}

template <const auto& Net>
std::size_t copies_in(std::string_view section) {
  const auto bytes = samples::image_bytes<Net>();
  const std::string_view image(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::size_t copies = 0;
  for (std::size_t at = section.find(image); at != section.npos; at = section.find(image, at + 1)) ++copies;
  return copies;
}

TEST(EmbeddedSection, HoldsTheSameImageAtEveryLevelOfOptimisation) {
  std::size_t bytes = 0;
  const auto content = own_section(inlay::graph_section, bytes);
  const std::string_view section(reinterpret_cast<const char*>(content.data()), bytes);
  EXPECT_EQ(copies_in<samples::every_kind>(section), objects);
  EXPECT_EQ(copies_in<samples::smallest>(section), objects);
}

}  // namespace
