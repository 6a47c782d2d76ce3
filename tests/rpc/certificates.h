// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates made on the spot with libcrypto: a small authority and whom it vouches for.
#pragma once

#include "engine/core/rpc.h"

#include <filesystem>
#include <memory>
#include <string>

namespace pathloom::test {

class Authority {
public:
    struct Subject {
        std::string dns = {};  ///< alternative names of the certificate
        std::string ip = {};
        int days_from = -1;  ///< validity, relative to now
        int days_to = 30;
    };
    /// Writes <folder>/ca.pem.
    Authority(std::filesystem::path folder, const std::string& name);
    ~Authority();
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;
    [[nodiscard]] std::string file() const { return (m_folder / "ca.pem").string(); }
    /// <folder>/<name>.pem and .key; `ca` of the result is left empty.
    [[nodiscard]] TlsFiles issue(const std::string& name, const Subject& subject) const;

private:
    struct Impl;
    std::filesystem::path m_folder;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace pathloom::test
