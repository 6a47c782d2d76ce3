// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/cli/probe_call.h"

#include "engine/core/files.h"
#include "engine/core/resources.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace pathloom {

namespace {

using Stub = v1::Engine::StubInterface;
constexpr std::array<std::string_view, 6> probe_verbs{"reader", "vision", "probe", "ask", "translate", "pack"};
constexpr int page = 1000;

/// Where the value of an option of ours goes; null for every other word.
std::string* place_of(ProbeCall& call, std::string_view option)
{
    if (option == "--project") return &call.connection.project;
    if (option == "--engine") return &call.connection.engine;
    if (option == "--token-file") return &call.connection.token_file;
    if (option == "--tls-ca") return &call.connection.tls.ca;
    if (option == "--tls-cert") return &call.connection.tls.cert;
    if (option == "--tls-key") return &call.connection.tls.key;
    if (option == "--split") return &call.split;
    if (option == "--corpus") return &call.corpora.emplace_back();
    return nullptr;
}

}  // namespace

std::optional<ProbeCall> read_probe_call(const std::vector<std::string>& arguments)
{
    ProbeCall call;
    int verbs = 0;
    bool plain = false;  // after "--" nothing is an option
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        const std::size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
        std::string* const place = i == 0 || plain ? nullptr : place_of(call, std::string_view(word).substr(0, equals));
        if (place && equals != std::string::npos) {
            *place = word.substr(equals + 1);
        } else if (place && i + 1 < arguments.size()) {
            *place = arguments[++i];
        } else {
            plain = plain || word == "--";
            call.json = call.json || (word == "--json" && !plain);
            call.words.push_back(word);
            if (i == 0 || plain || word.starts_with('-')) continue;
            if (call.verb.empty()) call.verb = word;
            if (verbs < (call.verb == "ask" || call.verb == "translate" ? 1 : 2)) {  // "probe needle", "reader train", "ask"
                ++verbs;
                call.options_at = call.words.size();
            }
        }
    }
    if (std::ranges::find(probe_verbs, call.verb) == probe_verbs.end()) return std::nullopt;
    return call;
}

Result<std::filesystem::path> fetch_corpus_text(Session& session, const std::string& name, const std::string& split)
{
    v1::GetCorpusRequest which;
    which.set_name(name);
    PATHLOOM_TRY(const auto corpus, session.call(&Stub::GetCorpus, which));
    if (corpus.text_hash().empty())
        return fail(ErrorCode::Unsupported, "the engine is older than this program and does not give out a corpus's text");
    const auto folder = cache_folder() / "corpora" / corpus.text_hash();
    const auto file = folder / ((split.empty() ? "all" : split) + ".txt");
    std::error_code error;
    if (std::filesystem::exists(file, error)) return file;  // it is named by what is in it

    PATHLOOM_TRY(const std::string text, session.blob(corpus.text_hash()));
    std::string out;
    std::size_t at = 0;
    for (std::int64_t offset = 0;;) {
        v1::ListDocumentsRequest request;
        request.set_corpus(name);
        request.set_offset(offset);
        request.set_limit(page);
        PATHLOOM_TRY(const auto documents, session.call(&Stub::ListDocuments, request));
        for (const auto& document : documents.documents()) {
            const auto bytes = std::size_t(document.bytes());
            if (bytes > text.size() - at)
                return fail(ErrorCode::Corrupt, "the documents of corpus '{}' do not fit its text; import it again", name);
            if (split.empty() || document.split() == split) {
                if (!out.empty()) out += "\n\n";
                out.append(text, at, bytes);
            }
            at += bytes;
        }
        offset += documents.documents_size();
        if (documents.documents_size() == 0 || offset >= documents.total()) break;
    }
    if (out.empty()) return fail(ErrorCode::Usage, "corpus '{}' has no documents in the split '{}'", name, split);
    PATHLOOM_CHECK(make_folders(folder));
    PATHLOOM_CHECK(write_file_atomic(file, out));
    return file;
}

namespace {

Result<void> prepare(ProbeCall& call, Interrupt& interrupted)
{
    if (!call.split.empty() && call.split != "train" && call.split != "valid" && call.split != "test")
        return fail(ErrorCode::Usage, "--split is train, valid or test, not '{}'", call.split);
    std::vector<std::string> more;
    if (call.corpora.empty()) {
        if (!call.split.empty()) return fail(ErrorCode::Usage, "--split is of a corpus; give --corpus NAME too");
    } else {
        PATHLOOM_TRY(const auto session, Session::open(call.connection, 0, interrupted));
        for (const std::string& name : call.corpora) {
            PATHLOOM_TRY(const std::filesystem::path file, fetch_corpus_text(*session, name, call.split));
            more.insert(more.end(), {"--doc", file.string()});
        }
    }
    if (!call.connection.project.empty() && call.verb == "probe")  // where it keeps its results
        more.insert(more.end(), {"--project", call.connection.project});
    call.words.insert(call.words.begin() + std::ptrdiff_t(call.options_at), more.begin(), more.end());
    return {};
}

}  // namespace

Error hand_over_to_probe(ProbeCall call, Interrupt& interrupted)
{
    const auto program = sibling_program("pathloom-probe");
    if (!program) return program.error();
    if (const auto ready = prepare(call, interrupted); !ready) return ready.error();
    std::vector<char*> argv;
    for (std::string& word : call.words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(program->c_str(), argv.data());
    return {ErrorCode::Failed, fmt::format("cannot start {}: {}; reinstall Pathloom", program->string(), std::strerror(errno))};
}

}  // namespace pathloom
