// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/vision_spec.h"

#include "engine/core/rng.h"
#include "engine/vision/frame_reading.h"
#include "engine/vision/scene_features.h"

#include <charconv>
#include <cmath>
#include <stdexcept>

namespace pathloom {

namespace {

struct Field {
    const char* name;
    int VisionSpec::*value;
};
constexpr std::array<Field, 7> fields{{{"width", &VisionSpec::width}, {"height", &VisionSpec::height},
    {"fine_blocks", &VisionSpec::fine_blocks}, {"d_model", &VisionSpec::d_model}, {"blocks", &VisionSpec::blocks},
    {"key_dim", &VisionSpec::key_dim}, {"look_dim", &VisionSpec::look_dim}}};

std::string stem_name(std::size_t stage)
{
    return fmt::format("stem{}", stage);
}

std::string gate_name(std::size_t i)
{
    return std::string("gate.") + frame_measurements[i];
}

template <class Number>
bool number_of(const std::map<std::string, std::string>& metadata, const std::string& name, Number& out)
{
    const auto found = metadata.find(name);
    if (found == metadata.end()) return false;
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<void> validate(const VisionSpec& spec)
{
    const auto between = [](int value, int least, int most) { return value >= least && value <= most; };
    const int strip = 2 * SymbolsAToken;
    if (!between(spec.width, 16 * strip, 64 * strip) || spec.width % strip != 0)
        return fail(ErrorCode::Usage, "width must be 16 to 64 tokens of {} pixels, got {}", strip, spec.width);
    if (!between(spec.height, 4 * VisionRowPixels, 1024) || spec.height % VisionRowPixels != 0)
        return fail(ErrorCode::Usage, "height must be a multiple of {} up to 1024, got {}", VisionRowPixels, spec.height);
    for (const int channels : spec.stem)
        if (!between(channels, 4, 512)) return fail(ErrorCode::Usage, "stem channels must be 4 to 512, got {}", channels);
    if (!between(spec.d_model, 8, 1024) || !between(spec.key_dim, 8, 512))
        return fail(ErrorCode::Usage, "d_model must be 8 to 1024 and key_dim 8 to 512");
    if (!between(spec.look_dim, 4, 256)) return fail(ErrorCode::Usage, "look_dim must be 4 to 256, got {}", spec.look_dim);
    if (!between(spec.fine_blocks, 0, 8) || !between(spec.blocks, 0, 6))
        return fail(ErrorCode::Usage, "fine_blocks must be up to 8 and blocks up to 6");
    return {};
}

VisionLayout::VisionLayout(const VisionSpec& spec)
{
    const std::array<std::int64_t, 5> channels{1, spec.stem[0], spec.stem[1], spec.stem[2], spec.stem[3]};
    const auto filter = [&](const std::string& name, std::int64_t out, std::int64_t high, std::int64_t wide, std::int64_t in,
                            double scale = 1.0) {
        add(name, {out, high, wide, in}, scale * std::sqrt(2.0 / double(high * wide * in)));
    };
    for (std::size_t i = 0; i < 4; ++i) {
        const std::int64_t side = i == 0 ? 5 : 3;
        filter(stem_name(i) + ".filter", channels[i + 1], side, side, channels[i]);
        add(stem_name(i) + ".gain", {channels[i + 1]}, 0.0, 1.0);
        add(stem_name(i) + ".bias", {channels[i + 1]}, 0.0);
    }
    const std::int64_t c = channels[4], d = spec.d_model, k = spec.key_dim;
    add("line.weight", {c}, std::sqrt(1.0 / double(c)));
    add("line.bias", {1}, 0.0);
    const auto block = [&](const std::string& name, std::int64_t width) {
        add(name + ".gain", {width}, 0.0, 1.0);
        filter(name + ".filter", width, 1, 5, width, 0.5);
    };
    for (int i = 0; i < spec.fine_blocks; ++i) block(fmt::format("fine{}", i), c);
    add("merge", {d, SymbolsAToken * c}, std::sqrt(1.0 / double(SymbolsAToken * c)));
    for (int i = 0; i < spec.blocks; ++i) block(fmt::format("block{}", i), d);
    add("last.gain", {d}, 0.0, 1.0);
    add("key", {k, d}, std::sqrt(1.0 / double(d)));
    add("value", {k, d}, std::sqrt(1.0 / double(d)));
    add("look", {spec.look_dim, look_inputs(spec)}, std::sqrt(1.0 / double(look_inputs(spec))));
    add("reader.scale", {1}, 0.0, 10.0);
    add("reader.bias", {1}, 0.0, -3.0);
    add("reader.spell", {SymbolsAToken * FrameSymbols, k}, 1.0);
    add("reader.spell_bias", {SymbolsAToken * FrameSymbols}, 0.0);
}

void VisionLayout::add(const std::string& name, std::vector<std::int64_t> shape, double deviation, double mean)
{
    VisionTensor tensor{name, std::move(shape), m_size, 1, false, deviation, mean};
    for (const std::int64_t side : tensor.shape) tensor.size *= std::size_t(side);
    tensor.decay = tensor.shape.size() > 1;
    m_size += tensor.size;
    m_index[name] = tensor.offset;
    m_tensors.push_back(std::move(tensor));
}

std::size_t VisionLayout::at(const std::string& name) const
{
    const auto found = m_index.find(name);
    if (found == m_index.end()) throw std::logic_error("no tensor " + name);
    return found->second;
}

std::vector<float> first_vision_weights(const VisionSpec& spec, std::uint64_t seed)
{
    const VisionLayout layout(spec);
    std::vector<float> values(layout.size());
    for (const VisionTensor& tensor : layout.tensors()) {
        Rng rng(mix(seed, text_key(tensor.name)));
        for (std::size_t i = 0; i < tensor.size; ++i)
            values[tensor.offset + i] = float(tensor.mean + tensor.deviation * rng.truncated_normal(2.0));
    }
    return values;
}

std::vector<std::byte> write_vision(const VisionWeights& weights)
{
    const VisionLayout layout(weights.spec);
    std::vector<TensorView> views;
    for (const VisionTensor& tensor : layout.tensors())
        views.push_back({tensor.name, DType::F32, tensor.shape,
            std::as_bytes(std::span(weights.values).subspan(tensor.offset, tensor.size))});
    std::map<std::string, std::string> metadata{{"gate", fmt::format("{}", weights.gate.bias)}, {"reader", weights.reader}};
    for (std::size_t i = 0; i < frame_measurements.size(); ++i)
        metadata[gate_name(i)] = fmt::format("{}", weights.gate.weights[i]);
    for (const Field& field : fields) metadata[field.name] = std::to_string(weights.spec.*field.value);
    for (std::size_t i = 0; i < 4; ++i) metadata[stem_name(i)] = std::to_string(weights.spec.stem[i]);
    return write_safetensors(views, metadata);
}

Result<VisionWeights> read_vision(const Safetensors& file)
{
    VisionWeights out;
    bool whole = number_of(file.metadata(), "gate", out.gate.bias) && std::isfinite(out.gate.bias);
    for (std::size_t i = 0; i < frame_measurements.size(); ++i)
        whole = whole && number_of(file.metadata(), gate_name(i), out.gate.weights[i]) && std::isfinite(out.gate.weights[i]);
    for (const Field& field : fields) whole = whole && number_of(file.metadata(), field.name, out.spec.*field.value);
    for (std::size_t i = 0; i < 4; ++i) whole = whole && number_of(file.metadata(), stem_name(i), out.spec.stem[i]);
    const auto reader = file.metadata().find("reader");
    whole = whole && reader != file.metadata().end();
    if (!whole)
        return fail(ErrorCode::Corrupt, "not a frame encoder's weights: its sizes, gate or reader are absent or make no sense");
    if (const auto valid = validate(out.spec); !valid)
        return fail(ErrorCode::Corrupt, "not a frame encoder's weights: {}", valid.error().message);
    out.reader = reader->second;
    const VisionLayout layout(out.spec);
    out.values.resize(layout.size());
    for (const VisionTensor& tensor : layout.tensors()) {
        const TensorView* view = file.find(tensor.name);
        if (!view || view->shape != tensor.shape || view->dtype != DType::F32)
            return fail(ErrorCode::Corrupt, "the frame encoder's tensor {} is absent or of another shape or type", tensor.name);
        for (std::size_t i = 0; i < tensor.size; ++i) {
            const float x = view->as<float>()[i];
            if (!std::isfinite(x)) return fail(ErrorCode::Corrupt, "the frame encoder's tensor {} is not finite", tensor.name);
            out.values[tensor.offset + i] = x;
        }
    }
    return out;
}

}  // namespace pathloom
