// SPDX-License-Identifier: GPL-3.0-or-later
// probe video, probe audio.
#include "engine/core/clock.h"
#include "engine/core/files.h"
#include "engine/core/resources.h"
#include "engine/model/kernels/products.h"
#include "engine/probe/probe_options.h"
#include "engine/probe/transcribed.h"
#include "engine/probe/video_grid.h"
#include "engine/probe/visual_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

namespace pathloom {

namespace {

using nlohmann::json;

struct VideoOptions {
    ProbeOptions common;
    NeedleKind kind = NeedleKind::Drawn;
    std::string track = "text", route = "text";
    std::filesystem::path words, transcribed;
};

bool spoken_of(const VideoOptions& options)
{
    return options.kind == NeedleKind::Spoken;
}

json video_cell_json(const VideoCell& cell, const Timeline& timeline, const std::string& model, const VideoOptions& options)
{
    const SecretWords secret = secret_of(options.kind);
    json recipe{{"model", model}, {"film", timeline.films()[cell.place.film].file.string()}, {"film_second", cell.place.second},
        {"seed", cell.seed}, {"question", secret.question}, {"answer_prefix", secret.prefix}};
    if (spoken_of(options))
        recipe.update({{"needle", cell.spoken.text}, {"voice", cell.spoken.voice}});
    else
        recipe.update({{"needle", cell.drawn.text}, {"x", cell.drawn.x}, {"y", cell.drawn.y},
            {"text_language", options.common.reading.language}});
    return {{"length", cell.length}, {"depth", cell.depth}, {"actual_second", cell.second}, {"actual_position", cell.position},
        {"tokens", cell.tokens}, {"key", spoken_of(options) ? "secret keyword" : "secret word"}, {"value", cell.word},
        {"template", 0}, {"read", cell.read}, {"word_read", cell.word_read}, {"answer", cell.answer}, {"found", cell.found},
        {"repeated", cell.repeated}, {"seconds_encode", cell.seconds_encode}, {"seconds_answer", cell.seconds_answer},
        {"seconds_first_token", cell.seconds_first}, {"recipe", std::move(recipe)}};
}

Result<Timeline> timeline_of(const ProbeShell& shell, const ProbeOptions& options, bool with_text)
{
    std::vector<FilmText> films;
    for (const auto& file : options.documents) {
        PATHLOOM_TRY(FilmText film,
            with_text ? read_film_text(file, read_limits(shell, options)) : film_without_text(file, read_limits(shell, options)));
        films.push_back(std::move(film));
    }
    return Timeline(std::move(films));
}

Result<VideoGridRequest> request_of(const VideoOptions& options)
{
    VideoGridRequest request;
    for (const double length : options.common.lengths) request.lengths.push_back(int(length));
    request.depths = options.common.depths;
    request.no_needle = options.common.no_needle;
    request.seed = options.common.seed;
    request.answer = answer_options(options.common);
    request.kind = options.kind;
    std::filesystem::path file = options.words;
    if (file.empty()) {
        PATHLOOM_TRY(file, resource_path("probes/words.txt"));
    }
    PATHLOOM_TRY(const std::string text, read_file(file));
    request.words = word_list(text);
    return request;
}

/// Prints the cells and what a route has to say of them all.
Result<void> report(const ProbeShell& shell, const VideoOptions& options, const std::vector<VideoCell>& cells,
    const Timeline& timeline, const std::string& model, json summary, const std::string& note = {})
{
    const bool drawn = !options.common.no_needle, text = options.route == "text";
    json out{{"cells", json::array()}};
    std::size_t found = 0, read = 0;
    std::string table = fmt::format("{:>8} {:>7} {:>8} {:>5} {:>6}  {}\n", "SECONDS", "DEPTH", "AT", "READ", "FOUND", "ANSWER");
    for (const VideoCell& cell : cells) {
        out["cells"].push_back(video_cell_json(cell, timeline, model, options));
        if (!text) out["cells"].back().update({{"evidence", cell.evidence}, {"evidence_second", cell.evidence_second}});
        if (options.route == "joint") out["cells"].back()["answered_by"] = cell.by_picture ? "picture" : "text";
        found += cell.found ? 1 : 0;
        read += cell.word_read ? 1 : 0;
        table += fmt::format("{:>8} {:>6.1f}% {:>8} {:>5} {:>6}  {}\n", cell.length, cell.depth, cell.second,
            !drawn || !text      ? "-"
                : cell.word_read ? "yes"
                                 : "no",
            cell.found ? "yes" : "no", cell.answer);
    }
    const double recall = double(found) / double(cells.size());
    summary.update({{"recall", recall}, {"cells", cells.size()}, {"no_needle", !drawn}, {"film_seconds", timeline.seconds()},
        {"peak_rss_mb", peak_rss_mb()}});
    if (drawn && text) summary["word_read"] = double(read) / double(cells.size());
    out["summary"] = std::move(summary);
    if (!options.common.out.empty()) PATHLOOM_CHECK(write_file_atomic(options.common.out, out.dump(2) + "\n"));
    shell.print(
        out, table + note + fmt::format("{} {:.4f} over {} cells\n", drawn ? "recall" : "says none", recall, cells.size()));
    return {};
}

Result<void> run_video(const ProbeShell& shell, const VideoOptions& options)
{
    const ComputeThreads compute(options.common.threads);
    PATHLOOM_TRY(const VideoGridRequest request, request_of(options));
    PATHLOOM_TRY(ReaderPackage reader, reader_of(options.common));
    const auto begin = std::chrono::steady_clock::now();
    PATHLOOM_TRY(const Timeline timeline, timeline_of(shell, options.common, true));
    const double seconds_read = seconds_since(begin);
    PATHLOOM_TRY(std::vector<VideoCell> cells, plan_video_grid(timeline, request));
    const auto drawing = std::chrono::steady_clock::now();
    if (!request.no_needle) PATHLOOM_CHECK(read_needles(timeline, request.kind, read_limits(shell, options.common), cells));
    const double seconds_needles = seconds_since(drawing);
    PATHLOOM_TRY(const VideoHaystack haystack,
        encode_timeline(
            reader, timeline, *std::ranges::max_element(request.lengths), memory_folder(options.common), on_stderr(shell)));
    PATHLOOM_CHECK(ask_video_grid(reader, haystack, request, cells, [&](const VideoCell&) { return !shell.stopped(); }));

    json summary{{"route", spoken_of(options) ? "speech track" : "text track"}, {"document_tokens", haystack.memory.rows() + 1},
        {"seconds_read_films", seconds_read}, {"seconds_read_needles", seconds_needles},
        {"seconds_encode_document", haystack.seconds_encode}};
    if (options.transcribed.empty()) return report(shell, options, cells, timeline, reader.hash, std::move(summary));
    PATHLOOM_TRY(const auto recordings, read_transcribed(options.transcribed));
    PATHLOOM_TRY(const SpeechErrors errors, speech_errors(recordings, read_limits(shell, options.common)));
    summary.update({{"wer", errors.wer}, {"wer_words", errors.words}, {"wer_recordings", errors.recordings}});
    return report(shell, options, cells, timeline, reader.hash, std::move(summary),
        fmt::format("word error rate {:.4f} over {} words of {} recordings\n", errors.wer, errors.words, errors.recordings));
}

Result<void> run_visual_video(const ProbeShell& shell, const VideoOptions& options)
{
    const ComputeThreads compute(options.common.threads);
    PATHLOOM_TRY(const VideoGridRequest request, request_of(options));
    PATHLOOM_TRY(const std::filesystem::path folder, vision_folder(options.common.frames));
    PATHLOOM_TRY(VisionModel model, load_vision(folder));
    PATHLOOM_TRY(ReaderPackage reader, reader_of(options.common));
    PATHLOOM_CHECK(check_reader(reader, model));
    const ReadLimits limits = read_limits(shell, options.common);
    const bool joint = options.route == "joint";
    PATHLOOM_TRY(const Timeline timeline, timeline_of(shell, options.common, joint));
    PATHLOOM_TRY(std::vector<VideoCell> cells, plan_video_grid(timeline, request));
    PATHLOOM_TRY(const VisualHaystack haystack,
        encode_films(
            model, timeline, memory_folder(options.common), limits, [&](std::size_t, std::size_t) { return !shell.stopped(); }));
    std::optional<VideoHaystack> text;
    if (joint) {
        PATHLOOM_TRY(text,
            encode_timeline(
                reader, timeline, *std::ranges::max_element(request.lengths), memory_folder(options.common), on_stderr(shell)));
    }
    const auto asking = std::chrono::steady_clock::now();
    PATHLOOM_CHECK(ask_visual_grid(reader, model, {haystack, text ? &*text : nullptr}, timeline, request, limits, cells,
        [&](const VideoCell&) { return !shell.stopped(); }));
    return report(shell, options, cells, timeline, model.hash,
        {{"route", joint ? "text and visual tokens" : "visual tokens"}, {"text_tokens", text ? text->memory.rows() + 1 : 0},
            {"tokens_a_picture", model.net.spec().tokens()}, {"rows_encoded_now", haystack.encoded_now},
            {"seconds_encode_films", haystack.seconds_encode}, {"seconds_needles", seconds_since(asking)}});
}

}  // namespace

namespace {

void add_grid_verb(CLI::App& probe, ProbeShell& shell, NeedleKind kind, const char* name, const char* what)
{
    auto options = std::make_shared<VideoOptions>();
    options->kind = kind;
    options->common.depths = 10;
    options->common.reading.speech = spoken_of(*options);
    options->common.reading.picture_text = !spoken_of(*options);
    auto* verb = probe.add_subcommand(name, what);
    add_common_options(verb, options->common);
    verb->get_option("--doc")->description(
        "Films or recordings, one after the other; together shorter than a length they begin again");
    verb->add_option("--lengths", options->common.lengths, "Seconds of film, separated by commas")
        ->delimiter(',')
        ->required()
        ->check(CLI::Range(10.0, 1e6));
    verb->add_option("--depths", options->common.depths, "Shares of the film a place is drawn from")->check(CLI::Range(1, 1000));
    verb->add_flag("--no-needle", options->common.no_needle, "Put nothing in, and ask");
    if (kind == NeedleKind::Drawn) {
        verb->add_option("--track", options->track, "What the reader is given: text (what is read from the pictures)")
            ->check(CLI::IsMember({"text"}));
        verb->add_option("--route", options->route,
                "How pictures reach the reader: text (what is read from them), visual (a frame encoder's tokens alone) or joint "
                "(these tokens beside the films' text)")
            ->check(CLI::IsMember({"text", "visual", "joint"}));
        verb->add_option(
            "--frames", options->common.frames, "Frame encoder of the visual and the joint route: \"shipped\" or its folder");
    } else {
        verb->add_option("--transcribed", options->transcribed,
            "Also measure the word error rate over these recordings: lines FILE<tab>WORDS");
    }
    verb->add_option("--words", options->words, "Words to choose from, one a line");
    verb->add_option("--seed", options->common.seed, "Of words, times, and places in pictures or voices");
    verb->add_option("--out", options->common.out, "Also write the JSON to this file");
    verb->callback([&shell, options] {
        shell.action = [&shell, options] {
            return options->route == "text" ? run_video(shell, *options) : run_visual_video(shell, *options);
        };
    });
}

}  // namespace

void add_video_verbs(CLI::App& probe, ProbeShell& shell)
{
    add_grid_verb(probe, shell, NeedleKind::Drawn, "video", "A word drawn over one picture of a film, over length and depth");
    add_grid_verb(probe, shell, NeedleKind::Spoken, "audio", "A keyword spoken into a recording, over length and depth");
}

}  // namespace pathloom
