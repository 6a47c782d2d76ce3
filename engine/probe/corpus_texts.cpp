// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/corpus_texts.h"

#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/corpus/jsonl.h"
#include "engine/corpus/zstd_bytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace pathloom {

namespace {

constexpr std::uint64_t largest_corpus = std::uint64_t(4) << 30;

}  // namespace

Result<CorpusTexts> read_corpus_texts(const std::filesystem::path& file, const std::vector<std::string>& domains)
{
    PATHLOOM_TRY(std::string bytes, read_file(file));
    CorpusTexts texts;
    texts.hash = sha256_hex(bytes);
    if (file.extension() == ".zst") {
        auto plain = zstd_decompress(bytes, largest_corpus);
        if (!plain) return fail(plain.error().code, "{}: {}", file.string(), plain.error().message);
        bytes = std::move(*plain);
    }
    std::string problem;
    for_each_line(bytes, [&](std::int64_t number, std::string_view line) {
        auto record = parse_record(line);
        if (!record) {
            if (problem.empty()) problem = fmt::format("{}:{}: {}", file.string(), number, record.error().message);
            return;
        }
        if (!domains.empty() && std::ranges::find(domains, record->domain) == domains.end()) return;
        const Split split = record->split.value_or(Split::Train);
        if (split == Split::Train) texts.train.push_back(std::move(record->text));
        if (split == Split::Valid) texts.valid.push_back(std::move(record->text));
    });
    if (!problem.empty()) return fail(ErrorCode::Corrupt, "{}", problem);
    if (texts.train.empty() || texts.valid.empty())
        return fail(ErrorCode::Usage, "{} has no training or no validation documents of these domains", file.string());
    return texts;
}

std::vector<std::string_view> views(const std::vector<std::string>& texts)
{
    return {texts.begin(), texts.end()};
}

}  // namespace pathloom
