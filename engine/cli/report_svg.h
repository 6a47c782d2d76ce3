// SPDX-License-Identifier: GPL-3.0-or-later
// Figures of a report as inline SVG. Pure: values in, markup out. Colours are the style sheet's classes c0 to c7.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pathloom {

/// &, <, >, " and ' as entities; control characters other than newline and tab, and bytes that are not UTF-8, as U+FFFD.
std::string escape_html(std::string_view text);

struct Series {
    std::string label;
    std::vector<std::pair<double, double>> points;  ///< ascending x; points that are not finite are left out
};

/// Round numbers that cover [low, high], at most about `wanted` of them.
std::vector<double> ticks(double low, double high, int wanted = 5);

/// Lines with axes, ticks and a legend; from the ninth series on colours repeat with dashes. Empty text when there is no point.
std::string line_chart(
    const std::string& title, const std::string& x_title, const std::string& y_title, const std::vector<Series>& series);

/// One bar a value, labelled below, its value in a tooltip. Empty text when there is no value.
std::string bar_chart(const std::string& title, const std::vector<std::pair<std::string, double>>& bars, int colour);

}  // namespace pathloom
