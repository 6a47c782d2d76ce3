// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/reader_package.h"

#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/resources.h"
#include "engine/corpus/text.h"
#include "engine/probe/routed_reader.h"

#include <algorithm>

namespace pathloom {

namespace {

constexpr std::size_t PieceRows = 2048;  // divides MemoryBlockRows

}  // namespace

Result<std::filesystem::path> reader_folder(const std::string& model)
{
    if (model == "shipped") return resource_path("models/reader-s");
    return std::filesystem::path(model);
}

Result<ReaderPackage> load_reader(const std::filesystem::path& folder, Precision precision)
{
    const std::filesystem::path weights_file = folder / "model.safetensors";
    PATHLOOM_TRY(const Safetensors file, Safetensors::open(weights_file));
    auto weights = read_reader(file);
    if (!weights) return fail(weights.error().code, "{}: {}", weights_file.string(), weights.error().message);
    PATHLOOM_TRY(const std::string tokenizer_bytes, read_file(folder / "tokenizer.model"));
    PATHLOOM_TRY(Tokenizer tokenizer, Tokenizer::from_model(tokenizer_bytes));
    if (tokenizer.vocabulary() != weights->spec.vocabulary)
        return fail(ErrorCode::Corrupt, "{}: the tokenizer has {} tokens and the model {}; they do not belong together",
            folder.string(), tokenizer.vocabulary(), weights->spec.vocabulary);
    PATHLOOM_TRY(std::string hash, sha256_file(weights_file));
    PATHLOOM_TRY(MemoryModel model, MemoryModel::create(weights->spec, std::move(weights->values), precision));
    std::optional<EvidenceGate> gate;
    std::string gate_hash;
    std::error_code ignored;
    if (const std::filesystem::path gate_file = folder / "gate.json"; std::filesystem::exists(gate_file, ignored)) {
        PATHLOOM_TRY(const std::string text, read_file(gate_file));
        auto parsed = parse_gate(text, hash);
        if (!parsed) return fail(parsed.error().code, "{}: {}", gate_file.string(), parsed.error().message);
        gate = std::move(*parsed);
        gate_hash = sha256_hex(text);
    }
    return ReaderPackage{
        std::move(model), std::move(tokenizer), std::move(hash), folder, nullptr, std::move(gate), std::move(gate_hash)};
}

std::vector<float> prompt_query(ReaderPackage& reader, std::string_view prompt)
{
    return reader.model.query(reader.tokenizer.encode_ids(prompt)).query;
}

Result<MemoryIdentity> tokenize_document(const ReaderPackage& reader, std::string_view text)
{
    if (const auto why = why_not_text(text)) return fail(ErrorCode::Usage, "the document is no text ({})", *why);
    MemoryIdentity identity{reader.hash, {}, {}, std::uint32_t(reader.model.spec().key_dim)};
    // Piece by piece, because a token counts bytes in 32 bits of one text and SentencePiece's own tables are large.
    constexpr std::size_t piece = std::size_t(1) << 24;
    for (std::size_t base = 0; base < text.size();) {
        std::size_t end = std::min(text.size(), base + piece);
        if (end < text.size()) end = base + code_point_floor(text.substr(base), piece);
        for (const Token& token : reader.tokenizer.encode(text.substr(base, end - base))) {
            identity.tokens.push_back(token.id);
            identity.bytes.push_back(std::uint32_t(base) + std::uint32_t(token.byte));
        }
        base = end;
    }
    if (identity.tokens.size() < 2) return fail(ErrorCode::Usage, "the document is empty; give one with some text");
    return identity;
}

KeySource key_source(ReaderPackage& reader, std::span<const std::int32_t> tokens)
{
    return [&reader, tokens](std::size_t first, std::size_t count, std::vector<float>& keys) -> Result<void> {
        const auto reach = std::size_t(reader.model.spec().reach()), width = std::size_t(reader.model.spec().key_dim);
        keys.resize(count * width);
        std::vector<float> piece;
        for (std::size_t done = 0; done < count;) {
            const std::size_t n = std::min(PieceRows, count - done), at = first + done, from = at - std::min(at, reach);
            if (reader.routed)
                reader.routed->keys(tokens, at, n, piece);
            else
                reader.model.keys(tokens.subspan(from, at + n - from), piece);
            std::copy(piece.end() - std::ptrdiff_t(n * width), piece.end(), keys.begin() + std::ptrdiff_t(done * width));
            done += n;
        }
        return {};
    };
}

}  // namespace pathloom
