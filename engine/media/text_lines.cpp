// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/text_lines.h"

#include "engine/media/text_rows.h"

#include <leptonica/allheaders.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

namespace pathloom {

namespace {

struct PixFree {
    void operator()(PIX* pix) const { pixDestroy(&pix); }
    void operator()(BOXA* boxes) const { boxaDestroy(&boxes); }
};
using PixPtr = std::unique_ptr<PIX, PixFree>;
using BoxList = std::unique_ptr<BOXA, PixFree>;

constexpr int stroke = 21;  // pixels: the widest stroke that stands out from its ground
constexpr std::array<int, 2> contrasts{100, 44};  // of 255, of a stroke against its ground: print first, then what is fainter
constexpr int most_letter = 110;  // pixels of height
constexpr int most_components = 6000;  // of a picture: beyond that it is grass, not text
constexpr int wanted_letter = 40;  // pixels of height: what Tesseract reads best
constexpr int most_lines = 24;  // read of one picture, the longest first

PixPtr to_pix(const Picture& grey)
{
    PixPtr out(pixCreate(grey.width, grey.height, 8));
    l_uint32* row = pixGetData(out.get());
    for (int y = 0; y < grey.height; ++y, row += pixGetWpl(out.get()))
        for (int x = 0; x < grey.width; ++x)
            SET_DATA_BYTE(row, x, grey.bytes[grey.row_bytes() * std::size_t(y) + std::size_t(x)]);
    return out;
}

Picture to_picture(PIX* pix)
{
    Picture out{pixGetWidth(pix), pixGetHeight(pix)};
    out.bytes.reserve(out.row_bytes() * std::size_t(out.height));
    l_uint32* row = pixGetData(pix);
    for (int y = 0; y < out.height; ++y, row += pixGetWpl(pix))
        for (int x = 0; x < out.width; ++x) out.bytes.push_back(std::uint8_t(GET_DATA_BYTE(row, x)));
    return out;
}

std::vector<Box> letters_in(PIX* mask)
{
    const BoxList boxes(pixConnCompBB(mask, 8));
    std::vector<Box> out;
    const int count = boxes ? boxaGetCount(boxes.get()) : 0;
    for (int i = 0; i < count; ++i) {
        Box box;
        boxaGetBoxGeometry(boxes.get(), i, &box.x, &box.y, &box.width, &box.height);
        const bool letter = box.height >= LeastLetterHeight && box.height <= most_letter && box.width <= 12 * box.height
            && box.width >= 2 && box.height <= 12 * box.width;
        if (letter) out.push_back(box);
    }
    if (out.size() > most_components) out.clear();
    return out;
}

PixPtr clipped(PIX* from, const Box& box)
{
    const std::unique_ptr<BOX, void (*)(BOX*)> place(
        boxCreate(box.x, box.y, box.width, box.height), [](BOX* b) { boxDestroy(&b); });
    return PixPtr(pixClipRectangle(from, place.get(), nullptr));
}

/// Scaled, with a white margin.
Picture ready(const PixPtr& piece, double scale, bool invert)
{
    if (!piece) return {};
    const PixPtr sized(pixScale(piece.get(), float(scale), float(scale)));
    if (!sized) return {};
    if (invert) pixInvert(sized.get(), sized.get());
    const PixPtr framed(pixAddBorder(sized.get(), 5, 255));
    return framed ? to_picture(framed.get()) : Picture();
}

/// How light the strokes of a box are: what most of them have or go beyond.
int level_of(PIX* grey, PIX* strokes, const Box& letters, bool light)
{
    std::array<int, 256> counts{};
    int all = 0;
    for (int y = std::max(0, letters.y); y < std::min(int(pixGetHeight(grey)), bottom_of(letters)); ++y) {
        l_uint32* const grey_row = pixGetData(grey) + std::ptrdiff_t(y) * pixGetWpl(grey);
        l_uint32* const stroke_row = pixGetData(strokes) + std::ptrdiff_t(y) * pixGetWpl(strokes);
        for (int x = std::max(0, letters.x); x < std::min(int(pixGetWidth(grey)), letters.x + letters.width); ++x) {
            if (int(GET_DATA_BYTE(stroke_row, x)) < contrasts.back()) continue;
            ++counts[std::size_t(GET_DATA_BYTE(grey_row, x))];
            ++all;
        }
    }
    // The edges of letters are between them and their ground: the level is where three in ten are still farther out.
    int beyond = 0;
    for (int i = 0; i < 256; ++i) {
        const int level = light ? 255 - i : i;
        beyond += counts[std::size_t(level)];
        if (beyond * 10 >= all * 3) return level;
    }
    return light ? 255 : 0;
}

/// 0 where a picture has the level, 255 from a quarter of the range away.
PixPtr like_level(PIX* grey, int level)
{
    PixPtr out(pixCreate(pixGetWidth(grey), pixGetHeight(grey), 8));
    for (int y = 0; y < int(pixGetHeight(grey)); ++y) {
        l_uint32* const from = pixGetData(grey) + std::ptrdiff_t(y) * pixGetWpl(grey);
        l_uint32* const to = pixGetData(out.get()) + std::ptrdiff_t(y) * pixGetWpl(out.get());
        for (int x = 0; x < int(pixGetWidth(grey)); ++x)
            SET_DATA_BYTE(to, x, std::min(255, std::abs(int(GET_DATA_BYTE(from, x)) - level) * 4));
    }
    return out;
}

TextLine cut_line(PIX* grey, PIX* strokes, const Box& letters, bool light, int level)
{
    const int beside = letters.height / 2, above = letters.height / 6 + 1;
    const int left = std::max(0, letters.x - beside), top = std::max(0, letters.y - above);
    const Box box{left, top, std::min(int(pixGetWidth(grey)), letters.x + letters.width + beside) - left,
        std::min(int(pixGetHeight(grey)), bottom_of(letters) + above) - top};
    const double scale = std::clamp(double(wanted_letter) / letters.height, 0.25, 3.0);
    const PixPtr piece = clipped(grey, box);
    if (!piece) return {};
    return {
        letters, ready(clipped(strokes, box), scale, true), ready(like_level(piece.get(), level), scale, false), light, level};
}

/// How much of what is dark is quite dark: print has few shades, grass and gravel have all of them.
double crispness(const Picture& picture, int dark, int grey)
{
    const auto below = [&](int bound) {
        return double(std::ranges::count_if(picture.bytes, [&](std::uint8_t value) { return value < bound; }));
    };
    return below(dark) / std::max(1.0, below(grey));
}

/// Print scores 0.8 to 1.5 over footage, most of the rest less than 0.55 (surveillance and trailer pictures with words drawn on).
bool is_crisp(const TextLine& line)
{
    return crispness(line.ink, 128, 200) + crispness(line.level, 64, 192) >= 0.62;
}

/// Whether a line already found covers another, and is hardly higher.
bool holds(const Box& line, const Box& other)
{
    const int wide = std::min(line.x + line.width, other.x + other.width) - std::max(line.x, other.x);
    const int high = std::min(bottom_of(line), bottom_of(other)) - std::max(line.y, other.y);
    return wide >= 0.9 * other.width && high >= 0.7 * std::min(line.height, other.height);
}

void add_lines(PIX* grey, bool light, std::vector<TextLine>& out)
{
    const PixPtr strokes(pixTophat(grey, stroke, stroke, light ? L_TOPHAT_WHITE : L_TOPHAT_BLACK));
    if (!strokes) return;
    for (const int contrast : contrasts) {
        const PixPtr mask(pixThresholdToBinary(strokes.get(), contrast));  // 1 where it is below
        if (!mask) return;
        pixInvert(mask.get(), mask.get());
        for (const LetterRow& row : letter_rows(letters_in(mask.get()))) {
            const Box letters = box_of(row);
            const bool known = std::ranges::any_of(out, [&](const TextLine& other) { return holds(other.box, letters); });
            if (known) continue;
            TextLine line = cut_line(grey, strokes.get(), letters, light, level_of(grey, strokes.get(), letters, light));
            if (is_crisp(line)) out.push_back(std::move(line));
        }
    }
}

}  // namespace

std::vector<TextLine> find_text_lines(const Picture& grey)
{
    std::vector<TextLine> out;
    if (grey.width < 2 * stroke || grey.height < LeastLetterHeight + 2) return out;
    const PixPtr pix = to_pix(grey);
    add_lines(pix.get(), true, out);
    add_lines(pix.get(), false, out);
    if (out.size() > most_lines) {
        std::ranges::nth_element(
            out, out.begin() + most_lines, std::greater(), [](const TextLine& line) { return line.box.width; });
        out.resize(most_lines);
    }
    std::ranges::stable_sort(out, {}, [](const TextLine& line) { return std::pair(line.box.y, line.box.x); });
    return out;
}

TextLine widened(const Picture& grey, const TextLine& line)
{
    const int height = line.box.height;
    const int left = std::max(0, line.box.x - 5 * height);
    const int right = std::min(grey.width, line.box.x + line.box.width + 10 * height);
    const int top = std::max(0, line.box.y - stroke), bottom = std::min(grey.height, bottom_of(line.box) + stroke);
    const PixPtr band = to_pix(cropped(grey, {left, top, right - left, bottom - top}));
    const PixPtr strokes(pixTophat(band.get(), stroke, stroke, line.light ? L_TOPHAT_WHITE : L_TOPHAT_BLACK));
    if (!strokes) return line;
    TextLine out
        = cut_line(band.get(), strokes.get(), {0, line.box.y - top, right - left, height}, line.light, line.letter_level);
    out.box = {left, line.box.y, right - left, height};
    return out;
}

}  // namespace pathloom
