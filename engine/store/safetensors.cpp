// SPDX-License-Identifier: GPL-3.0-or-later
// The safetensors format, written and read with every offset, shape and sum checked.
#include "engine/store/safetensors.h"

#include "engine/core/files.h"
#include "engine/core/one_line.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <set>
#include <stdexcept>
#include <tuple>

namespace pathloom {

namespace {

using nlohmann::json;

constexpr std::size_t alignment = 64;
constexpr std::uint64_t largest_header = 100'000'000;  // the reference reader's limit

struct DTypeInfo {
    DType type;
    const char* name;
    std::size_t size;
};
constexpr std::array<DTypeInfo, 9> dtypes{
    {{DType::F32, "F32", 4}, {DType::BF16, "BF16", 2}, {DType::F16, "F16", 2}, {DType::F64, "F64", 8}, {DType::I8, "I8", 1},
        {DType::U8, "U8", 1}, {DType::I16, "I16", 2}, {DType::I32, "I32", 4}, {DType::I64, "I64", 8}}};

const DTypeInfo& info_of(DType type)
{
    for (const DTypeInfo& info : dtypes)
        if (info.type == type) return info;
    throw std::logic_error("unknown DType");
}

std::string quoted(const std::string& text)
{
    return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Bytes of a tensor of this shape, or nothing when it overflows.
std::optional<std::uint64_t> byte_count(const std::vector<std::int64_t>& shape, std::size_t element)
{
    std::uint64_t total = element;
    for (const std::int64_t extent : shape)
        if (__builtin_mul_overflow(total, std::uint64_t(extent), &total)) return std::nullopt;
    return total;
}

tl::unexpected<Error> corrupt(const std::string& what)
{
    return fail(ErrorCode::Corrupt, "not a valid safetensors file: {}", one_line(what));
}

/// JSON of the header, without exceptions. Depth is limited and a key given twice is refused (readers would disagree on it).
Result<json> parse_header(std::span<const std::byte> header)
{
    const char* begin = reinterpret_cast<const char*>(header.data());
    if (header.empty() || *begin != '{') return corrupt("the header does not begin with '{'");
    std::vector<std::set<std::string>> seen;
    std::string problem;
    const auto watch = [&](int depth, json::parse_event_t event, json& value) {
        if (depth > 4) problem = "the header is nested too deeply";
        if (event == json::parse_event_t::object_start) seen.emplace_back();
        if (event == json::parse_event_t::object_end && !seen.empty()) seen.pop_back();
        if (event == json::parse_event_t::key && !seen.empty() && !seen.back().insert(value.get<std::string>()).second)
            problem = fmt::format("'{}' appears twice", value.get<std::string>());
        return problem.empty();
    };
    json parsed = json::parse(begin, begin + header.size(), watch, false);
    if (!problem.empty()) return corrupt(problem);
    if (!parsed.is_object()) return corrupt("the header is not a JSON object");
    return parsed;
}

Result<std::map<std::string, std::string>> parse_metadata(const json& value)
{
    std::map<std::string, std::string> metadata;
    if (!value.is_object()) return corrupt("__metadata__ is not an object");
    for (const auto& [key, text] : value.items()) {
        if (!text.is_string()) return corrupt(fmt::format("metadata '{}' is not a string", key));
        metadata.emplace(key, text.get<std::string>());
    }
    return metadata;
}

struct Entry {
    TensorView view;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

Result<Entry> parse_entry(const std::string& name, const json& value, std::uint64_t data_size)
{
    Entry entry;
    entry.view.name = name;
    if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape")
        || !value.contains("data_offsets"))
        return corrupt(fmt::format("tensor '{}' needs exactly dtype, shape and data_offsets", name));
    const json& dtype = value["dtype"];
    if (!dtype.is_string()) return corrupt(fmt::format("dtype of tensor '{}' is not a string", name));
    const auto known = std::find_if(dtypes.begin(), dtypes.end(), [&](const DTypeInfo& info) { return dtype == info.name; });
    if (known == dtypes.end())
        return fail(ErrorCode::Unsupported, "tensor '{}' has type {}, which Pathloom does not read", one_line(name),
            one_line(dtype.get<std::string>()));
    entry.view.dtype = known->type;
    const json& shape = value["shape"];
    if (!shape.is_array()) return corrupt(fmt::format("shape of tensor '{}' is not an array", name));
    for (const json& extent : shape) {
        if (!extent.is_number_unsigned() || extent.get<std::uint64_t>() > std::uint64_t(INT64_MAX))
            return corrupt(fmt::format("shape of tensor '{}' is not made of sizes", name));
        entry.view.shape.push_back(extent.get<std::int64_t>());
    }
    const json& offsets = value["data_offsets"];
    if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned())
        return corrupt(fmt::format("data_offsets of tensor '{}' are not two sizes", name));
    entry.begin = offsets[0].get<std::uint64_t>();
    entry.end = offsets[1].get<std::uint64_t>();
    if (entry.begin > entry.end || entry.end > data_size) return corrupt(fmt::format("tensor '{}' lies outside the file", name));
    const auto bytes = byte_count(entry.view.shape, known->size);
    if (!bytes || *bytes != entry.end - entry.begin)
        return corrupt(fmt::format("tensor '{}' has a shape that does not fit its bytes", name));
    return entry;
}

/// Owner of what the views point at: the mapping, and copies of tensors a foreign writer left unaligned.
struct Storage {
    std::optional<MappedFile> file;
    std::vector<std::vector<std::max_align_t>> copies;
};

std::span<const std::byte> aligned_copy(Storage& storage, std::span<const std::byte> bytes)
{
    auto& copy = storage.copies.emplace_back(bytes.size() / sizeof(std::max_align_t) + 1);
    std::memcpy(copy.data(), bytes.data(), bytes.size());
    return {reinterpret_cast<const std::byte*>(copy.data()), bytes.size()};
}

struct Parsed {
    std::vector<TensorView> tensors;
    std::map<std::string, std::string> metadata;
};

Result<Parsed> parse_bytes(std::span<const std::byte> bytes, Storage& storage)
{
    if (bytes.size() < 8) return corrupt("shorter than 8 bytes");
    std::uint64_t header_size = 0;
    for (int i = 7; i >= 0; --i) header_size = header_size << 8 | std::to_integer<std::uint64_t>(bytes[std::size_t(i)]);
    if (header_size > largest_header || header_size > bytes.size() - 8)
        return corrupt(fmt::format("a header of {} bytes does not fit", header_size));
    const std::span<const std::byte> data = bytes.subspan(8 + std::size_t(header_size));
    PATHLOOM_TRY(const json header, parse_header(bytes.subspan(8, std::size_t(header_size))));

    Parsed parsed;
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items()) {
        if (name == "__metadata__") {
            PATHLOOM_TRY(parsed.metadata, parse_metadata(value));
            continue;
        }
        PATHLOOM_TRY(Entry entry, parse_entry(name, value, data.size()));
        entries.push_back(std::move(entry));
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return std::tie(a.begin, a.end, a.view.name) < std::tie(b.begin, b.end, b.view.name);
    });
    std::uint64_t expected = 0;
    for (Entry& entry : entries) {  // no holes, no overlaps: a byte belongs to exactly one tensor
        if (entry.begin != expected)
            return corrupt(fmt::format("bytes before tensor '{}' overlap or belong to no tensor", entry.view.name));
        expected = entry.end;
        entry.view.data = data.subspan(std::size_t(entry.begin), std::size_t(entry.end - entry.begin));
        const std::size_t element = dtype_size(entry.view.dtype);
        if (!entry.view.data.empty() && reinterpret_cast<std::uintptr_t>(entry.view.data.data()) % element != 0)
            entry.view.data = aligned_copy(storage, entry.view.data);
        parsed.tensors.push_back(std::move(entry.view));
    }
    if (expected != data.size()) return corrupt("bytes after the last tensor belong to none");
    return parsed;
}

}  // namespace

std::size_t dtype_size(DType type)
{
    return info_of(type).size;
}

std::string dtype_name(DType type)
{
    return info_of(type).name;
}

std::int64_t TensorView::elements() const
{
    std::int64_t n = 1;
    for (const std::int64_t extent : shape) n *= extent;
    return n;
}

std::vector<std::byte> write_safetensors(std::span<const TensorView> tensors, const std::map<std::string, std::string>& metadata)
{
    // The format allows no padding between tensors, so wide types go first: then each one is aligned to its own element.
    std::vector<std::size_t> order(tensors.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
        [&](std::size_t a, std::size_t b) { return dtype_size(tensors[a].dtype) > dtype_size(tensors[b].dtype); });
    std::vector<std::uint64_t> begin(tensors.size());
    std::uint64_t data_size = 0;
    for (const std::size_t i : order) {
        const auto bytes = byte_count(tensors[i].shape, dtype_size(tensors[i].dtype));
        if (!bytes || *bytes != tensors[i].data.size())
            throw std::logic_error("write_safetensors: shape and bytes of '" + tensors[i].name + "' disagree");
        begin[i] = data_size;
        data_size += tensors[i].data.size();
    }
    std::string header = "{";
    const auto separate = [&] { header += header.size() > 1 ? "," : ""; };
    if (!metadata.empty()) {
        header += "\"__metadata__\":{";
        for (auto it = metadata.begin(); it != metadata.end(); ++it)
            header += (it == metadata.begin() ? "" : ",") + quoted(it->first) + ":" + quoted(it->second);
        header += "}";
    }
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        separate();
        header += fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":{},\"data_offsets\":[{},{}]}}", quoted(tensors[i].name),
            dtype_name(tensors[i].dtype), json(tensors[i].shape).dump(), begin[i], begin[i] + tensors[i].data.size());
    }
    header += "}";
    header.append((alignment - (8 + header.size()) % alignment) % alignment, ' ');

    std::vector<std::byte> out(8 + header.size() + std::size_t(data_size));
    for (std::size_t i = 0; i < 8; ++i) out[i] = std::byte(std::uint64_t(header.size()) >> (8 * i) & 255);
    std::memcpy(out.data() + 8, header.data(), header.size());
    std::byte* data = out.data() + 8 + header.size();
    for (std::size_t i = 0; i < tensors.size(); ++i)
        if (!tensors[i].data.empty()) std::memcpy(data + begin[i], tensors[i].data.data(), tensors[i].data.size());
    return out;
}

Result<Safetensors> Safetensors::open(const std::filesystem::path& file)
{
    auto storage = std::make_shared<Storage>();
    PATHLOOM_TRY(storage->file, MappedFile::open(file));
    auto parsed = parse_bytes(storage->file->bytes(), *storage);
    if (!parsed) return fail(parsed.error().code, "{}: {}", file.string(), parsed.error().message);
    Safetensors result;
    result.m_mapping = std::move(storage);
    result.m_tensors = std::move(parsed->tensors);
    result.m_metadata = std::move(parsed->metadata);
    return result;
}

Result<Safetensors> Safetensors::parse(std::span<const std::byte> bytes)
{
    auto storage = std::make_shared<Storage>();
    PATHLOOM_TRY(Parsed parsed, parse_bytes(bytes, *storage));
    Safetensors result;
    result.m_mapping = std::move(storage);
    result.m_tensors = std::move(parsed.tensors);
    result.m_metadata = std::move(parsed.metadata);
    return result;
}

const TensorView* Safetensors::find(const std::string& name) const
{
    for (const TensorView& tensor : m_tensors)
        if (tensor.name == name) return &tensor;
    return nullptr;
}

Result<const TensorView*> Safetensors::expect(const std::string& name, DType dtype) const
{
    const TensorView* tensor = find(name);
    if (!tensor) return corrupt(fmt::format("tensor '{}' is missing", name));
    if (tensor->dtype != dtype)
        return corrupt(fmt::format("tensor '{}' has type {} instead of {}", name, dtype_name(tensor->dtype), dtype_name(dtype)));
    return tensor;
}

}  // namespace pathloom
