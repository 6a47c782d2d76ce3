// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/routed_reader.h"

#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/probe/reader_package.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace pathloom {

namespace {

constexpr int most_paths = 64;
constexpr double score_unit = 65536.0;
constexpr std::string_view encoder_prefix = "block";  // tensors of the window blocks: what differs between paths

bool is_encoder(const ReaderTensor& tensor)
{
    return tensor.name.starts_with(encoder_prefix);
}

std::filesystem::path paths_file(const std::filesystem::path& folder)
{
    return folder / "paths.safetensors";
}

}  // namespace

TokenRouter::TokenRouter(std::vector<std::int32_t> scores, int paths, int vocabulary)
    : m_scores(std::move(scores))
    , m_paths(paths)
    , m_vocabulary(vocabulary)
{
}

TokenRouter TokenRouter::fit(std::span<const std::vector<std::int64_t>> counts)
{
    std::vector<std::int32_t> scores;
    const std::size_t vocabulary = counts.front().size();
    for (const auto& path : counts) {
        double all = double(vocabulary);
        for (const std::int64_t n : path) all += double(n);
        for (const std::int64_t n : path)
            scores.push_back(std::int32_t(std::lround(score_unit * std::log((double(n) + 1.0) / all))));
    }
    return {std::move(scores), int(counts.size()), int(vocabulary)};
}

std::vector<std::uint8_t> TokenRouter::route(std::span<const std::int32_t> tokens) const
{
    std::vector<std::uint8_t> out(tokens.size());
    std::vector<std::int64_t> sums(std::size_t(m_paths), 0);
    const auto add = [&](std::int32_t token, std::int64_t sign) {
        for (int path = 0; path < m_paths; ++path)
            sums[std::size_t(path)] += sign * m_scores[std::size_t(path) * std::size_t(m_vocabulary) + std::size_t(token)];
    };
    for (std::size_t row = 0; row < tokens.size(); ++row) {
        add(tokens[row], 1);
        if (row >= RoutedChunk) add(tokens[row - RoutedChunk], -1);
        out[row] = std::uint8_t(std::ranges::max_element(sums) - sums.begin());
    }
    return out;
}

std::vector<std::uint8_t> RoutedPaths::paths_of(std::span<const std::int32_t> tokens) const
{
    if (only != RouteAuto) return std::vector<std::uint8_t>(tokens.size(), std::uint8_t(only));
    return router.route(tokens);
}

void RoutedPaths::keys(std::span<const std::int32_t> tokens, std::size_t first, std::size_t count, std::vector<float>& out)
{
    const ReaderSpec& spec = models.front().spec();
    const auto reach = std::size_t(spec.reach()), width = std::size_t(spec.key_dim);
    const std::size_t from = first - std::min(first, RoutedChunk);
    const std::vector<std::uint8_t> route = paths_of(tokens.subspan(from, first + count - from));
    out.resize(count * width);
    std::vector<float> piece;
    for (std::size_t begin = first; begin < first + count;) {
        const std::uint8_t path = route[begin - from];
        std::size_t end = begin + 1;
        while (end < first + count && route[end - from] == path) ++end;
        const std::size_t start = begin - std::min(begin, reach);
        models[path].keys(tokens.subspan(start, end - start), piece);
        std::copy(piece.end() - std::ptrdiff_t((end - begin) * width), piece.end(),
            out.begin() + std::ptrdiff_t((begin - first) * width));
        begin = end;
    }
}

Result<void> use_paths(ReaderPackage& reader, const std::string& which, Precision precision)
{
    const std::filesystem::path file = paths_file(reader.folder);
    std::error_code error;
    if (!std::filesystem::exists(file, error))
        return fail(
            ErrorCode::Usage, "the reader in {} has one path only; reader join makes one of several", reader.folder.string());
    PATHLOOM_TRY(const Safetensors blob, Safetensors::open(file));
    const auto text = [&](const char* key) {
        const auto found = blob.metadata().find(key);
        return found == blob.metadata().end() ? std::string() : found->second;
    };
    const auto damaged
        = [&](const char* why) { return fail(ErrorCode::Corrupt, "{} is damaged: {}; join it again", file.string(), why); };
    const auto names = nlohmann::json::parse(text("names"), nullptr, false);
    if (!names.is_array() || names.empty() || names.size() > std::size_t(most_paths)) return damaged("no names of paths");
    if (text("model") != reader.hash)
        return fail(ErrorCode::Corrupt, "{} belongs to another model.safetensors; join it again", file.string());
    const ReaderSpec& spec = reader.model.spec();
    if (std::size_t(spec.reach()) < RoutedChunk)  // what an insertion changes would be more than the reach after it
        return fail(ErrorCode::Usage, "a routed reader's encoder must reach back {} tokens, not {}", RoutedChunk, spec.reach());
    PATHLOOM_TRY(const TensorView* scores, blob.expect("scores", DType::I32));
    if (scores->elements() != std::int64_t(names.size()) * spec.vocabulary) return damaged("scores of another shape");
    PATHLOOM_TRY(const std::string bytes_hash, sha256_file(file));
    auto paths = std::make_shared<RoutedPaths>(RoutedPaths{{}, {},
        TokenRouter({scores->as<std::int32_t>().begin(), scores->as<std::int32_t>().end()}, int(names.size()), spec.vocabulary),
        RouteAuto, {}});
    for (std::size_t k = 0; k < names.size(); ++k) {
        if (!names[k].is_string()) return damaged("a path without a name");
        paths->names.push_back(names[k].get<std::string>());
        std::vector<float> values(reader.model.parameters().begin(), reader.model.parameters().end());
        for (const ReaderTensor& tensor : reader.model.layout().tensors()) {
            if (!is_encoder(tensor)) continue;
            PATHLOOM_TRY(const TensorView* view, blob.expect(fmt::format("{}/{}", k, tensor.name), DType::F32));
            if (std::size_t(view->elements()) != tensor.size) return damaged("a tensor of another shape");
            const auto own = view->as<float>();
            if (!std::ranges::all_of(own, [](float v) { return std::isfinite(v); })) return damaged("a weight is not finite");
            std::ranges::copy(own, values.begin() + std::ptrdiff_t(tensor.offset));
        }
        PATHLOOM_TRY(MemoryModel model, MemoryModel::create(spec, std::move(values), precision));
        paths->models.push_back(std::move(model));
    }
    if (which != "auto") {
        const auto [end, problem] = std::from_chars(which.data(), which.data() + which.size(), paths->only);
        if (problem != std::errc() || end != which.data() + which.size() || paths->only < 0 || paths->only >= int(names.size()))
            return fail(ErrorCode::Usage, "--path is auto or a number below {}, not '{}'", names.size(), which);
    }
    paths->hash = sha256_hex(bytes_hash + which);
    reader.hash = sha256_hex(reader.hash + paths->hash);  // its memories are others
    reader.routed = std::move(paths);
    return {};
}

Result<void> write_paths(const ReaderPackage& shared, std::span<const PathSource> paths, const std::filesystem::path& out)
{
    if (paths.empty() || paths.size() > std::size_t(most_paths))
        return fail(ErrorCode::Usage, "a routed reader has 1 to {} paths", most_paths);
    const ReaderLayout& layout = shared.model.layout();
    std::vector<ReaderPackage> readers;
    std::vector<std::vector<std::int64_t>> counts;
    nlohmann::json names = nlohmann::json::array();
    for (const PathSource& path : paths) {
        PATHLOOM_TRY(ReaderPackage reader, load_reader(path.reader, Precision::Fp32));
        if (!(reader.model.spec() == shared.model.spec()))
            return fail(ErrorCode::Usage, "the reader in {} has another shape than the shared one", path.reader.string());
        if (reader.tokenizer.model() != shared.tokenizer.model())
            return fail(ErrorCode::Usage, "the reader in {} has another tokenizer than the shared one", path.reader.string());
        readers.push_back(std::move(reader));
        counts.push_back(path.counts);
        names.push_back(path.name);
    }
    const TokenRouter router = TokenRouter::fit(counts);
    std::vector<TensorView> tensors{
        {"scores", DType::I32, {std::int64_t(paths.size()), shared.model.spec().vocabulary}, std::as_bytes(router.scores())}};
    for (std::size_t k = 0; k < readers.size(); ++k) {
        for (const ReaderTensor& tensor : layout.tensors()) {
            if (!is_encoder(tensor)) continue;
            tensors.push_back({fmt::format("{}/{}", k, tensor.name), DType::F32, tensor.shape,
                std::as_bytes(readers[k].model.parameters().subspan(tensor.offset, tensor.size))});
        }
    }
    PATHLOOM_CHECK(make_folders(out));
    for (const char* name : {"model.safetensors", "tokenizer.model"}) {
        PATHLOOM_TRY(const std::string bytes, read_file(shared.folder / name));
        PATHLOOM_CHECK(write_file_atomic(out / name, bytes));
    }
    std::error_code ignored;
    std::filesystem::remove(out / "gate.json", ignored);  // perhaps of other weights
    if (shared.gate) {  // the shared reader asks and reads, so what it measured holds
        PATHLOOM_TRY(const std::string gate, read_file(shared.folder / "gate.json"));
        PATHLOOM_CHECK(write_file_atomic(out / "gate.json", gate));
    }
    return write_file_atomic(paths_file(out), write_safetensors(tensors, {{"names", names.dump()}, {"model", shared.hash}}));
}

Result<void> record_paths(const std::filesystem::path& folder, const std::string& memory, std::span<const std::uint8_t> paths)
{
    const std::vector<TensorView> tensors{{"path", DType::U8, {std::int64_t(paths.size())}, std::as_bytes(paths)}};
    return write_file_atomic(folder / (memory + ".paths"), write_safetensors(tensors, {{"memory", memory}}));
}

Result<std::vector<std::uint8_t>> recorded_paths(const std::filesystem::path& folder, const std::string& memory, std::size_t rows)
{
    PATHLOOM_TRY(const Safetensors blob, Safetensors::open(folder / (memory + ".paths")));
    PATHLOOM_TRY(const TensorView* path, blob.expect("path", DType::U8));
    if (std::size_t(path->elements()) != rows)
        return fail(ErrorCode::Corrupt, "{}.paths is for another memory; remove it", memory);
    return std::vector<std::uint8_t>(path->as<std::uint8_t>().begin(), path->as<std::uint8_t>().end());
}

}  // namespace pathloom
