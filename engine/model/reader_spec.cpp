// SPDX-License-Identifier: GPL-3.0-or-later
// Layout, first weights and files of a reader.
#include "engine/model/reader_spec.h"

#include "engine/core/rng.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <stdexcept>

namespace pathloom {

namespace {

/// Every whole-number field once: name, member, smallest and largest value that makes sense.
struct Field {
    const char* name;
    int ReaderSpec::*member;
    int low, high;
};
constexpr Field fields[] = {{"vocabulary", &ReaderSpec::vocabulary, 2, 65536}, {"d_model", &ReaderSpec::d_model, 8, 4096},
    {"heads", &ReaderSpec::heads, 1, 64}, {"head_dim", &ReaderSpec::head_dim, 2, 256}, {"hidden", &ReaderSpec::hidden, 8, 16384},
    {"window_blocks", &ReaderSpec::window_blocks, 1, 16}, {"window", &ReaderSpec::window, 2, 1024},
    {"conv", &ReaderSpec::conv, 1, 16}, {"key_dim", &ReaderSpec::key_dim, 4, 512}, {"top_k", &ReaderSpec::top_k, 1, 65536}};

/// IEEE half from float, round to nearest even; out of range becomes infinity.
std::uint16_t to_half(float x)
{
    return __builtin_bit_cast(std::uint16_t, static_cast<_Float16>(x));
}
float from_half(std::uint16_t x)
{
    return static_cast<float>(__builtin_bit_cast(_Float16, x));
}

}  // namespace

Result<void> validate(const ReaderSpec& spec)
{
    if (spec.selections < 0 || spec.selections > 64)
        return fail(ErrorCode::Usage, "model.selections must be from 0 to 64, got {}", spec.selections);
    for (const Field& field : fields) {
        const int value = spec.*field.member;
        if (value < field.low || value > field.high)
            return fail(ErrorCode::Usage, "model.{} must be from {} to {}, got {}", field.name, field.low, field.high, value);
    }
    if (spec.head_dim % 2 != 0) return fail(ErrorCode::Usage, "model.head_dim must be even, got {}", spec.head_dim);
    if (spec.key_dim % 4 != 0) return fail(ErrorCode::Usage, "model.key_dim must be a multiple of 4, got {}", spec.key_dim);
    for (const double decay : {spec.key_decay, spec.query_decay}) {
        if (!(decay > 0.0 && decay < 1.0))
            return fail(ErrorCode::Usage, "model.key_decay and query_decay must be between 0 and 1, got {}", decay);
    }
    if (!(spec.rope_base > 1.0)) return fail(ErrorCode::Usage, "model.rope_base must be above 1, got {}", spec.rope_base);
    return {};
}

ReaderLayout::ReaderLayout(const ReaderSpec& spec)
{
    const std::int64_t d = spec.d_model, a = std::int64_t(spec.heads) * spec.head_dim, h = spec.hidden;
    const double wide = 1.0 / std::sqrt(double(d));
    const double deep = 1.0 / std::sqrt(2.0 * (spec.window_blocks + 1));
    const auto normal = [&](const std::string& name, std::vector<std::int64_t> shape, double scale) {
        add({name, std::move(shape), 0, 0, true, FirstWeight::Normal, scale, {}});
    };
    const auto filled = [&](const std::string& name, std::vector<std::int64_t> shape, double value) {
        add({name, std::move(shape), 0, 0, false, FirstWeight::Value, value, {}});
    };
    normal("embedding", {spec.vocabulary, d}, wide);
    for (int b = 0; b < spec.window_blocks; ++b) {
        const std::string name = fmt::format("block{}.", b);
        filled(name + "norm1", {d}, 1.0);
        add({name + "conv", {d, spec.conv}, 0, 0, false, FirstWeight::LastTap, 1.0, {}});
        normal(name + "attn.qkv", {3 * a, d}, wide);
        normal(name + "attn.o", {d, a}, deep / std::sqrt(double(a)));
        filled(name + "attn.q_norm", {spec.head_dim}, 1.0);
        filled(name + "attn.k_norm", {spec.head_dim}, 1.0);
        filled(name + "norm2", {d}, 1.0);
        normal(name + "ffn.gate_up", {2 * h, d}, wide);
        normal(name + "ffn.down", {d, h}, deep / std::sqrt(double(h)));
    }
    filled("memory.salience", {spec.vocabulary}, 0.0);
    filled("memory.bag_norm", {d}, 1.0);
    filled("reader.bag_norm", {d}, 1.0);
    filled("memory.norm", {d}, 1.0);
    normal("memory.k", {spec.key_dim, d}, wide);
    filled("reader.norm1", {d}, 1.0);
    add({"reader.q", {spec.key_dim, d}, 0, 0, true, FirstWeight::SameAs, 0.0, "memory.k"});
    filled("reader.log_scale", {1}, 0.5 * std::log(double(spec.key_dim)));
    filled("reader.null", {d}, 0.0);  // direction of the "nothing found" logit
    filled("reader.null_bias", {1}, 0.5 * std::sqrt(double(spec.key_dim)));
    filled("reader.null_value", {d}, 0.0);
    add({"reader.o", {d, d}, 0, 0, true, FirstWeight::Diagonal, 0.5, {}});
    filled("reader.norm2", {d}, 1.0);
    normal("reader.ffn.gate_up", {2 * h, d}, wide);
    normal("reader.ffn.down", {d, h}, deep / std::sqrt(double(h)));
    filled("reader.gate", {d}, 0.0);
    filled("reader.gate_bias", {1}, 0.0);
    filled("norm", {d}, 1.0);
    if (spec.selections > 0) {
        filled("reader.selection", {spec.selections, d}, 0.0);
        filled("reader.selection_bias", {spec.selections}, 0.0);
    }
}

void ReaderLayout::add(ReaderTensor tensor)
{
    tensor.offset = m_size;
    tensor.size = 1;
    for (const std::int64_t extent : tensor.shape) tensor.size *= std::size_t(extent);
    m_size += tensor.size;
    m_index.emplace(tensor.name, m_tensors.size());
    m_tensors.push_back(std::move(tensor));
}

std::size_t ReaderLayout::at(const std::string& name) const
{
    const auto found = m_index.find(name);
    if (found == m_index.end()) throw std::logic_error("a reader has no tensor " + name);
    return m_tensors[found->second].offset;
}

std::vector<float> first_reader_weights(const ReaderSpec& spec, std::uint64_t seed)
{
    const ReaderLayout layout(spec);
    std::vector<float> values(layout.size(), 0.0f);
    for (const ReaderTensor& tensor : layout.tensors()) {
        float* out = values.data() + tensor.offset;
        Rng rng(mix(seed, text_key(tensor.name)));
        const auto inner = std::size_t(tensor.shape.back());
        for (std::size_t i = 0; i < tensor.size; ++i) {
            switch (tensor.first) {
            case FirstWeight::Normal:
                out[i] = float(tensor.scale * rng.truncated_normal(2.0));
                break;
            case FirstWeight::Value:
                out[i] = float(tensor.scale);
                break;
            case FirstWeight::LastTap:
                out[i] = i % inner == inner - 1 ? float(tensor.scale) : 0.0f;
                break;
            case FirstWeight::SameAs:
                out[i] = values[layout.at(tensor.source) + i];
                break;
            case FirstWeight::Diagonal:
                out[i] = i / inner == i % inner ? float(tensor.scale) : 0.0f;
                break;
            }
        }
    }
    return values;
}

Result<std::vector<float>> with_selections(const ReaderSpec& from, std::span<const float> values, const ReaderSpec& to)
{
    ReaderSpec same = from;
    same.selections = to.selections;
    if (!(same == to) || (from.selections != 0 && from.selections != to.selections))
        return fail(ErrorCode::Usage, "it has another shape than the recipe's model");
    const ReaderLayout old(from), layout(to);
    std::vector<float> out(layout.size(), 0.0f);
    for (const ReaderTensor& tensor : old.tensors())
        std::ranges::copy(values.subspan(tensor.offset, tensor.size), out.begin() + std::ptrdiff_t(layout.at(tensor.name)));
    return out;
}

std::map<std::string, std::string> to_metadata(const ReaderSpec& spec)
{
    std::map<std::string, std::string> out{{"kind", "reader"}, {"rope_base", fmt::format("{}", spec.rope_base)},
        {"key_decay", fmt::format("{}", spec.key_decay)}, {"query_decay", fmt::format("{}", spec.query_decay)}};
    for (const Field& field : fields) out.emplace(field.name, std::to_string(spec.*field.member));
    if (spec.selections > 0) out.emplace("selections", std::to_string(spec.selections));
    return out;
}

Result<ReaderSpec> reader_spec_from(const std::map<std::string, std::string>& metadata)
{
    ReaderSpec spec;
    const auto number = [&](const char* name, auto& value) -> Result<void> {
        const auto found = metadata.find(name);
        if (found == metadata.end()) return fail(ErrorCode::Usage, "'{}' is absent", name);
        const std::string& text = found->second;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size())
            return fail(ErrorCode::Usage, "'{}' is '{}', must be a number", name, text);
        return {};
    };
    for (const Field& field : fields) PATHLOOM_CHECK(number(field.name, spec.*field.member));
    if (metadata.contains("selections")) PATHLOOM_CHECK(number("selections", spec.selections));  // readers before 0.2 have none
    PATHLOOM_CHECK(number("rope_base", spec.rope_base));
    PATHLOOM_CHECK(number("key_decay", spec.key_decay));
    PATHLOOM_CHECK(number("query_decay", spec.query_decay));
    PATHLOOM_CHECK(validate(spec));
    return spec;
}

std::vector<std::byte> write_reader(const ReaderSpec& spec, std::span<const float> values, bool exact)
{
    const ReaderLayout layout(spec);
    std::vector<std::uint16_t> half;
    if (!exact) {
        half.resize(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) half[i] = to_half(values[i]);
    }
    std::vector<TensorView> views;
    for (const ReaderTensor& tensor : layout.tensors()) {
        const auto bytes = exact ? std::as_bytes(values.subspan(tensor.offset, tensor.size))
                                 : std::as_bytes(std::span(half).subspan(tensor.offset, tensor.size));
        views.push_back({tensor.name, exact ? DType::F32 : DType::F16, tensor.shape, bytes});
    }
    return write_safetensors(views, to_metadata(spec));
}

Result<ReaderWeights> read_reader(const Safetensors& file)
{
    const auto spec = reader_spec_from(file.metadata());
    if (!spec) return fail(ErrorCode::Corrupt, "not a reader's weights: {}", spec.error().message);
    ReaderWeights out{*spec, {}};
    const ReaderLayout layout(*spec);
    out.values.resize(layout.size());
    for (const ReaderTensor& tensor : layout.tensors()) {
        const TensorView* view = file.find(tensor.name);
        if (!view || view->shape != tensor.shape || (view->dtype != DType::F16 && view->dtype != DType::F32))
            return fail(ErrorCode::Corrupt, "the reader's tensor {} is absent or of another shape or type", tensor.name);
        for (std::size_t i = 0; i < tensor.size; ++i) {
            const float x = view->dtype == DType::F32 ? view->as<float>()[i] : from_half(view->as<std::uint16_t>()[i]);
            if (!std::isfinite(x)) return fail(ErrorCode::Corrupt, "the reader's tensor {} is not finite", tensor.name);
            out.values[tensor.offset + i] = x;
        }
    }
    return out;
}

}  // namespace pathloom
