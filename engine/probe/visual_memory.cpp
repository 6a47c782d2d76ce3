// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/visual_memory.h"

#include "engine/core/clock.h"
#include "engine/core/hash.h"
#include "engine/probe/answer.h"
#include "engine/probe/mixture.h"
#include "engine/vision/film_pictures.h"
#include "engine/vision/frame_reading.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

namespace pathloom {

namespace {

constexpr std::size_t top_rows = 64;  // hard top-k: a word is up to twenty rows wide

/// A memory's rows as numbers again.
std::vector<float> rows_of(const MemoryView& memory, std::int64_t first, std::size_t count, std::size_t width)
{
    std::vector<float> out;
    out.reserve(count * width);
    for (std::size_t i = 0; i < count; ++i) {
        const KeyRun row = memory.row(first + std::int64_t(i), width);
        for (std::size_t k = 0; k < width; ++k) out.push_back(float(row.keys[k]) * (float(row.scales[0]) * KeyScaleUnit));
    }
    return out;
}

}  // namespace

Result<MemoryIdentity> visual_identity(const VisionModel& model, const std::filesystem::path& film, int seconds)
{
    PATHLOOM_TRY(const std::string content, sha256_file(film));
    const std::size_t tokens = std::size_t(model.net.spec().tokens()), rows = std::size_t(seconds) * tokens;
    MemoryIdentity out{sha256_hex("frames " + model.hash + content), {}, {}, std::uint32_t(model.net.spec().row_dim())};
    for (std::size_t i = 0; i <= rows; ++i) {  // one more: a memory has a row less than tokens
        out.tokens.push_back(std::int32_t(i % tokens));
        out.bytes.push_back(std::uint32_t(i / tokens));
    }
    return out;
}

Result<MemoryFile> obtain_visual_memory(VisionModel& model, const std::filesystem::path& film, int seconds,
    const std::filesystem::path& folder, const ReadLimits& limits, const MemoryProgress& progress)
{
    PATHLOOM_TRY(const MemoryIdentity identity, visual_identity(model, film, seconds));
    const VisionSpec& spec = model.net.spec();
    const auto tokens = std::size_t(spec.tokens()), width = std::size_t(spec.row_dim());
    const KeySource source = [&](std::size_t first, std::size_t count, std::vector<float>& rows) -> Result<void> {
        rows.assign(count * width, 0.0f);
        const std::size_t from = first / tokens, to = (first + count - 1) / tokens + 1;
        std::size_t seen = 0;
        PATHLOOM_CHECK(film_pictures(
            film, spec.width, spec.height, from, to - from, limits, [&](std::size_t index, const Picture& grey) -> Result<void> {
                const std::vector<float> frame = frame_rows(model.net, grey);
                for (std::size_t t = 0; t < tokens; ++t) {
                    const std::size_t row = (from + index) * tokens + t;
                    if (row < first || row >= first + count) continue;
                    std::copy_n(&frame[t * width], width, &rows[(row - first) * width]);
                }
                ++seen;
                if (!progress(first + std::min(count, seen * tokens), identity.rows()))
                    return fail(ErrorCode::Cancelled, "stopped while encoding {}", film.string());
                return {};
            }));
        if (seen != to - from)
            return fail(ErrorCode::Failed, "{} gave {} pictures of {}; read it again", film.string(), seen, to - from);
        return {};
    };
    return MemoryFile::obtain(folder, identity, source, progress);
}

std::shared_ptr<const KeyPatch> frame_patch(VisionNet& net, const Picture& grey)
{
    const auto width = std::size_t(net.spec().row_dim()), tokens = std::size_t(net.spec().tokens());
    const std::vector<float> rows = frame_rows(net, grey);
    KeyPatch out;
    out.keys.resize(tokens * key_stride(width));
    out.scales.resize(tokens);
    for (std::size_t t = 0; t < tokens; ++t) out.values.push_back(std::uint16_t(t));
    quantise_keys(rows, width, out.keys.data(), out.scales.data());
    return std::make_shared<const KeyPatch>(std::move(out));
}

PicturePlace picture_place(std::span<const std::size_t> rows, std::int64_t picture, int tokens)
{
    auto at = std::size_t(picture) * std::size_t(tokens);
    PicturePlace out;
    while (at >= rows[out.film]) at -= rows[out.film++];
    out.second = std::int64_t(at) / tokens;
    return out;
}

std::vector<double> picture_likeness(const VisionSpec& spec, const MemoryView& memory, std::span<const float> wanted)
{
    const auto tokens = std::size_t(spec.tokens()), width = std::size_t(spec.row_dim());
    std::vector<double> out;
    const auto look = std::size_t(spec.look_dim);
    for (std::int64_t first = 0; first + spec.tokens() <= memory.rows(); first += spec.tokens()) {
        double sum = 0.0;
        for (std::size_t t = 0; t < tokens; ++t) {
            const std::int8_t* const part = memory.row(first + std::int64_t(t), width).keys + (width - look);
            double product = 0.0, squares = 1e-12;  // a row's scale is gone in the cosine
            for (std::size_t i = 0; i < look; ++i) {
                product += double(part[i]) * double(wanted[t * look + i]);
                squares += double(part[i]) * double(part[i]);
            }
            sum += product / std::sqrt(squares);
        }
        out.push_back(sum / double(tokens));
    }
    return out;
}

Result<void> check_reader(const ReaderPackage& reader, const VisionModel& model)
{
    if (model.reader == reader.hash) return {};
    return fail(
        ErrorCode::Usage, "the frame encoder was trained with the questions of another reader; train one with this reader's");
}

Result<FrameQuestion> frame_question(
    ReaderPackage& reader, const VisionModel& model, std::string_view question, std::string_view answer_prefix)
{
    PATHLOOM_CHECK(check_reader(reader, model));
    PATHLOOM_CHECK(check_question(reader, question, answer_prefix));
    const std::string prompt = reader_prompt(question, answer_prefix);
    return FrameQuestion{prompt_query(reader, prompt), LineWords(prompt)};
}

VisualAnswer ask_visual_memory(const VisionModel& model, const FrameQuestion& asked, const MemoryView& memory, int threads)
{
    const auto start = std::chrono::steady_clock::now();
    const auto tokens = std::size_t(model.net.spec().tokens()), width = std::size_t(model.net.spec().row_dim());
    std::vector<float> over_rows = asked.query;
    over_rows.resize(width, 0.0f);
    ScanOptions options;
    options.top = top_rows;
    options.threads = threads;
    std::set<std::int64_t> pictures;
    for (const ScanHit& hit : scan_keys(memory.runs(), over_rows, width, options))
        pictures.insert(hit.row / std::int64_t(tokens));
    VisualAnswer out;
    out.text = NoAnswer;
    FrameReading best;
    for (const std::int64_t picture : pictures) {
        const FrameReading reading = read_frame(model.net, asked, rows_of(memory, picture * std::int64_t(tokens), tokens, width));
        const double logit = model.gate.logit(measure_frame(reading));
        if (out.picture >= 0 && logit <= out.logit) continue;
        best = reading;
        out.picture = picture;
        out.logit = logit;
    }
    out.line = best.line;
    out.first = best.first;
    out.last = best.last;
    if (out.picture >= 0 && out.logit > 0.0 && !best.word.empty()) out.text = best.word;
    out.seconds = seconds_since(start);
    return out;
}

}  // namespace pathloom
