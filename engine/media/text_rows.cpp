// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/text_rows.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

int middle(std::vector<int> values)
{
    const auto at = values.begin() + std::ptrdiff_t(values.size() / 2);
    std::ranges::nth_element(values, at);
    return *at;
}

/// The line letters stand on, and how high they are, by the last of them: a row may lean.
struct Print {
    int base = 0, height = 0;
};

Print print_of(const std::vector<Box>& letters, std::size_t last)
{
    std::vector<int> bottoms, heights;
    for (std::size_t i = letters.size() - std::min(last, letters.size()); i < letters.size(); ++i) {
        bottoms.push_back(bottom_of(letters[i]));
        heights.push_back(letters[i].height);
    }
    return {middle(std::move(bottoms)), middle(std::move(heights))};
}

/// How ill a letter stands in a row, 0 for well.
double misfit(const LetterRow& row, const Box& letter)
{
    const Print print = print_of(row.letters, 7);
    const double height = std::max(1, print.height);
    return std::abs(bottom_of(letter) - print.base) / height + 0.5 * std::abs(letter.height - print.height) / height
        + 0.3 * std::abs(letter.x - row.right()) / height;
}

/// Between what rises highest and what hangs lowest on a line: quotes above, tails below.
bool in_line(const Box& letter, const Print& print)
{
    return letter.y >= print.base - 1.6 * print.height - 2.0 && bottom_of(letter) <= print.base + 0.45 * print.height + 2.0
        && letter.y < print.base;
}

bool follows(const LetterRow& row, const Box& letter)
{
    const Print print = print_of(row.letters, 7);
    const int gap = letter.x - row.right();
    return gap <= 1.6 * print.height + 4.0 && gap >= -0.7 * print.height && letter.height >= 0.25 * print.height
        && letter.height <= 1.9 * print.height && in_line(letter, print);
}

/// Letters there may be: small fonts run together.
double letter_count(const LetterRow& row)
{
    double out = 0.0;
    for (const Box& letter : row.letters) out += std::max(1.0, double(letter.width) / (0.9 * std::max(1, letter.height)));
    return out;
}

Box around(const std::vector<Box>& letters)
{
    Box out = letters.front();
    for (const Box& letter : letters) {
        const int right = std::max(out.x + out.width, letter.x + letter.width);
        const int bottom = std::max(bottom_of(out), bottom_of(letter));
        out.x = std::min(out.x, letter.x);
        out.y = std::min(out.y, letter.y);
        out.width = right - out.x;
        out.height = bottom - out.y;
    }
    return out;
}

/// Whether the letters stand on one line, as print does and leaves do not.
bool on_a_line(const LetterRow& row)
{
    const Print print = print_of(row.letters, row.letters.size());
    const auto standing = std::ranges::count_if(row.letters,
        [&](const Box& letter) { return std::abs(bottom_of(letter) - print.base) <= std::max(2.0, 0.16 * print.height); });
    return double(standing) >= 0.5 * double(row.letters.size());
}

}  // namespace

Box box_of(const LetterRow& row)
{
    Box out = around(row.letters);
    const Print print = print_of(row.letters, row.letters.size());
    const int top = std::max(out.y, print.base - int(1.6 * print.height));
    const int bottom = std::min(bottom_of(out), print.base + int(0.42 * print.height) + 1);
    out.y = top;
    out.height = std::max(1, bottom - top);
    return out;
}

std::vector<LetterRow> letter_rows(std::vector<Box> letters)
{
    std::ranges::sort(letters, [](const Box& a, const Box& b) { return a.x != b.x ? a.x < b.x : a.y < b.y; });
    std::vector<LetterRow> rows;
    for (const Box& letter : letters) {
        LetterRow* best = nullptr;
        for (LetterRow& row : rows)
            if (follows(row, letter) && (!best || misfit(row, letter) < misfit(*best, letter))) best = &row;
        if (best)
            best->letters.push_back(letter);
        else
            rows.push_back({{letter}});
    }
    std::erase_if(rows, [](const LetterRow& row) {
        const Box box = around(row.letters);
        return letter_count(row) < 4.0 || box.width < 2 * box.height || box.height < LeastLetterHeight + 2 || !on_a_line(row);
    });
    return rows;
}

}  // namespace pathloom
