// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/contestant.h"

#include "engine/store/sqlite.h"

#include <algorithm>
#include <cctype>

namespace pathloom {

namespace {

class ReaderContestant : public Contestant {
public:
    ReaderContestant(ReaderPackage& reader, const AnswerOptions& options)
        : m_reader(reader)
        , m_options(options)
    {
    }
    [[nodiscard]] std::string name() const override { return "reader"; }
    Result<std::optional<Answer>> answer(
        const ProbeContext& context, const std::string& question, const std::string& answer_prefix) override
    {
        PATHLOOM_TRY(Answer said, ask_memory(m_reader, *context.memory, question, answer_prefix, m_options));
        return said;
    }

private:
    ReaderPackage& m_reader;
    AnswerOptions m_options;
};

/// Tokens encoded on the spot as a memory of their own.
Result<Answer> ask_tokens(ReaderPackage& reader, std::span<const std::int32_t> tokens, const std::string& question,
    const std::string& answer_prefix, const AnswerOptions& options)
{
    MemoryView view;
    if (tokens.size() > 1) {
        const std::size_t rows = tokens.size() - 1, width = std::size_t(reader.model.spec().key_dim);
        std::vector<float> keys;
        PATHLOOM_CHECK(key_source(reader, tokens)(0, rows, keys));
        auto patch = std::make_shared<KeyPatch>();
        patch->keys.resize(rows * key_stride(width));
        patch->scales.resize(rows);
        quantise_keys(keys, width, patch->keys.data(), patch->scales.data());
        for (std::size_t r = 0; r < rows; ++r) patch->values.push_back(std::uint16_t(tokens[r + 1]));
        view.add(std::move(patch));
    }
    return ask_memory(reader, view, question, answer_prefix, options);
}

class WindowContestant : public Contestant {
public:
    WindowContestant(ReaderPackage& reader, const AnswerOptions& options)
        : m_reader(reader)
        , m_options(options)
    {
    }
    [[nodiscard]] std::string name() const override { return "window"; }
    Result<std::optional<Answer>> answer(
        const ProbeContext& context, const std::string& question, const std::string& answer_prefix) override
    {
        const std::vector<std::int32_t> tokens = context.tokens();
        const auto seen = std::span(tokens).last(std::min(tokens.size(), WindowBaseline));
        PATHLOOM_TRY(Answer said, ask_tokens(m_reader, seen, question, answer_prefix, m_options));
        return said;
    }

private:
    ReaderPackage& m_reader;
    AnswerOptions m_options;
};

/// The same weights with as many rows read as there are.
class FullContestant : public Contestant {
public:
    FullContestant(ReaderPackage& reader, AnswerOptions options)
        : m_reader(reader)
        , m_options(options)
    {
        m_options.scan.rescored = FullBaseline;
        m_options.rank = {};  // no ranking by words, and so no gate
    }
    [[nodiscard]] std::string name() const override { return "full"; }
    Result<std::optional<Answer>> answer(
        const ProbeContext& context, const std::string& question, const std::string& answer_prefix) override
    {
        if (std::size_t(context.memory->rows()) >= FullBaseline) return std::nullopt;
        if (!m_wide) {
            ReaderSpec spec = m_reader.model.spec();
            spec.top_k = int(FullBaseline);
            const auto values = m_reader.model.parameters();
            PATHLOOM_TRY(MemoryModel model, MemoryModel::create(spec, {values.begin(), values.end()}, Precision::Fp32));
            PATHLOOM_TRY(Tokenizer tokenizer, Tokenizer::from_model(m_reader.tokenizer.model()));
            m_wide.emplace(ReaderPackage{std::move(model), std::move(tokenizer), m_reader.hash, m_reader.folder});
        }
        PATHLOOM_TRY(Answer said, ask_memory(*m_wide, *context.memory, question, answer_prefix, m_options));
        return said;
    }

private:
    ReaderPackage& m_reader;
    AnswerOptions m_options;
    std::optional<ReaderPackage> m_wide;
};

class Bm25Contestant : public Contestant {
public:
    Bm25Contestant(ReaderPackage& reader, const AnswerOptions& options)
        : m_reader(reader)
        , m_options(options)
    {
    }
    [[nodiscard]] std::string name() const override { return "bm25"; }
    Result<std::optional<Answer>> answer(
        const ProbeContext& context, const std::string& question, const std::string& answer_prefix) override
    {
        const std::vector<std::int32_t> tokens = context.tokens();
        std::vector<std::string> chunks;
        // Half a chunk apart, so that no fact is cut in every chunk that holds it.
        for (std::size_t at = 0; at < tokens.size(); at += ChunkTokens / 2)
            chunks.push_back(m_reader.tokenizer.decode(std::span(tokens).subspan(at, std::min(ChunkTokens, tokens.size() - at))));
        PATHLOOM_TRY(std::vector<std::size_t> best, bm25_best(chunks, question + " " + answer_prefix, ChunksRead));
        std::ranges::sort(best);
        std::vector<std::int32_t> read;
        std::size_t end = 0;
        for (const std::size_t chunk : best) {
            const std::size_t from = std::max(end, chunk * (ChunkTokens / 2));
            end = std::min(tokens.size(), chunk * (ChunkTokens / 2) + ChunkTokens);
            read.insert(read.end(), tokens.begin() + std::ptrdiff_t(from), tokens.begin() + std::ptrdiff_t(std::max(from, end)));
        }
        PATHLOOM_TRY(Answer said, ask_tokens(m_reader, read, question, answer_prefix, m_options));
        return said;
    }

private:
    ReaderPackage& m_reader;
    AnswerOptions m_options;
};

class EndpointContestant : public Contestant {
public:
    EndpointContestant(ReaderPackage& reader, Endpoint endpoint, int max_tokens)
        : m_reader(reader)
        , m_endpoint(std::move(endpoint))
        , m_max_tokens(max_tokens)
    {
    }
    [[nodiscard]] std::string name() const override { return "endpoint"; }
    Result<std::optional<Answer>> answer(
        const ProbeContext& context, const std::string& question, const std::string& answer_prefix) override
    {
        return m_endpoint.answer(m_reader.tokenizer.decode(context.tokens()), question, answer_prefix, m_max_tokens);
    }

private:
    ReaderPackage& m_reader;
    Endpoint m_endpoint;
    int m_max_tokens;
};

}  // namespace

std::vector<std::int32_t> ProbeContext::tokens() const
{
    std::vector<std::int32_t> out;
    std::size_t at = 0;
    for (const Insertion& insertion : insertions) {
        for (; at < insertion.at; ++at) out.push_back(base->tokens()[at]);
        out.insert(out.end(), insertion.tokens.begin(), insertion.tokens.end());
    }
    for (; at < length; ++at) out.push_back(base->tokens()[at]);
    return out;
}

Result<std::vector<std::size_t>> bm25_best(std::span<const std::string> chunks, const std::string& query, std::size_t count)
{
    std::string words;  // "a" OR "b": quoted, so that nothing in a question is an operator
    std::string word;
    for (const char c : query + " ") {
        if (std::isalnum(static_cast<unsigned char>(c)) || (static_cast<unsigned char>(c) & 0x80U)) {
            word += c;
        } else if (!word.empty()) {
            words += (words.empty() ? "\"" : " OR \"") + std::exchange(word, {}) + "\"";
        }
    }
    std::vector<std::size_t> out;
    if (words.empty()) return out;
    PATHLOOM_TRY(const auto database, Database::open(":memory:"));
    PATHLOOM_CHECK(database->execute("CREATE VIRTUAL TABLE chunk USING fts5(text)"));
    PATHLOOM_CHECK(database->execute("BEGIN"));
    for (std::size_t i = 0; i < chunks.size(); ++i)
        PATHLOOM_CHECK(database->run("INSERT INTO chunk(rowid, text) VALUES (?, ?)", i, chunks[i]));
    PATHLOOM_CHECK(database->execute("COMMIT"));
    PATHLOOM_CHECK(database->each(
        "SELECT rowid FROM chunk WHERE chunk MATCH ? ORDER BY bm25(chunk), rowid LIMIT ?",
        [&](const SqlRow& row) { out.push_back(std::size_t(row.integer(0))); }, words, count));
    return out;
}

Result<std::vector<std::unique_ptr<Contestant>>> make_contestants(
    ReaderPackage& reader, const std::vector<std::string>& names, const AnswerOptions& options, const EndpointOptions& endpoint)
{
    std::vector<std::unique_ptr<Contestant>> out;
    for (const std::string& name : names) {
        if (std::ranges::any_of(out, [&](const auto& one) { return one->name() == name; })) continue;
        if (name == "reader") {
            out.push_back(std::make_unique<ReaderContestant>(reader, options));
        } else if (name == "window") {
            out.push_back(std::make_unique<WindowContestant>(reader, options));
        } else if (name == "full") {
            out.push_back(std::make_unique<FullContestant>(reader, options));
        } else if (name == "bm25") {
            out.push_back(std::make_unique<Bm25Contestant>(reader, options));
        } else if (name == "endpoint") {
            PATHLOOM_TRY(Endpoint made, Endpoint::create(endpoint));
            out.push_back(std::make_unique<EndpointContestant>(reader, std::move(made), options.max_tokens));
        } else {
            return fail(ErrorCode::Usage, "no baseline named '{}'; there are window, full, bm25 and endpoint", name);
        }
    }
    return out;
}

}  // namespace pathloom
