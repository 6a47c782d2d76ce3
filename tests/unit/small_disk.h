// SPDX-License-Identifier: GPL-3.0-or-later
// A file system of a few pages, for the tests of a full disk. Needs the right to mount; tests skip without it.
#pragma once

#include "tests/unit/temporary_folder.h"

#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace pathloom::test {

class SmallDisk {
public:
    /// `options` as for tmpfs: "size=64k".
    explicit SmallDisk(const std::string& options)
    {
        m_mounted = ::mount("tmpfs", m_folder.path().c_str(), "tmpfs", 0, options.c_str()) == 0;
        if (!m_mounted) m_reason = std::string("cannot mount a small tmpfs: ") + std::strerror(errno);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk()
    {
        if (m_mounted) ::umount2(m_folder.path().c_str(), MNT_DETACH);
    }
    [[nodiscard]] bool mounted() const { return m_mounted; }
    [[nodiscard]] const std::string& reason() const { return m_reason; }
    [[nodiscard]] const std::filesystem::path& path() const { return m_folder.path(); }

private:
    TemporaryFolder m_folder;
    bool m_mounted = false;
    std::string m_reason;
};

}  // namespace pathloom::test
