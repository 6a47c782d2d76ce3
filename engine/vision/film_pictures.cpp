// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/film_pictures.h"

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include <algorithm>

namespace pathloom {

namespace {

/// The bytes base64 stands for; false when they are not `size`.
bool decode_base64(const std::string& text, std::size_t size, std::vector<std::uint8_t>& bytes)
{
    if (text.size() != (size + 2) / 3 * 4) return false;
    bytes.resize(text.size() / 4 * 3);  // with what the padding decodes to
    const int done = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), int(text.size()));
    if (done != int(bytes.size())) return false;
    bytes.resize(size);
    return true;
}

Result<void> take_look(
    const std::filesystem::path& film, std::string_view line, std::size_t first, std::size_t count, const PictureSink& sink)
{
    const auto said = nlohmann::json::parse(line, nullptr, false);
    const auto fits = [&]() -> bool {
        if (!said.is_object() || !said.contains("look")) return false;
        const auto& look = said["look"];
        for (const char* number : {"index", "width", "height"})
            if (!look.contains(number) || !look[number].is_number_unsigned() || look[number] > 1'000'000'000) return false;
        return look["width"] <= 16384 && look["height"] <= 16384 && look.contains("grey") && look["grey"].is_string();
    };
    Picture grey;
    if (fits()) {
        const auto& look = said["look"];
        const auto index = look["index"].get<std::size_t>();
        grey.width = look["width"].get<int>();
        grey.height = look["height"].get<int>();
        const bool whole = decode_base64(
            look["grey"].get_ref<const std::string&>(), std::size_t(grey.width) * std::size_t(grey.height), grey.bytes);
        if (whole && (count == 0 || index < count)) return sink(first + index, grey);
    }
    return fail(ErrorCode::Failed, "{}: pathloom-read gave a picture that is not understood; reinstall Pathloom", film.string());
}

std::string size_of(int width, int height)
{
    return fmt::format("{}x{}", width, height);
}

/// `count` pictures that are asked for one by one: `add` puts what asks for the one into the arguments.
Result<void> asked_pictures(const std::filesystem::path& film, int width, int height, std::size_t count, const ReadLimits& limits,
    const PictureSink& sink, const std::function<void(std::size_t, std::vector<std::string>&)>& add)
{
    constexpr std::size_t at_once = 256;  // a command line holds only so much
    for (std::size_t first = 0; first < count; first += at_once) {
        const std::size_t now = std::min(at_once, count - first);
        std::vector<std::string> arguments{"--look", size_of(width, height)};
        for (std::size_t i = first; i < first + now; ++i) add(i, arguments);
        PATHLOOM_CHECK(
            run_reader(film, arguments, limits, [&](std::string_view line) { return take_look(film, line, first, now, sink); }));
    }
    return {};
}

}  // namespace

Result<void> film_pictures(const std::filesystem::path& film, int width, int height, std::size_t from, std::size_t count,
    const ReadLimits& limits, const PictureSink& sink)
{
    std::vector<std::string> arguments{"--look", size_of(width, height), "--from", std::to_string(from)};
    if (count > 0) arguments.insert(arguments.end(), {"--looks", std::to_string(count)});
    return run_reader(film, arguments, limits, [&](std::string_view line) { return take_look(film, line, 0, count, sink); });
}

Result<void> drawn_pictures(const std::filesystem::path& film, int width, int height, std::span<const PictureWords> words,
    const ReadLimits& limits, const PictureSink& sink)
{
    return asked_pictures(film, width, height, words.size(), limits, sink, [&](std::size_t i, std::vector<std::string>& out) {
        out.emplace_back("--overlay");
        out.push_back(fmt::format("{},{:.4f},{:.4f},{}", words[i].seconds, words[i].x, words[i].y, words[i].text));
    });
}

Result<void> copied_pictures(const std::filesystem::path& film, int width, int height, std::span<const CopyRequest> copies,
    const ReadLimits& limits, const PictureSink& sink)
{
    return asked_pictures(film, width, height, copies.size(), limits, sink, [&](std::size_t i, std::vector<std::string>& out) {
        out.emplace_back("--copy");
        out.push_back(fmt::format("{},{}", copies[i].seconds, copies[i].seed));
    });
}

}  // namespace pathloom
