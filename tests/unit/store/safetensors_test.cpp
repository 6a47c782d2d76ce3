// SPDX-License-Identifier: GPL-3.0-or-later
// The format, against a reader written by hand from its published description, and against hostile bytes.
#include "engine/core/files.h"
#include "engine/core/rng.h"
#include "engine/store/safetensors.h"
#include "tests/unit/temporary_folder.h"

#include <gmock/gmock.h>

#include <array>
#include <cstring>

namespace pathloom {
namespace {

template <class T>
TensorView view(const std::string& name, DType type, std::vector<std::int64_t> shape, const std::vector<T>& values)
{
    return {name, type, std::move(shape), std::as_bytes(std::span(values))};
}

std::vector<std::byte> file_with_header(const std::string& header, std::size_t data_bytes)
{
    std::vector<std::byte> out(8 + header.size() + data_bytes);
    for (std::size_t i = 0; i < 8; ++i) out[i] = std::byte(header.size() >> (8 * i) & 255);
    std::memcpy(out.data() + 8, header.data(), header.size());
    return out;
}

/// A second reader that shares no code with the product: 8 bytes little-endian N, N bytes of JSON, then the buffer.
/// It finds `"name":{`, then the three fields, by scanning text.
struct HandRead {
    std::string dtype;
    std::string shape;
    std::string data;
};
HandRead read_by_hand(const std::vector<std::byte>& file, const std::string& name)
{
    const std::string raw(reinterpret_cast<const char*>(file.data()), file.size());
    std::size_t header_size = 0;
    for (std::size_t i = 0; i < 8; ++i) header_size += std::size_t(static_cast<unsigned char>(raw[i])) << (8 * i);
    const std::string header = raw.substr(8, header_size);
    const std::string buffer = raw.substr(8 + header_size);
    std::string object = header.substr(header.find("\"" + name + "\":{"));
    object = object.substr(object.find('{'));
    object = object.substr(0, object.find('}'));
    const auto after = [&](const std::string& key) { return object.substr(object.find("\"" + key + "\":") + key.size() + 3); };
    HandRead result;
    result.dtype = after("dtype").substr(1, after("dtype").find('"', 1) - 1);
    result.shape = after("shape").substr(0, after("shape").find(']') + 1);
    const std::string offsets = after("data_offsets").substr(1);
    const std::size_t begin = std::stoul(offsets), end = std::stoul(offsets.substr(offsets.find(',') + 1));
    result.data = buffer.substr(begin, end - begin);
    return result;
}

TEST(Safetensors, AnIndependentReaderSeesWhatWasWritten)
{
    const std::vector<float> q{1.5f, -2, 3, 4, 5, 6};
    const std::vector<std::uint8_t> split{7, 8, 9};
    const auto file = write_safetensors(std::vector{view("attn.q", DType::F32, {2, 3}, q), view("split", DType::U8, {3}, split)});
    const HandRead read = read_by_hand(file, "attn.q");
    EXPECT_EQ(read.dtype, "F32");
    EXPECT_EQ(read.shape, "[2,3]");
    ASSERT_EQ(read.data.size(), 24u);
    std::array<float, 6> values{};
    std::memcpy(values.data(), read.data.data(), 24);
    EXPECT_THAT(values, testing::ElementsAreArray(q));
    EXPECT_EQ(read_by_hand(file, "split").data, "\x07\x08\x09");
}

TEST(Safetensors, RoundTripKeepsEverything)
{
    const std::vector<std::uint8_t> a{1, 2, 3};
    const std::vector<std::int64_t> b{-5, 6};
    const std::vector<float> c{0.5f};
    const std::vector<std::int32_t> none;
    const std::vector<TensorView> tensors{view("a", DType::U8, {3}, a), view("b \"quoted\" é", DType::I64, {2, 1}, b),
        view("c", DType::F32, {}, c), view("none", DType::I32, {0, 4}, none)};
    const std::map<std::string, std::string> metadata{{"z", "1"}, {"a", "line\nbreak"}};
    const auto bytes = write_safetensors(tensors, metadata);
    EXPECT_EQ(bytes, write_safetensors(tensors, metadata));

    const test::TemporaryFolder folder;
    ASSERT_TRUE(write_file_atomic(folder.path() / "f.safetensors", bytes));
    const Safetensors read = Safetensors::open(folder.path() / "f.safetensors").value();
    EXPECT_EQ(read.metadata(), metadata);
    ASSERT_EQ(read.tensors().size(), 4u);
    for (const TensorView& expected : tensors) {
        const TensorView* found = read.expect(expected.name, expected.dtype).value();
        EXPECT_EQ(found->shape, expected.shape);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(found->data.data()) % dtype_size(found->dtype), 0u);
        EXPECT_TRUE(std::equal(found->data.begin(), found->data.end(), expected.data.begin(), expected.data.end()));
    }
    EXPECT_EQ(read.find("c")->elements(), 1);
    EXPECT_EQ(read.find("none")->elements(), 0);
    EXPECT_EQ(read.find("b \"quoted\" é")->as<std::int64_t>()[0], -5);
    EXPECT_EQ(read.expect("c", DType::I32).error().code, ErrorCode::Corrupt);
    EXPECT_THAT(read.expect("nope", DType::F32).error().message, testing::HasSubstr("'nope'"));
}

TEST(Safetensors, DataStartsOnACacheLine)
{
    const std::vector<float> values{1, 2};
    for (int n = 1; n < 80; n += 7) {
        const auto bytes = write_safetensors(std::vector{view(std::string(std::size_t(n), 'x'), DType::F32, {2}, values)});
        EXPECT_EQ((bytes.size() - 8) % 64, 0u);
    }
}

TEST(Safetensors, NoTensorsAtAll)
{
    const auto bytes = write_safetensors({});
    EXPECT_TRUE(Safetensors::parse(bytes).value().tensors().empty());
}

TEST(Safetensors, UnalignedForeignFilesReadCorrectly)
{
    const std::string header = R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
    ASSERT_NE((8 + header.size()) % 4, 0u);
    auto bytes = file_with_header(header, 4);
    const float value = 2.5f;
    std::memcpy(bytes.data() + bytes.size() - 4, &value, 4);
    const Safetensors read = Safetensors::parse(bytes).value();
    EXPECT_EQ(read.find("x")->as<float>()[0], 2.5f);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(read.find("x")->data.data()) % 4, 0u);
}

TEST(Safetensors, HostileHeadersAreCorrupt)
{
    const auto code = [](const std::string& header, std::size_t data) {
        const auto bytes = file_with_header(header, data);
        const auto read = Safetensors::parse(bytes);
        return read ? std::string("accepted") : read.error().code == ErrorCode::Corrupt ? "corrupt" : "other";
    };
    EXPECT_EQ(code(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4), "accepted");
    const std::vector<std::pair<std::string, std::size_t>> hostile{
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 3},  // past the end
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 5},  // bytes of no tensor
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}})", 5},  // a hole
        {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,4]}})", 4},  // shape too small
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}})", 4},  // backwards
        {R"({"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}})", 4},  // negative
        {R"({"a":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}})", 4},  // not a whole number
        {R"({"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0},  // 2^64 wraps to 0
        {R"({"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}})", 4},  // x4 wraps to 4
        {R"({"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,4]}})", 4},
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,18446744073709551615]}})", 4},
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
            4},  // overlap
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
            4},  // twice
        {R"({"a":{"dtype":"U8","shape":[4],"shape":[4],"data_offsets":[0,4]}})", 4},
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"more":1}})", 4},
        {R"({"a":{"dtype":1,"shape":[4],"data_offsets":[0,4]}})", 4},
        {R"({"a":{"dtype":"U8","shape":4,"data_offsets":[0,4]}})", 4},
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4,4]}})", 4},
        {R"({"a":5})", 0},
        {R"({"__metadata__":{"a":1}})", 0},
        {R"({"__metadata__":[]})", 0},
        {R"([1])", 0},
        {R"({"a":)", 0},
        {R"( {})", 0},
        {"", 0},
        {"{\"\xff\":{}}", 0},
        {"{\"a\":" + std::string(200000, '['), 0},
    };
    for (const auto& [header, data] : hostile) EXPECT_EQ(code(header, data), "corrupt") << header.substr(0, 120);
    EXPECT_EQ(code(R"({"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}})", 4), "other");
}

TEST(Safetensors, HeaderLengthIsChecked)
{
    std::vector<std::byte> bytes(8, std::byte(0xff));
    EXPECT_EQ(Safetensors::parse(bytes).error().code, ErrorCode::Corrupt);
    bytes.resize(7);
    EXPECT_EQ(Safetensors::parse(bytes).error().code, ErrorCode::Corrupt);
    EXPECT_EQ(Safetensors::parse({}).error().code, ErrorCode::Corrupt);
}

TEST(Safetensors, RandomDamageNeverReadsOutside)
{
    // Bytes of the length or header are changed at random; whatever is still accepted must lie inside the buffer and add up.
    const std::vector<float> a{1, 2, 3, 4};
    const std::vector<std::int32_t> b{5, 6};
    const auto good
        = write_safetensors(std::vector{view("a", DType::F32, {2, 2}, a), view("b", DType::I32, {2}, b)}, {{"k", "v"}});
    const std::size_t header_end = good.size() - 24;
    Rng rng(2024);
    int refused = 0;
    for (int round = 0; round < 20000; ++round) {
        auto bad = good;
        for (std::uint64_t flips = 1 + rng.below(3); flips > 0; --flips)
            bad[rng.below(rng.below(4) == 0 ? 8 : header_end)] = std::byte(rng.below(256));
        if (rng.below(8) == 0) bad.resize(rng.below(bad.size()));
        const auto read = Safetensors::parse(bad);
        if (!read) {
            ++refused;
            continue;
        }
        std::size_t total = 0;
        for (const TensorView& tensor : read->tensors()) {
            ASSERT_EQ(std::size_t(tensor.elements()) * dtype_size(tensor.dtype), tensor.data.size());
            total += tensor.data.size();
            ASSERT_TRUE(
                tensor.data.empty() || std::to_integer<int>(tensor.data.front()) + std::to_integer<int>(tensor.data.back()) >= 0);
        }
        ASSERT_LE(total, bad.size());
    }
    EXPECT_GT(refused, 10000);
}

}  // namespace
}  // namespace pathloom
