// SPDX-License-Identifier: Apache-2.0
// Finds the patches that excite each filter most, and shows them as text and as SVG.
#include "filters.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>

namespace lenet_example {

namespace {

/// printf into a string.
template <class... Argument>
std::string format(const char* pattern, Argument... arguments) {
  std::string text(static_cast<std::size_t>(std::snprintf(nullptr, 0, pattern, arguments...)), ' ');
  std::snprintf(text.data(), text.size() + 1, pattern, arguments...);
  return text;
}

std::array<float, filter_size> pixels_around(std::span<const float> image, int y, int x) {
  std::array<float, filter_size> pixels{};
  for (int i = 0; i < filter_size; ++i) {
    const int row = y - 1 + i / filter_side, column = x - 1 + i % filter_side;
    if (row >= 0 && row < image_side && column >= 0 && column < image_side)
      pixels[static_cast<std::size_t>(i)] = image[static_cast<std::size_t>(row * image_side + column)];
  }
  return pixels;
}

/// The patch of one image that excites the filter most.
patch strongest_in(const image_set& images, std::size_t image, const std::array<float, filter_size>& weights,
                   float bias) {
  patch best{image, 0, 0, -INFINITY, {}};
  for (int y = 0; y < image_side; ++y)
    for (int x = 0; x < image_side; ++x) {
      const auto pixels = pixels_around(images.image(image), y, x);
      const float response = std::inner_product(pixels.begin(), pixels.end(), weights.begin(), bias);
      if (response > best.response) best = {image, y, x, response, pixels};
    }
  return best;
}

/// The largest absolute weight of all filters. It has the darkest shade and colour.
float largest_weight(std::span<const filter> filters) {
  float largest = 0;
  for (const filter& f : filters)
    for (float w : f.weights) largest = std::max(largest, std::abs(w));
  return largest > 0 ? largest : 1;
}

}  // namespace

std::vector<filter> find_strongest(std::span<const float> weights, std::span<const float> bias, const image_set& images,
                                   std::size_t count) {
  std::vector<filter> filters(bias.size());
  for (std::size_t i = 0; i < filters.size(); ++i) {
    filter& f = filters[i];
    std::copy_n(weights.begin() + static_cast<std::ptrdiff_t>(i * filter_size), filter_size, f.weights.begin());
    for (std::size_t image = 0; image < images.size(); ++image)
      f.strongest.push_back(strongest_in(images, image, f.weights, bias[i]));
    const std::size_t kept = std::min(count, f.strongest.size());
    std::partial_sort(f.strongest.begin(), f.strongest.begin() + static_cast<std::ptrdiff_t>(kept), f.strongest.end(),
                      [](const patch& a, const patch& b) {
                        return a.response != b.response ? a.response > b.response : a.image < b.image;
                      });
    f.strongest.resize(kept);
  }
  return filters;
}

std::string filters_as_text(std::span<const filter> filters, const image_set& images) {
  constexpr std::size_t per_line = 4;
  const float largest = largest_weight(filters);
  std::string text;
  for (std::size_t first = 0; first < filters.size(); first += per_line) {
    const auto shown = filters.subspan(first, std::min(per_line, filters.size() - first));
    if (first > 0) text += '\n';
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const patch& best = shown[i].strongest.front();
      text +=
          format("  %2zu: %5.2f on a %d   ", first + i, static_cast<double>(best.response), images.labels[best.image]);
    }
    text += '\n';
    for (std::size_t y = 0; y < filter_side; ++y) {
      for (const filter& f : shown) {
        text += "  |";
        for (std::size_t i = y * filter_side; i < (y + 1) * filter_side; ++i) {
          const char strength = shade(std::abs(f.weights[i]) / largest);
          text += strength == ' ' ? ' ' : f.weights[i] < 0 ? '-' : '+';
          text += strength;
        }
        text += "| |";
        for (std::size_t i = y * filter_side; i < (y + 1) * filter_side; ++i)
          text.append(2, shade(f.strongest.front().pixels[i]));
        text += "|  ";
      }
      text += '\n';
    }
  }
  return text;
}

namespace {

/// Sizes of the drawing, in its pixels.
constexpr int columns = 4, card_width = 210, card_height = 172, margin = 24, header = 190;
constexpr int weight_side = 26, image_scale = 8, patch_scale = 9;
constexpr int image_left = 92;  ///< from the left edge of a card

/// White for 0, red for 1, blue for -1.
std::string colour_of_weight(float w) {
  static constexpr std::array<float, 3> blue{33, 102, 172}, red{178, 24, 43};
  const auto& end = w < 0 ? blue : red;
  std::array<int, 3> c{};
  for (std::size_t i = 0; i < c.size(); ++i)
    c[i] = static_cast<int>(std::lround(255 + (end[i] - 255) * std::min(std::abs(w), 1.0f)));
  return format("#%02x%02x%02x", c[0], c[1], c[2]);
}

/// White for 0, black for 1.
std::string colour_of_ink(float ink) {
  const int c = static_cast<int>(std::lround(255 * (1 - ink)));
  return format("#%02x%02x%02x", c, c, c);
}

/// Pictures of square pixels on white paper, each in a thin frame. All pixels with equal ink are one path, which keeps
/// the file small.
class pictures {
 public:
  /// Adds a square picture. `left` is counted in pixels of the picture.
  void add(std::span<const float> pixels, int side, int left = 0) {
    for (int i = 0; i < side * side; ++i)
      if (const float ink = pixels[static_cast<std::size_t>(i)]; ink > 0)
        paths_[ink] += format("M%d %dh1v1h-1z", left + i % side, i / side);
    frames_ += format("M%d 0h%dv%dh-%dz", left, side, side, side);
  }
  std::string as_svg(int x, int y, int scale) const {
    std::string svg = format("<g transform=\"translate(%d %d) scale(%d)\">", x, y, scale);
    for (const auto& [ink, path] : paths_)
      svg += format("<path fill=\"%s\" d=\"%s\"/>", colour_of_ink(ink).c_str(), path.c_str());
    return svg + format("<path class=\"frame\" d=\"%s\"/></g>\n", frames_.c_str());
  }

 private:
  std::map<float, std::string> paths_;
  std::string frames_;
};

/// A weight with its sign, or 0.
std::string number(float w, int digits) {
  std::string text = format("%.*f", digits, static_cast<double>(std::abs(w)));
  if (text.find_first_not_of("0.") == std::string::npos) return "0";
  return (w < 0 ? "−" : "+") + text;
}

std::string text_at(int x, int y, const char* style, const std::string& text) {
  return format("<text x=\"%d\" y=\"%d\" class=\"%s\">%s</text>\n", x, y, style, text.c_str());
}

/// The 3x3 weights as squares, each with its number.
std::string weights_as_svg(const filter& f, float largest) {
  std::string svg;
  for (int i = 0; i < filter_size; ++i) {
    const float w = f.weights[static_cast<std::size_t>(i)];
    const int x = i % filter_side * weight_side, y = 20 + i / filter_side * weight_side;
    svg += format("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>", x, y, weight_side, weight_side,
                  colour_of_weight(w / largest).c_str());
    svg += text_at(x + weight_side / 2, y + 17, std::abs(w) > 0.7f * largest ? "weight light" : "weight", number(w, 1));
  }
  constexpr int side = filter_side * weight_side;
  return svg + format("<path class=\"frame\" d=\"M0 20h%dv%dh-%dz\"/>\n", side, side, side);
}

/// One filter: the weights, the image with its strongest patch, and below them all its patches.
std::string card(const filter& f, std::size_t index, const image_set& images, float largest) {
  const patch& best = f.strongest.front();
  std::string svg = text_at(0, 11, "name", format("filter %zu", index));
  svg += text_at(image_left, 11, "small",
                 format("%.2f on a %d", static_cast<double>(best.response), images.labels[best.image]));
  svg += weights_as_svg(f, largest);
  // There is room for one more pixel on each side of the image, because a patch may reach over the edge.
  constexpr int top = 20 + image_scale - 1, window = filter_side * image_scale;
  pictures image;
  image.add(images.image(best.image), image_side);
  svg += image.as_svg(image_left + image_scale, top, image_scale);
  svg += format("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"window\"/>\n",
                image_left + best.x * image_scale, top + (best.y - 1) * image_scale, window, window);
  pictures patches;
  std::string digits;
  for (int i = 0; i < static_cast<int>(f.strongest.size()); ++i) {
    const patch& p = f.strongest[static_cast<std::size_t>(i)];
    const int left = i * (filter_side + 1);
    patches.add(p.pixels, filter_side, left);
    digits += text_at((2 * left + filter_side) * patch_scale / 2, 150, "digit", std::to_string(images.labels[p.image]));
  }
  svg += patches.as_svg(0, 108, patch_scale) + digits;
  return svg;
}

/// The two scales of colours, with what their ends mean.
std::string legend(float largest) {
  constexpr int steps = 11, side = 18, ink_left = 480;
  std::string svg = text_at(0, 13, "small", "weight") + text_at(48, 13, "small", number(-largest, 2));
  for (int i = 0; i < steps; ++i) {
    const float share = static_cast<float>(i) / (steps - 1);
    svg += format("<rect x=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>", 90 + i * side, side, side,
                  colour_of_weight(2 * share - 1).c_str());
    svg += format("<rect x=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", ink_left + 46 + i * side, side, side,
                  colour_of_ink(share).c_str());
  }
  for (int x : {90, ink_left + 46})
    svg += format("<path class=\"frame\" d=\"M%d 0h%dv%dh-%dz\"/>", x, steps * side, side, steps * side);
  svg += text_at(96 + steps * side, 13, "small", number(largest, 2));
  svg += text_at(ink_left, 13, "small", "ink") + text_at(ink_left + 30, 13, "small", "0");
  return svg + text_at(ink_left + 52 + steps * side, 13, "small", "1");
}

}  // namespace

std::string filters_as_svg(std::span<const filter> filters, const image_set& images) {
  const int rows = (static_cast<int>(filters.size()) + columns - 1) / columns;
  const int width = 2 * margin + columns * card_width - (card_width - 174), height = header + rows * card_height;
  const std::string title = format("What the %zu filters of conv1 respond to", filters.size());
  std::string svg = format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" "
      "font-family=\"sans-serif\">\n<title>%s</title>\n",
      width, height, width, height, title.c_str());
  svg +=
      "<style>text{fill:#222;font-size:13px}.title{font-size:20px;font-weight:bold}.name{font-weight:bold}"
      ".small{font-size:12px}.weight{font-size:10px;text-anchor:middle}.light{fill:#fff}"
      ".digit{font-size:11px;text-anchor:middle;fill:#555}"
      ".frame{fill:none;stroke:#888;vector-effect:non-scaling-stroke}"
      ".window{fill:none;stroke:#e66100;stroke-width:2.5}</style>\n<rect width=\"100%\" height=\"100%\" "
      "fill=\"#fff\"/>\n";
  svg += text_at(margin, 38, "title", title);
  const std::array lines{
      std::string("A filter looks at patches of 3×3 pixels. Its response is the sum of weight × ink, plus a bias."),
      std::string(
          "Left: the weights. Ink where they are red adds to the response, ink where they are blue takes away."),
      std::string("Right: the held-out image with the strongest response, the response and the digit. "
                  "The orange frame is the patch."),
      format("Below: the %zu strongest patches, each from another image, and its digit. Outside of an image is no ink.",
             filters.empty() ? 0 : filters.front().strongest.size())};
  for (std::size_t i = 0; i < lines.size(); ++i)
    svg += text_at(margin, 62 + 19 * static_cast<int>(i), "line", lines[i]);
  const float largest = largest_weight(filters);
  svg += format("<g transform=\"translate(%d %d)\">\n", margin, 140) + legend(largest) + "</g>\n";
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const int at = static_cast<int>(i);
    svg += format("<g transform=\"translate(%d %d)\">\n", margin + at % columns * card_width,
                  header + at / columns * card_height);
    svg += card(filters[i], i, images, largest) + "</g>\n";
  }
  return svg + "</svg>\n";
}

}  // namespace lenet_example
