// SPDX-License-Identifier: GPL-3.0-or-later
// ask.
#include "engine/corpus/text.h"
#include "engine/model/kernels/products.h"
#include "engine/probe/probe_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

namespace pathloom {

namespace {

using nlohmann::json;

struct Encoded {
    ProbeDocument document;
    MemoryFile memory;
};

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

Result<void> run_ask(const ProbeShell& shell, const ProbeOptions& options)
{
    const ComputeThreads compute(options.threads);
    PATHLOOM_TRY(ReaderPackage reader, reader_of(options));
    PATHLOOM_CHECK(check_question(reader, options.question, options.prefix));
    PATHLOOM_TRY(std::vector<ProbeDocument> read, documents_of(shell, options));
    std::vector<Encoded> documents;
    MemoryView view;
    std::size_t encoded = 0;
    const auto start = std::chrono::steady_clock::now();
    for (ProbeDocument& document : read) {
        PATHLOOM_TRY(const MemoryIdentity identity, tokenize_document(reader, document.content.text));
        PATHLOOM_TRY(MemoryFile memory,
            MemoryFile::obtain(memory_folder(options), identity, key_source(reader, identity.tokens), on_stderr(shell)));
        encoded += memory.encoded_now();
        documents.push_back({std::move(document), std::move(memory)});
    }
    for (const Encoded& one : documents) view.add(one.memory, 0, one.memory.rows());
    const double seconds_encode = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    PATHLOOM_TRY(const Answer answer, ask_memory(reader, view, options.question, options.prefix, answer_options(options)));

    json evidence = json::array();
    std::string lines;
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
        evidence.push_back(
            {{"locator", locator_json(home->document.file, byte, at + 1, where)}, {"mass", share}, {"text", passage}});
        std::string shown = passage;
        std::ranges::replace(shown, '\n', ' ');
        lines += fmt::format(
            "  {:>5.1f}%  {} {}: ...{}...\n", 100.0 * share, home->document.file.filename().string(), to_text(where), shown);
    }
    const json out{{"answer", answer.text}, {"evidence", evidence}, {"seconds_to_first_token", answer.seconds_first},
        {"seconds_answer", answer.seconds}, {"seconds_encode", seconds_encode}, {"encoded_tokens_now", encoded},
        {"tokens", view.rows()}, {"model", reader.hash}, {"peak_rss_mb", peak_rss_mb()}};
    shell.print(out, answer.text + "\n" + lines);
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
    ask->add_option("--prefix", options->prefix, "What the answer begins with");
    ask->callback([&shell, options] { shell.action = [&shell, options] { return run_ask(shell, *options); }; });
}

}  // namespace pathloom
