// SPDX-License-Identifier: GPL-3.0-or-later
// Who answers a probe's questions: the reader, and what stands beside it for comparison.
#pragma once

#include "engine/probe/answer.h"
#include "engine/probe/endpoint.h"
#include "engine/probe/memory_view.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

/// One prompt's context: the first `length` tokens of a document with texts put in, and the same as a memory.
struct ProbeContext {
    const MemoryFile* base = nullptr;
    std::size_t length = 0;
    std::span<const Insertion> insertions;  ///< sorted by place
    const MemoryView* memory = nullptr;
    /// All tokens in order: what a model without a memory reads.
    [[nodiscard]] std::vector<std::int32_t> tokens() const;
};

class Contestant {
public:
    virtual ~Contestant() = default;
    [[nodiscard]] virtual std::string name() const = 0;
    /// Nothing when it does not take part here (a context too long for it, a budget used up).
    virtual Result<std::optional<Answer>> answer(
        const ProbeContext& context, const std::string& question, const std::string& answer_prefix)
        = 0;
};

inline constexpr std::size_t WindowBaseline = 512;  ///< tokens: "window" sees the end of the context only
inline constexpr std::size_t FullBaseline = 32768;  ///< tokens: "full" takes part up to this length
inline constexpr std::size_t ChunkTokens = 128, ChunksRead = 8;  ///< of "bm25"

/// "reader": exact retrieval of the best 16 rows. "window": the same, of the last WindowBaseline rows. "full": a softmax over
/// all rows instead of the best 16, up to FullBaseline tokens. "bm25": the ChunksRead best chunks by BM25 (SQLite FTS5), encoded
/// by the same reader in document order. "endpoint": an OpenAI-compatible server. Usage when a name is unknown or `endpoint` is
/// asked for without an address. `reader` outlives them.
Result<std::vector<std::unique_ptr<Contestant>>> make_contestants(
    ReaderPackage& reader, const std::vector<std::string>& names, const AnswerOptions& options, const EndpointOptions& endpoint);

/// Texts of `chunks` that fit `query` best, best first, by BM25 over their words.
Result<std::vector<std::size_t>> bm25_best(std::span<const std::string> chunks, const std::string& query, std::size_t count);

}  // namespace pathloom
