// SPDX-License-Identifier: Apache-2.0
// Tests what INLAY_NETWORK leaves in object files but not in programs. This program is linked from the same models,
// compiled at every optimisation level, and reads the section in each of its object files.
#include <elf.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "inlay/graph_reader.hpp"
#include "sample_networks.hpp"

namespace {

/// This file's object, and one of embedded_networks.cpp for each level.
constexpr std::size_t objects = 1 + OPTIMISATION_LEVELS;

/// Appends the content of a file's section `name`, aligned to 8 bytes. Returns the section's flags.
std::uint64_t read_section_of(const std::string& path, std::string_view name, std::vector<std::uint64_t>& content) {
  std::ifstream file(path, std::ios::binary);
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
      const std::size_t start = content.size();
      content.resize(start + (section.sh_size + 7) / 8);
      read(section.sh_offset, content.data() + start, section.sh_size);
      return section.sh_flags;
    }
  return 0;
}

/// The section's content in all object files that this program is linked from.
std::vector<std::uint64_t> sections_of_objects() {
  std::ifstream list(OBJECT_LIST);
  std::vector<std::uint64_t> content;
  std::size_t files = 0;
  for (std::string path; std::getline(list, path); ++files) {
    // Linkers leave the section out, and no loader loads it.
    const std::uint64_t flags = read_section_of(path, inlay::graph_section, content);
    EXPECT_TRUE(flags & SHF_EXCLUDE) << path;
    EXPECT_FALSE(flags & SHF_ALLOC) << path;
  }
  EXPECT_EQ(files, objects);
  return content;
}

TEST(EmbeddedSection, IsNotInTheProgram) {
  std::vector<std::uint64_t> content;
  read_section_of("/proc/self/exe", inlay::graph_section, content);
  EXPECT_TRUE(content.empty());
}

TEST(EmbeddedSection, HoldsEveryNetworkOfEveryObjectFile) {
  const auto content = sections_of_objects();
  ASSERT_FALSE(content.empty());
  const auto graphs = inlay::read_section(std::as_bytes(std::span(content)));

  const std::map<std::string_view, std::uint64_t> hashes{{"every_kind", inlay::graph_of<samples::every_kind>.hash},
                                                         {"smallest", inlay::graph_of<samples::smallest>.hash}};
  std::map<std::string_view, std::size_t> found;
  for (const auto& graph : graphs) {
    ASSERT_EQ(graph.error, "");
    ASSERT_TRUE(hashes.contains(graph.graph.name)) << graph.graph.name;
    EXPECT_EQ(graph.graph.hash, hashes.at(graph.graph.name)) << graph.graph.name;
    EXPECT_TRUE(graph.graph.source_file.ends_with("sample_networks.hpp")) << graph.graph.source_file;
    ++found[graph.graph.name];
  }
  EXPECT_EQ(found, (std::map<std::string_view, std::size_t>{{"every_kind", objects}, {"smallest", objects}}));
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
  const auto content = sections_of_objects();
  const std::string_view section(reinterpret_cast<const char*>(content.data()), content.size() * 8);
  EXPECT_EQ(copies_in<samples::every_kind>(section), objects);
  EXPECT_EQ(copies_in<samples::smallest>(section), objects);
}

}  // namespace
