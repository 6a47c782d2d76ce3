// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/memory_file.h"

#include "engine/core/hash.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pathloom {

namespace {

constexpr std::size_t Page = 4096;
constexpr char Magic[8] = {'P', 'L', 'M', 'E', 'M', '0', '0', '1'};
constexpr std::uint64_t MostRows = std::uint64_t(1) << 32;

/// As it lies at the beginning of the file; little-endian.
struct Header {
    char magic[8];
    std::uint32_t key_dim;
    std::uint32_t finished;  // 1 once every block is there
    std::uint64_t tokens;
    char model[64];
    char identity[64];
    char seal[64];  // over the header up to here with finished = 1, block hashes, bytes and tokens
};
static_assert(sizeof(Header) <= Page);

std::size_t padded(std::size_t n)
{
    return (n + Page - 1) / Page * Page;
}

struct Sections {
    std::size_t rows, blocks, hashes, bytes, tokens, scales, keys, end;
};

Sections sections(std::size_t tokens, std::size_t key_dim)
{
    Sections s{};
    s.rows = tokens - 1;
    s.blocks = (s.rows + MemoryBlockRows - 1) / MemoryBlockRows;
    s.hashes = Page;
    s.bytes = s.hashes + padded(s.blocks * 64);
    s.tokens = s.bytes + padded(tokens * 4);
    s.scales = s.tokens + padded(tokens * 2);
    s.keys = s.scales + padded(s.rows * 2);
    s.end = s.keys + padded(s.rows * key_stride(key_dim));
    return s;
}

std::string text_of(const char (&field)[64])
{
    return std::string(field, 64);
}

std::string block_hash(std::span<const std::byte> file, const Sections& s, std::size_t key_dim, std::size_t block)
{
    const std::size_t first = block * MemoryBlockRows, n = std::min(MemoryBlockRows, s.rows - first),
                      stride = key_stride(key_dim);
    Sha256 hash;
    hash.update(file.subspan(s.scales + first * 2, n * 2));
    hash.update(file.subspan(s.keys + first * stride, n * stride));
    return hash.hex();
}

std::string seal_of(std::span<const std::byte> file, const Sections& s)
{
    Header header{};
    std::memcpy(&header, file.data(), sizeof header);
    header.finished = 1;
    std::memset(header.seal, 0, sizeof header.seal);
    Sha256 hash;
    hash.update(std::as_bytes(std::span(&header, 1)));
    hash.update(file.subspan(s.hashes, s.blocks * 64));
    hash.update(file.subspan(s.bytes, (s.rows + 1) * 4));
    hash.update(file.subspan(s.tokens, (s.rows + 1) * 2));
    return hash.hex();
}

Result<Header> parse_header(std::span<const std::byte> file)
{
    Header header{};
    if (file.size() < Page) return fail(ErrorCode::Corrupt, "is too short to be a memory");
    std::memcpy(&header, file.data(), sizeof header);
    if (std::memcmp(header.magic, Magic, sizeof Magic) != 0) return fail(ErrorCode::Corrupt, "is not a memory");
    if (header.key_dim < 1 || header.key_dim > 4096 || header.tokens < 2 || header.tokens > MostRows)
        return fail(ErrorCode::Corrupt, "has an impossible size in its header");
    if (file.size() != sections(header.tokens, header.key_dim).end) return fail(ErrorCode::Corrupt, "is truncated");
    if (!is_sha256_hex(text_of(header.model)) || !is_sha256_hex(text_of(header.identity)))
        return fail(ErrorCode::Corrupt, "has a damaged header");
    return header;
}

/// A file being filled through a shared mapping.
class Writer {
public:
    static Result<Writer> open(const std::filesystem::path& file, std::size_t size)
    {
        UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
        if (!fd) return fail(system_error("open", file, errno));
        struct stat status { };
        if (::fstat(fd.get(), &status) != 0) return fail(system_error("look at", file, errno));
        const bool fresh = std::size_t(status.st_size) != size;
        if (fresh && ::ftruncate(fd.get(), 0) != 0) return fail(system_error("empty", file, errno));
        // Blocks are reserved, not only promised: a full disk is an error here and not a signal in the mapping later.
        if (const int error = ::posix_fallocate(fd.get(), 0, off_t(size)); error != 0) {
            if (fresh) ::unlink(file.c_str());
            return fail(system_error("reserve room for", file, error));
        }
        return Writer(std::move(fd), fresh);
    }
    Result<void> put(std::size_t at, std::span<const std::byte> data, const std::filesystem::path& file)
    {
        while (!data.empty()) {
            const ssize_t n = ::pwrite(m_fd.get(), data.data(), data.size(), off_t(at));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return fail(system_error("write", file, errno));
            at += std::size_t(n);
            data = data.subspan(std::size_t(n));
        }
        return {};
    }
    Result<void> sync(const std::filesystem::path& file)
    {
        if (::fdatasync(m_fd.get()) != 0) return fail(system_error("write", file, errno));
        return {};
    }
    [[nodiscard]] bool fresh() const { return m_fresh; }

private:
    Writer(UniqueFd fd, bool fresh)
        : m_fd(std::move(fd))
        , m_fresh(fresh)
    {
    }
    UniqueFd m_fd;
    bool m_fresh;
};

Header header_of(const MemoryIdentity& identity)
{
    Header header{};
    std::memcpy(header.magic, Magic, sizeof Magic);
    header.key_dim = identity.key_dim;
    header.tokens = identity.tokens.size();
    std::memcpy(header.model, identity.model.data(), 64);
    std::memcpy(header.identity, identity.name().data(), 64);
    return header;
}

}  // namespace

std::string MemoryIdentity::name() const
{
    Sha256 hash;
    hash.update(model);
    hash.update(fmt::format(" {} ", key_dim));
    hash.update(std::as_bytes(std::span(tokens)));
    return hash.hex();
}

Result<void> check_memory_header(std::span<const std::byte> file)
{
    PATHLOOM_TRY([[maybe_unused]] const Header header, parse_header(file));
    return {};
}

Result<MemoryFile> MemoryFile::open(const std::filesystem::path& file, bool verify)
{
    PATHLOOM_TRY(MappedFile mapping, MappedFile::open(file));
    const std::span<const std::byte> bytes = mapping.bytes();
    const auto header = parse_header(bytes);
    if (!header)
        return fail(ErrorCode::Corrupt, "{} {}; delete it and it is encoded again", file.string(), header.error().message);
    const Sections s = sections(header->tokens, header->key_dim);
    if (header->finished != 1) return fail(ErrorCode::Corrupt, "{} is not finished; encode the document again", file.string());
    if (verify) {
        bool whole = seal_of(bytes, s) == text_of(header->seal);
        for (std::size_t b = 0; whole && b < s.blocks; ++b) {
            const std::string_view wanted(reinterpret_cast<const char*>(bytes.data() + s.hashes + b * 64), 64);
            whole = block_hash(bytes, s, header->key_dim, b) == wanted;
        }
        if (!whole) return fail(ErrorCode::Corrupt, "{} does not match its hash; encode the document again", file.string());
    }
    MemoryFile memory(std::move(mapping));
    const std::byte* base = memory.m_mapping.bytes().data();
    memory.m_rows = s.rows;
    memory.m_key_dim = header->key_dim;
    memory.m_model = text_of(header->model);
    memory.m_bytes = {reinterpret_cast<const std::uint32_t*>(base + s.bytes), s.rows + 1};
    memory.m_tokens = {reinterpret_cast<const std::uint16_t*>(base + s.tokens), s.rows + 1};
    memory.m_scales = reinterpret_cast<const std::uint16_t*>(base + s.scales);
    memory.m_keys = reinterpret_cast<const std::int8_t*>(base + s.keys);
    return memory;
}

KeyRun MemoryFile::run(std::size_t first, std::size_t count) const
{
    return {m_keys + first * key_stride(m_key_dim), m_scales + first, count};
}

Result<MemoryFile> MemoryFile::obtain(
    const std::filesystem::path& folder, const MemoryIdentity& identity, const KeySource& source, const MemoryProgress& progress)
{
    if (identity.tokens.size() < 2)
        return fail(ErrorCode::Usage, "a document of {} tokens has nothing to remember", identity.tokens.size());
    PATHLOOM_CHECK(make_folders(folder));
    const std::filesystem::path file = folder / (identity.name() + ".memory");
    if (auto whole = open(file, true)) return whole;

    const Sections s = sections(identity.tokens.size(), identity.key_dim);
    PATHLOOM_TRY(Writer writer, Writer::open(file, s.end));
    const Header header = header_of(identity);
    const auto put = [&](std::size_t at, const auto& data) { return writer.put(at, std::as_bytes(std::span(data)), file); };
    // The small parts are written anew: they follow from the identity, so whatever was wrong in them is right again.
    std::vector<std::uint16_t> small(identity.tokens.begin(), identity.tokens.end());
    PATHLOOM_CHECK(writer.put(0, std::as_bytes(std::span(&header, 1)), file));
    PATHLOOM_CHECK(put(s.bytes, identity.bytes));
    PATHLOOM_CHECK(put(s.tokens, small));
    std::size_t encoded = 0;
    {
        PATHLOOM_TRY(const MappedFile before, MappedFile::open(file));
        const std::span<const std::byte> bytes = before.bytes();
        const std::size_t stride = key_stride(identity.key_dim);
        std::vector<float> keys;
        std::vector<std::int8_t> small_keys;
        std::vector<std::uint16_t> scales;
        for (std::size_t b = 0; b < s.blocks; ++b) {
            const std::size_t first = b * MemoryBlockRows, n = std::min(MemoryBlockRows, s.rows - first);
            const std::string_view known(reinterpret_cast<const char*>(bytes.data() + s.hashes + b * 64), 64);
            if (!writer.fresh() && is_sha256_hex(known) && block_hash(bytes, s, identity.key_dim, b) == known) continue;
            if (!progress(first, s.rows))
                return fail(ErrorCode::Cancelled, "encoding stopped at {} of {} tokens; it goes on from there", first, s.rows);
            PATHLOOM_CHECK(source(first, n, keys));
            small_keys.resize(n * stride);
            scales.resize(n);
            quantise_keys(keys, identity.key_dim, small_keys.data(), scales.data());
            PATHLOOM_CHECK(put(s.scales + first * 2, scales));
            PATHLOOM_CHECK(put(s.keys + first * stride, small_keys));
            PATHLOOM_CHECK(writer.sync(file));  // the data before the hash that vouches for it
            PATHLOOM_CHECK(put(s.hashes + b * 64, block_hash(bytes, s, identity.key_dim, b)));
            encoded += n;
        }
        Header done = header;
        done.finished = 1;
        std::memcpy(done.seal, seal_of(bytes, s).data(), 64);
        PATHLOOM_CHECK(writer.sync(file));
        PATHLOOM_CHECK(writer.put(0, std::as_bytes(std::span(&done, 1)), file));
        PATHLOOM_CHECK(writer.sync(file));
    }
    progress(s.rows, s.rows);
    PATHLOOM_TRY(MemoryFile memory, open(file, false));
    memory.m_encoded_now = encoded;
    return memory;
}

}  // namespace pathloom
