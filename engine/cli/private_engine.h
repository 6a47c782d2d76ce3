// SPDX-License-Identifier: GPL-3.0-or-later
// An engine process of our own: started for one call, ended with it.
#pragma once

#include "engine/core/files.h"
#include "engine/core/result.h"

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace pathloom {

/// Lives as long as the object: the destructor closes its lifeline and waits for its end. Even when this process is killed
/// the lifeline closes, so no engine stays behind.
class PrivateEngine {
public:
    /// Returns when the engine answers. Errors carry the last line the engine wrote before it gave up.
    static Result<PrivateEngine> start(const std::filesystem::path& project, int workers, const std::string& listen = "unix");
    PrivateEngine(PrivateEngine&& other) noexcept;
    PrivateEngine& operator=(PrivateEngine&& other) noexcept;
    ~PrivateEngine();
    [[nodiscard]] const std::string& address() const { return m_address; }

private:
    PrivateEngine() = default;
    /// Its exit code; -1 when it did not end by itself.
    int end();
    pid_t m_pid = -1;
    UniqueFd m_lifeline;
    UniqueFd m_output;
    std::string m_address;
};

}  // namespace pathloom
