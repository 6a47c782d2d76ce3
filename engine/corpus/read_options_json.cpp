// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/corpus/read_options_json.h"

#include <nlohmann/json.hpp>

namespace pathloom {

nlohmann::json to_json(const ReadOptions& options)
{
    return {{"fps", options.frames_per_second}, {"picture_text", options.picture_text}, {"text_language", options.language},
        {"speech", options.speech}};
}

Result<ReadOptions> parse_read_options(const nlohmann::json& json)
{
    ReadOptions out;
    if (json.is_null()) return out;
    if (!json.is_object()) return fail(ErrorCode::Usage, "how films are read is a JSON object");
    try {
        out.frames_per_second = json.value("fps", out.frames_per_second);
        out.picture_text = json.value("picture_text", out.picture_text);
        out.language = json.value("text_language", out.language);
        out.speech = json.value("speech", out.speech);
    } catch (const nlohmann::json::exception& error) {
        return fail(ErrorCode::Usage, "how films are read has a field of the wrong type: {}", error.what());
    }
    if (!(out.frames_per_second >= LeastFrameRate && out.frames_per_second <= MostFrameRate))
        return fail(ErrorCode::Usage, "films cannot be looked at {} times a second; give {} to {}", out.frames_per_second,
            LeastFrameRate, MostFrameRate);
    if (out.language.empty())
        return fail(ErrorCode::Usage, "the language of the text in pictures is missing; give eng, or deu+eng");
    return out;
}

}  // namespace pathloom
