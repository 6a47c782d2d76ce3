// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/overlay_mixture.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace pathloom {

namespace {

constexpr std::array<const char*, 4> fonts{"DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono", "Inter"};
constexpr double edge_pixels = 1.5;  // of the encoder's picture: what a token has less of the word than that is not asked for

/// A part of the picture, sometimes mirrored, lighter or darker.
Picture scene(Rng& rng, const Picture& picture, int columns, int rows)
{
    const int y = int(rng.below(std::uint64_t(picture.height - rows + 1)));
    const int x = columns < picture.width ? int(rng.below(std::uint64_t(picture.width - columns + 1))) : 0;
    Picture out = cropped(picture, {x, y, columns, rows});
    const bool mirrored = rng.uniform() < 0.5;
    const float gain = float(rng.uniform(0.6, 1.2)), shift = float(rng.uniform(-30.0, 30.0));
    for (int y = 0; mirrored && y < rows; ++y) {
        const auto row = out.bytes.begin() + std::ptrdiff_t(y) * out.width;
        std::reverse(row, row + out.width);
    }
    for (std::uint8_t& light : out.bytes)
        light = std::uint8_t(std::clamp((float(light) - 128.0f) * gain + 128.0f + shift, 0.0f, 255.0f));
    return out;
}

Overlay overlay_of(Rng& rng, const std::string& text, double share, bool usual)
{
    Overlay out;
    out.text = text;
    out.x = rng.uniform();
    out.y = rng.uniform();
    if (!usual) {
        out.size = rng.uniform(0.045, 0.085);
        out.font = fonts[std::size_t(rng.below(fonts.size()))];
        out.bold = rng.uniform() < 0.25;
        out.box = rng.uniform(0.55, 1.0);
        out.light = rng.uniform(0.8, 1.0);
    }
    out.size *= share;
    return out;
}

int symbol_of(char letter)
{
    const char low = char(std::tolower(static_cast<unsigned char>(letter)));
    const std::size_t at = FrameAlphabet.find(low);
    return at == std::string_view::npos ? 0 : int(at);
}

}  // namespace

Result<void> validate(const OverlaySpec& spec, const VisionSpec& vision)
{
    if (!(spec.answered > 0.0) || !(spec.other >= 0.0) || spec.answered + spec.other > 1.0
        || !(spec.usual >= 0.0 && spec.usual <= 1.0) || !(spec.narrow >= 0.0 && spec.narrow <= 1.0))
        return fail(ErrorCode::Usage, "overlays: answered, other, usual and narrow are shares; answered + other is at most 1");
    if (spec.strip < 4 * VisionRowPixels || spec.strip % VisionRowPixels != 0 || vision.height % spec.strip != 0)
        return fail(ErrorCode::Usage, "overlays: strip must be a multiple of {}, at least {}, and divide the height {}",
            VisionRowPixels, 4 * VisionRowPixels, vision.height);
    if (spec.strips < 1 || spec.wholes < 1 || spec.whole_every < 1)
        return fail(ErrorCode::Usage, "overlays: strips, wholes and whole_every must be above 0");
    return {};
}

void append_light(const Picture& grey, std::vector<float>& out)
{
    for (const std::uint8_t light : grey.bytes) out.push_back((float(light) - 128.0f) * (1.0f / 64.0f));
}

OverlayMixture::OverlayMixture(
    std::vector<Picture> pictures, const VisionSpec& vision, const OverlaySpec& spec, LineWriter writer, std::uint64_t seed)
    : m_pictures(std::move(pictures))
    , m_vision(vision)
    , m_spec(spec)
    , m_writer(std::move(writer))
    , m_seed(seed)
{
}

VisionBatch OverlayMixture::batch(std::uint64_t n) const
{
    VisionBatch out;
    const bool whole = n % std::uint64_t(m_spec.whole_every) == std::uint64_t(m_spec.whole_every) - 1;
    Rng rng(mix(m_seed, n));
    for (int i = 0, count = whole ? m_spec.wholes : m_spec.strips; i < count; ++i)
        draw(rng, whole ? m_vision.height : m_spec.strip, rng.uniform() < m_spec.usual, out);
    return out;
}

VisionBatch OverlayMixture::usual_batch(std::uint64_t n, int pictures) const
{
    VisionBatch out;
    Rng rng(mix(m_seed, n, 1));
    for (int i = 0; i < pictures; ++i) draw(rng, m_vision.height, true, out);
    return out;
}

void OverlayMixture::draw(Rng& rng, int height, bool usual, VisionBatch& batch) const
{
    const Picture& from = m_pictures[std::size_t(rng.below(m_pictures.size()))];
    const int rows = from.height * height / m_vision.height;
    const bool narrow = m_spec.narrow > 0.0 && rng.uniform() < m_spec.narrow;
    Picture picture = scene(rng, from, narrow ? std::min(from.width, from.height * 4 / 3) : from.width, rows);
    const double kind = rng.uniform();
    OverlayLine line = m_writer(rng, kind < m_spec.answered);
    if (kind >= m_spec.answered + m_spec.other) line.text.clear();
    OverlayPlace place;
    const Overlay overlay = overlay_of(rng, line.text, double(from.height) / rows, usual);
    if (!line.text.empty()) picture = grey_of(overlaid(picture, overlay, &place));
    append_light(resized(picture, m_vision.width, height), batch.pictures);
    batch.batch += 1;
    batch.height = height;

    const double across = double(m_vision.width) / picture.width, down = double(height) / rows;
    const int columns = m_vision.columns(), tokens = m_vision.tokens();
    std::vector<double> edges;
    for (const double edge : place.edges) edges.push_back(edge * across);
    std::vector<int> centres(std::size_t(columns), 0), labels;
    for (std::size_t i = 0; i < line.text.size(); ++i) {
        const int symbol = symbol_of(line.text[i]);
        if (symbol == 0) continue;
        labels.push_back(symbol);
        const int column = int(0.5 * (edges[i] + edges[i + 1]) / (double(m_vision.width) / columns));
        if (column >= 0 && column < columns && centres[std::size_t(column)] == 0) centres[std::size_t(column)] = symbol;
    }
    const double left = edges.empty() ? 0.0 : edges.front(), right = edges.empty() ? 0.0 : edges.back();
    const double top = place.top * down, bottom = place.bottom * down;
    for (int r = 0; r < height / VisionRowPixels; ++r) {
        const double y = (r + 0.5) * VisionRowPixels;
        for (int c = 0; c < columns; ++c) {
            const double x = (c + 0.5) * m_vision.width / columns;
            const double outside = std::max({left - x, x - right, top - y, y - bottom});
            batch.line.push_back(edges.empty() || outside > 4.0 ? 0.0f : outside <= 0.0 ? 1.0f : -1.0f);
        }
    }
    const bool has = !line.answer.empty();
    const double begin = has ? edges[line.answer_at] : 0.0, end = has ? edges[line.answer_at + line.answer.size()] : 0.0;
    for (int t = 0; t < tokens; ++t) {
        const double width = double(m_vision.width) / tokens, from_x = t * width;
        const double shared = std::min(end, from_x + width) - std::max(begin, from_x);
        batch.wanted.push_back(!has || shared <= 0.0 ? 0.0f : shared >= edge_pixels ? 1.0f : -1.0f);
    }
    batch.centres.insert(batch.centres.end(), centres.begin(), centres.end());
    batch.labels.push_back(std::move(labels));
    batch.answers.push_back(line.answer);
    batch.prompts.push_back(line.prompt);
    batch.topics.push_back(line.topic);
}

}  // namespace pathloom
