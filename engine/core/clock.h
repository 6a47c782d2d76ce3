// SPDX-License-Identifier: GPL-3.0-or-later
// Time is injected: programs pass a SystemClock, tests a ManualClock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace pathloom {

/// What has passed on the steady clock, for reports; decisions take a Clock.
inline double seconds_since(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class Clock {
public:
    virtual ~Clock() = default;
    /// Unix milliseconds.
    [[nodiscard]] virtual std::int64_t now_ms() const = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] std::int64_t now_ms() const override
    {
        using namespace std::chrono;
        return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    }
};

/// Stands still until told otherwise; any thread may read it.
class ManualClock final : public Clock {
public:
    explicit ManualClock(std::int64_t now = 0)
        : m_now(now)
    {
    }
    [[nodiscard]] std::int64_t now_ms() const override { return m_now.load(); }
    void advance(std::int64_t ms) { m_now.fetch_add(ms); }
    void set(std::int64_t ms) { m_now.store(ms); }

private:
    std::atomic<std::int64_t> m_now;
};

}  // namespace pathloom
