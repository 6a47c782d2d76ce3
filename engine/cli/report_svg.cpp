// SPDX-License-Identifier: GPL-3.0-or-later
// Charts of a report.
#include "engine/cli/report_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace pathloom {

namespace {

constexpr int colours = 8;
constexpr double width = 640, height = 300, left = 56, right = 12, top = 12, bottom = 40;

/// Length of the UTF-8 sequence that begins at `at`, 0 when there is none.
std::size_t sequence(std::string_view text, std::size_t at)
{
    const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
    const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first < 0xE0 && follows(1)) return 2;
    if (first >= 0xE0 && first < 0xF0 && follows(1) && follows(2)) {
        const unsigned code = (first & 0x0FU) << 12 | (byte(1) & 0x3FU) << 6;
        return code >= 0x800 && (code < 0xD800 || code > 0xDFFF) ? 3 : 0;
    }
    if (first >= 0xF0 && first < 0xF5 && follows(1) && follows(2) && follows(3)) {
        const unsigned code = (first & 7U) << 18 | (byte(1) & 0x3FU) << 12;
        return code >= 0x10000 && code < 0x110000 ? 4 : 0;
    }
    return 0;
}

struct Axis {
    double low = 0;
    double high = 1;
    double from = 0;  ///< place of `low` on the page
    double to = 1;
    [[nodiscard]] double place(double value) const { return from + (value - low) / (high - low) * (to - from); }
};

std::string axes(const Axis& x, const Axis& y, const std::string& x_title, const std::string& y_title)
{
    std::string out;
    for (const double tick : ticks(y.low, y.high)) {
        const double at = y.place(tick);
        out += fmt::format("<line class=\"grid\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
                           "<text class=\"tick end\" x=\"{:.1f}\" y=\"{:.1f}\">{:g}</text>\n",
            left, width - right, at, at, left - 6, at + 4, tick);
    }
    for (const double tick : ticks(x.low, x.high, 8))
        out += fmt::format(
            "<text class=\"tick mid\" x=\"{:.1f}\" y=\"{:.1f}\">{:g}</text>\n", x.place(tick), height - bottom + 16, tick);
    out += fmt::format("<text class=\"axis mid\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", (left + width - right) / 2, height - 6,
        escape_html(x_title));
    out += fmt::format("<text class=\"axis mid\" transform=\"translate(14 {:.1f}) rotate(-90)\">{}</text>\n",
        (top + height - bottom) / 2, escape_html(y_title));
    return out;
}

std::string opened(const std::string& title)
{
    return fmt::format(
        "<figure><figcaption>{0}</figcaption>\n<svg viewBox=\"0 0 {1:g} {2:g}\" role=\"img\" aria-label=\"{0}\">\n",
        escape_html(title), width, height);
}

}  // namespace

std::string escape_html(std::string_view text)
{
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = sequence(text, at);
        const char c = text[at];
        const bool control = length == 1 && ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F);
        if (length == 0 || control)
            out += "\xEF\xBF\xBD";
        else if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (c == '\'')
            out += "&#39;";
        else
            out += text.substr(at, length);
        at += std::max<std::size_t>(length, 1);
    }
    return out;
}

std::vector<double> ticks(double low, double high, int wanted)
{
    std::vector<double> out;
    if (!(high > low) || wanted < 1) return out;
    const double rough = (high - low) / wanted;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    double step = power;
    for (const double factor : {2.0, 5.0, 10.0})
        if (step < rough) step = factor * power;
    const auto first = std::int64_t(std::ceil(low / step - 1e-9));
    for (std::int64_t i = first; double(i) * step <= high + step * 1e-9; ++i) {
        const double tick = double(i) * step;
        out.push_back(i == 0 ? 0.0 : std::round(tick / step) * step);
    }
    return out;
}

std::string line_chart(
    const std::string& title, const std::string& x_title, const std::string& y_title, const std::vector<Series>& series)
{
    constexpr double none = std::numeric_limits<double>::infinity();
    double low_x = none, high_x = -none, low_y = none, high_y = -none;
    for (const Series& one : series)
        for (const auto& [x, y] : one.points) {
            if (!std::isfinite(x) || !std::isfinite(y)) continue;
            low_x = std::min(low_x, x), high_x = std::max(high_x, x);
            low_y = std::min(low_y, y), high_y = std::max(high_y, y);
        }
    if (low_x > high_x) return {};
    if (low_x == high_x) low_x -= 0.5, high_x += 0.5;
    const double margin = high_y > low_y ? 0.05 * (high_y - low_y) : 0.5;
    const Axis x{low_x, high_x, left, width - right};
    const Axis y{low_y - margin, high_y + margin, height - bottom, top};
    std::string out = opened(title) + axes(x, y, x_title, y_title);
    std::string legend;
    for (std::size_t i = 0; i < series.size(); ++i) {
        std::string points;
        for (const auto& [px, py] : series[i].points)
            if (std::isfinite(px) && std::isfinite(py))
                points += fmt::format("{}{:.1f},{:.1f}", points.empty() ? "" : " ", x.place(px), y.place(py));
        const std::string look = fmt::format("c{}{}", i % colours, i / colours % 2 == 1 ? " dashed" : "");
        out += fmt::format("<polyline class=\"line {}\" points=\"{}\"><title>{}</title></polyline>\n", look, points,
            escape_html(series[i].label));
        legend += fmt::format("<li><span class=\"swatch {}\"></span>{}</li>", look, escape_html(series[i].label));
    }
    return out + "</svg>\n<ul class=\"legend\">" + legend + "</ul></figure>\n";
}

std::string bar_chart(const std::string& title, const std::vector<std::pair<std::string, double>>& bars, int colour)
{
    if (bars.empty()) return {};
    double most = 0;
    for (const auto& [label, value] : bars) most = std::max(most, value);
    if (!(most > 0)) return {};
    const Axis y{0, most * 1.05, height - bottom, top};
    const double step = (width - left - right) / double(bars.size());
    const std::size_t label_every = (bars.size() + 31) / 32;
    std::string out = opened(title);
    for (const double tick : ticks(y.low, y.high))
        out += fmt::format("<line class=\"grid\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
                           "<text class=\"tick end\" x=\"{:.1f}\" y=\"{:.1f}\">{:g}</text>\n",
            left, width - right, y.place(tick), y.place(tick), left - 6, y.place(tick) + 4, tick);
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const double at = left + step * double(i);
        const double value = std::max(0.0, bars[i].second);
        out += fmt::format("<rect class=\"bar c{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><title>{}: "
                           "{:g}</title></rect>\n",
            colour % colours, at + step * 0.1, y.place(value), step * 0.8, height - bottom - y.place(value),
            escape_html(bars[i].first), bars[i].second);
        if (i % label_every == 0)
            out += fmt::format("<text class=\"tick mid\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", at + step / 2,
                height - bottom + 16, escape_html(bars[i].first));
    }
    return out + "</svg></figure>\n";
}

}  // namespace pathloom
