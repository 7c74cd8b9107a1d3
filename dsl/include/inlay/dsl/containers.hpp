// SPDX-License-Identifier: Apache-2.0
// A vector, a hash index and a text that work in constant expressions and that every supported compiler evaluates fast.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace inlay::detail {

/// Growing array with just what a trace needs. std::vector would work, but compilers evaluate it several times slower.
template <class T>
class small_vector {
 public:
  constexpr small_vector() = default;
  constexpr small_vector(const small_vector& other) { append(other.view()); }
  constexpr small_vector(small_vector&& other) noexcept : data_(other.data_), size_(other.size_), room_(other.room_) {
    other.data_ = nullptr;
    other.size_ = other.room_ = 0;
  }
  constexpr small_vector& operator=(small_vector other) noexcept {
    swap(data_, other.data_), swap(size_, other.size_), swap(room_, other.room_);
    return *this;
  }
  constexpr ~small_vector() { delete[] data_; }

  constexpr void push_back(T value) {
    if (size_ == room_) grow(size_ + 1);
    data_[size_++] = static_cast<T&&>(value);
  }
  constexpr void append(std::span<const T> values) { append(values.data(), values.size()); }
  constexpr void append(const T* from, std::size_t count) {
    if (size_ + count > room_) grow(size_ + count);
    T* to = data_ + size_;
    for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
    size_ += count;
  }
  constexpr void assign(std::size_t count, const T& value) {
    size_ = 0;
    if (count > room_) grow(count);
    while (size_ < count) data_[size_++] = value;
  }
  constexpr void shrink(std::size_t size) { size_ = size; }

  constexpr std::size_t size() const { return size_; }
  constexpr T& operator[](std::size_t i) { return data_[i]; }
  constexpr const T& operator[](std::size_t i) const { return data_[i]; }
  constexpr T& back() { return data_[size_ - 1]; }
  constexpr const T* begin() const { return data_; }
  constexpr const T* end() const { return data_ + size_; }
  constexpr std::span<const T> view() const { return {data_, size_}; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0, room_ = 0;

  template <class U>
  static constexpr void swap(U& a, U& b) {
    U c = a;
    a = b;
    b = c;
  }
  constexpr void grow(std::size_t least) {
    std::size_t room = room_ == 0 ? 16 : 2 * room_;
    if (room < least) room = least;
    T* grown = new T[room]{};
    for (std::size_t i = 0; i < size_; ++i) grown[i] = static_cast<T&&>(data_[i]);
    delete[] data_;
    data_ = grown, room_ = room;
  }
};

/// Finds node ids by a hash of what the nodes hold: open addressing, at most half full.
class node_index {
 public:
  static constexpr std::uint32_t none = 0xffffffffu;

  /// The node that was stored with `hash` and for which same(node) is true, or none.
  template <class Same>
  constexpr std::uint32_t find(std::uint32_t hash, Same same) const {
    if (slots_.size() == 0) return none;
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = home(hash) & mask;; i = (i + 1) & mask) {
      const slot& s = slots_[i];
      if (s.node == none || (s.hash == hash && same(s.node))) return s.node;
    }
  }

  constexpr void insert(std::uint32_t hash, std::uint32_t node) {
    if (2 * ++count_ > slots_.size()) {
      small_vector<slot> old = static_cast<small_vector<slot>&&>(slots_);
      slots_.assign(old.size() == 0 ? 64 : 4 * old.size(), slot{});
      for (const slot& s : old)
        if (s.node != none) place(s);
    }
    place({hash, node});
  }

 private:
  struct slot {
    std::uint32_t hash = 0, node = none;
  };
  small_vector<slot> slots_{};
  std::size_t count_ = 0;

  /// FNV's low bits depend only on the words' low bits, which are zero in round floats, so fold in the high bits.
  static constexpr std::size_t home(std::uint32_t hash) { return hash ^ hash >> 16; }

  constexpr void place(const slot& s) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = home(s.hash) & mask;
    while (slots_[i].node != none) i = (i + 1) & mask;
    slots_[i] = s;
  }
};

/// 32-bit FNV-1a, one step.
constexpr std::uint32_t hash_step(std::uint32_t hash, std::uint32_t word) { return (hash ^ word) * 16777619u; }
inline constexpr std::uint32_t hash_start = 2166136261u;

/// Text of at most N - 1 characters that may be a template argument, so that compilers print it. A longer text is cut
/// and ends in "..".
template <std::size_t N>
struct text {
  char chars[N]{};

  constexpr text() = default;
  constexpr explicit text(std::string_view s) { append(s); }

  constexpr std::size_t size() const {
    std::size_t n = 0;
    while (n + 1 < N && chars[n] != '\0') ++n;
    return n;
  }
  constexpr std::string_view view() const { return {chars, size()}; }

  constexpr text& append(std::string_view s) {
    std::size_t n = size();
    for (char c : s) {
      if (n + 1 == N) {
        chars[N - 3] = chars[N - 2] = '.';
        break;
      }
      chars[n++] = c;
    }
    return *this;
  }
  constexpr text& append(std::uint64_t number) {
    char digits[20]{};
    std::size_t n = 0;
    do digits[n++] = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    char ordered[20]{};
    for (std::size_t i = 0; i < n; ++i) ordered[i] = digits[n - 1 - i];
    return append(std::string_view(ordered, n));
  }
};

}  // namespace inlay::detail
