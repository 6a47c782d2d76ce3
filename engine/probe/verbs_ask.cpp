// SPDX-License-Identifier: GPL-3.0-or-later
// ask.
#include "engine/corpus/text.h"
#include "engine/model/kernels/products.h"
#include "engine/probe/joint_answer.h"
#include "engine/probe/probe_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

namespace pathloom {

namespace {

using nlohmann::json;

struct Encoded {
    ProbeDocument document;
    MemoryFile memory;
    std::optional<MemoryFile> pictures = {};
};

/// What films show, encoded picture by picture.
struct Pictures {
    VisionModel model;
    MemoryView view;
    std::vector<std::size_t> rows;  // of each document
};

Result<std::optional<Pictures>> encode_pictures(
    const ProbeShell& shell, const ProbeOptions& options, const ReaderPackage& reader, std::vector<Encoded>& documents)
{
    if (std::ranges::none_of(documents, [](const Encoded& one) { return one.document.pictures > 0; })) return std::nullopt;
    PATHLOOM_TRY(const std::filesystem::path folder, vision_folder(options.frames));
    PATHLOOM_TRY(VisionModel model, load_vision(folder));
    PATHLOOM_CHECK(check_reader(reader, model));
    Pictures out{std::move(model), {}, {}};
    for (Encoded& one : documents) {
        out.rows.push_back(0);
        if (one.document.pictures == 0) continue;
        PATHLOOM_TRY(one.pictures,
            obtain_visual_memory(out.model, one.document.file, one.document.pictures, memory_folder(options),
                read_limits(shell, options), on_stderr(shell)));
        out.rows.back() = one.pictures->rows();
        out.view.add(*one.pictures, 0, one.pictures->rows());
    }
    return out;
}

json locator_json(const std::filesystem::path& file, std::size_t byte, std::size_t token, const Locator& where)
{
    json out{{"file", file.string()}, {"byte", byte}, {"token", token}};  // byte: in the text as it was read
    if (where.page > 0) out["page"] = where.page;
    if (!where.section.empty()) out["section"] = where.section;
    if (where.seconds >= 0.0) out["time"] = where.seconds;
    if (!where.track.empty()) out["track"] = where.track;
    if (where.until >= 0.0) out["until"] = where.until;
    return out;
}

/// Where an answer was read, for programs and for people.
struct Evidence {
    nlohmann::json json = nlohmann::json::array();
    std::string lines;
};

Evidence picture_evidence(const Pictures& pictures, const std::vector<Encoded>& documents, const VisualAnswer& answer)
{
    const PicturePlace place = picture_place(pictures.rows, answer.picture, pictures.model.net.spec().tokens());
    Locator where;
    where.seconds = double(place.second);
    where.track = "picture";
    const auto& file = documents[place.film].document.file;
    Evidence out;
    out.json.push_back({{"locator", {{"file", file.string()}, {"time", place.second}, {"track", where.track}}}, {"mass", 1.0},
        {"text", answer.line}});
    out.lines = fmt::format("  100.0%  {} {}: {}\n", file.filename().string(), to_text(where), answer.line);
    return out;
}

Evidence text_evidence(const std::vector<Encoded>& documents, const Answer& answer)
{
    Evidence out;
    double total = 0.0;
    for (const EvidenceRow& row : answer.evidence) total += row.mass;
    auto found = passages(answer.evidence, 64);
    found.resize(std::min<std::size_t>(found.size(), 5));
    for (const EvidenceRow& row : found) {
        auto at = std::size_t(row.row);
        const Encoded* home = documents.data();
        while (at >= home->memory.rows()) at -= (home++)->memory.rows();
        const std::string& text = home->document.content.text;
        const std::size_t byte = home->memory.bytes()[at + 1];
        const Locator where = home->document.content.at(byte);
        const std::size_t from = code_point_floor(text, byte - std::min<std::size_t>(byte, 120));
        const std::size_t to = code_point_floor(text, std::min(text.size(), byte + 120));
        const std::string passage = text.substr(from, to - from);
        const double share = total > 0.0 ? row.mass / total : 0.0;
        out.json.push_back(
            {{"locator", locator_json(home->document.file, byte, at + 1, where)}, {"mass", share}, {"text", passage}});
        std::string shown = passage;
        std::ranges::replace(shown, '\n', ' ');
        out.lines += fmt::format(
            "  {:>5.1f}%  {} {}: ...{}...\n", 100.0 * share, home->document.file.filename().string(), to_text(where), shown);
    }
    return out;
}

Result<void> run_ask(const ProbeShell& shell, const ProbeOptions& options)
{
    const ComputeThreads compute(options.threads);
    PATHLOOM_TRY(ReaderPackage reader, reader_of(options));
    PATHLOOM_CHECK(check_question(reader, options.question, options.prefix));
    PATHLOOM_TRY(std::vector<ProbeDocument> opened, documents_of(shell, options));
    std::vector<Encoded> documents;
    MemoryView view;
    std::size_t encoded = 0;
    const auto start = std::chrono::steady_clock::now();
    for (ProbeDocument& document : opened) {
        PATHLOOM_TRY(const MemoryIdentity identity, tokenize_document(reader, document.content.text));
        PATHLOOM_TRY(MemoryFile memory,
            MemoryFile::obtain(memory_folder(options), identity, key_source(reader, identity.tokens), on_stderr(shell)));
        encoded += memory.encoded_now();
        documents.push_back({std::move(document), std::move(memory)});
    }
    for (const Encoded& one : documents) view.add(one.memory, 0, one.memory.rows());
    PATHLOOM_TRY(const std::optional<Pictures> pictures, encode_pictures(shell, options, reader, documents));
    const double seconds_encode = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    JointAnswer said;
    if (pictures) {
        PATHLOOM_TRY(said,
            ask_text_and_pictures(
                reader, view, pictures->model, pictures->view, options.question, options.prefix, answer_options(options)));
    } else {
        PATHLOOM_TRY(said.text, ask_memory(reader, view, options.question, options.prefix, answer_options(options)));
    }
    const Answer& answer = said.text;
    const Evidence read
        = said.by_picture ? picture_evidence(*pictures, documents, said.picture) : text_evidence(documents, said.text);
    const double looked = said.picture.seconds;
    json out{{"answer", said.said()}, {"evidence", read.json}, {"seconds_to_first_token", answer.seconds_first + looked},
        {"seconds_answer", answer.seconds + looked}, {"seconds_encode", seconds_encode}, {"encoded_tokens_now", encoded},
        {"tokens", view.rows()}, {"model", reader.hash}, {"peak_rss_mb", peak_rss_mb()}};
    if (pictures)
        out.update({{"answered_by", said.by_picture ? "picture" : "text"}, {"picture_rows", pictures->view.rows()},
            {"found_in_text", answer.found}, {"found_in_pictures", said.picture_found},
            {"picture", {{"second", said.picture.picture}, {"line", said.picture.line}, {"evidence", said.picture.logit}}}});
    shell.print(out, said.said() + "\n" + read.lines);
    return {};
}

}  // namespace

void add_ask_verb(CLI::App& app, ProbeShell& shell)
{
    auto options = std::make_shared<ProbeOptions>();
    auto* ask = app.add_subcommand("ask", "Ask documents a question");
    add_common_options(ask, *options);
    ask->get_option("--doc")->allow_extra_args(false);  // one file each: the question follows
    ask->add_option("QUESTION", options->question, "What to ask")->required();
    options->prefix = "Answer:";
    ask->add_flag("--pictures", options->pictures, "Also ask what films show: each second's picture as a frame encoder's tokens");
    ask->add_option("--frames", options->frames, "That frame encoder: \"shipped\" or its folder");
    ask->add_option("--prefix", options->prefix, "What the answer begins with");
    ask->callback([&shell, options] { shell.action = [&shell, options] { return run_ask(shell, *options); }; });
}

}  // namespace pathloom
