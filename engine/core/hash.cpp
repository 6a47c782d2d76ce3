// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256 over OpenSSL's EVP interface (it picks the CPU's SHA instructions).
#include "engine/core/hash.h"

#include "engine/core/files.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>
#include <vector>

namespace pathloom {

struct Sha256::Impl {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    Impl() { start(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { EVP_MD_CTX_free(context); }
    void start()
    {
        if (!context || EVP_DigestInit_ex(context, EVP_sha256(), nullptr) != 1)
            throw std::runtime_error("OpenSSL has no SHA-256");
    }
};

Sha256::Sha256()
    : m_impl(std::make_unique<Impl>())
{
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes)
{
    if (EVP_DigestUpdate(m_impl->context, bytes.data(), bytes.size()) != 1) throw std::runtime_error("SHA-256 update failed");
}

void Sha256::update(std::string_view text)
{
    update(std::as_bytes(std::span(text.data(), text.size())));
}

std::string Sha256::hex()
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(m_impl->context, digest.data(), &size) != 1) throw std::runtime_error("SHA-256 final failed");
    m_impl->start();
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(2 * size);
    for (unsigned int i = 0; i < size; ++i) {
        text.push_back(digits[digest[i] >> 4]);
        text.push_back(digits[digest[i] & 15]);
    }
    return text;
}

std::string sha256_hex(std::span<const std::byte> bytes)
{
    Sha256 hash;
    hash.update(bytes);
    return hash.hex();
}

std::string sha256_hex(std::string_view text)
{
    Sha256 hash;
    hash.update(text);
    return hash.hex();
}

Result<std::string> sha256_file(const std::filesystem::path& file)
{
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail(system_error("cannot open", file, errno));
    Sha256 hash;
    std::vector<std::byte> buffer(1 << 18);
    while (true) {
        const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
        if (got == 0) return hash.hex();
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(system_error("cannot read", file, errno));
        hash.update(std::span(buffer).first(std::size_t(got)));
    }
}

bool is_sha256_hex(std::string_view text)
{
    return text.size() == 64
        && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace pathloom
