// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/corpus/segment.h"

#include "engine/corpus/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

constexpr std::size_t longest_title = 160;  // bytes: a "heading" that holds a chapter is no name of a place

}  // namespace

void HeadingTrail::enter(int level, std::string title)
{
    while (!m_open.empty() && m_open.back().first >= level) m_open.pop_back();
    title = whitespace_folded(title);
    if (title.size() > longest_title) title.resize(code_point_floor(title, longest_title));
    if (!title.empty()) m_open.emplace_back(level, std::move(title));
}

std::string HeadingTrail::path() const
{
    std::string out;
    for (const auto& [level, title] : m_open) {
        if (!out.empty()) out += " / ";
        out += title;
    }
    return out;
}

void DocumentText::add(Segment&& segment)
{
    if (segment.text.empty()) return;
    marks.push_back({text.size(), std::move(segment.where)});
    text += segment.text;
}

Locator DocumentText::at(std::size_t byte) const
{
    const auto next = std::ranges::upper_bound(marks, byte, {}, &Mark::begin);
    if (next == marks.begin()) return {0, {}, std::int64_t(byte)};
    const Mark& mark = *(next - 1);
    Locator where = mark.where;
    if (where.byte >= 0) where.byte += std::int64_t(byte - mark.begin);
    return where;
}

std::string to_text(const Locator& where)
{
    std::string out;
    const auto add = [&](const std::string& part) {
        if (!out.empty()) out += ", ";
        out += part;
    };
    if (where.page > 0) add(fmt::format("page {}", where.page));
    if (!where.section.empty()) add(where.section);
    if (where.seconds >= 0.0) {
        const auto whole = std::int64_t(where.seconds);
        add(fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
            + (where.track.empty() ? "" : " (" + where.track + ")"));
    }
    if (out.empty() && where.byte >= 0) add(fmt::format("byte {}", where.byte));
    return out;
}

std::string to_json_line(const Segment& segment)
{
    nlohmann::json json{{"text", segment.text}};
    if (segment.where.page > 0) json["page"] = segment.where.page;
    if (!segment.where.section.empty()) json["section"] = segment.where.section;
    if (segment.where.byte >= 0) json["byte"] = segment.where.byte;
    if (segment.where.seconds >= 0.0) json["seconds"] = segment.where.seconds;
    if (!segment.where.track.empty()) json["track"] = segment.where.track;
    if (segment.where.until >= 0.0) json["until"] = segment.where.until;
    if (segment.confidence >= 0.0) json["confidence"] = segment.confidence;
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<Segment> parse_segment(std::string_view line)
{
    const auto json = nlohmann::json::parse(line, nullptr, false);
    const auto bad = [](const char* what) { return fail(ErrorCode::Corrupt, "a segment's {} is damaged", what); };
    if (!json.is_object()) return bad("JSON line");
    Segment out;
    for (const auto& [key, value] : json.items()) {
        if (key == "text" || key == "section" || key == "track") {
            if (!value.is_string()) return bad(key.c_str());
            (key == "text" ? out.text : key == "track" ? out.where.track : out.where.section) = value.get<std::string>();
        } else if (key == "page") {
            if (!value.is_number_integer() || value < 1 || value > 100'000'000) return bad("page");
            out.where.page = value.get<int>();
        } else if (key == "byte") {
            if (!value.is_number_integer() || value < 0) return bad("byte");
            if (value.is_number_unsigned() && value.get<std::uint64_t>() > (std::uint64_t(1) << 62)) return bad("byte");
            out.where.byte = value.get<std::int64_t>();
        } else if (key == "seconds" || key == "until") {
            if (!value.is_number() || !std::isfinite(value.get<double>()) || value.get<double>() < 0.0
                || value.get<double>() > 1e9)
                return bad(key.c_str());
            (key == "seconds" ? out.where.seconds : out.where.until) = value.get<double>();
        } else if (key == "confidence") {
            if (!value.is_number() || !(value.get<double>() >= 0.0 && value.get<double>() <= 1.0)) return bad("confidence");
            out.confidence = value.get<double>();
        }
    }
    if (why_not_text(out.text)) return bad("text");
    return out;
}

}  // namespace pathloom
