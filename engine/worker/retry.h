// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting between attempts: exponential backoff with jitter, ended at once by a stop, and limited by the user's patience.
#pragma once

#include "engine/core/clock.h"
#include "engine/core/result.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <random>

namespace pathloom {

struct RetryPolicy {
    std::int64_t first_ms = 200;
    std::int64_t longest_ms = 10'000;
    std::int64_t patience_ms = 600'000;  ///< give up when nothing has worked for this long
};

/// A pause that others can end. raise() and lower() from any thread.
class Interrupt {
public:
    void raise()
    {
        const std::lock_guard lock(m_mutex);
        m_raised = true;
        m_changed.notify_all();
    }
    void lower()
    {
        const std::lock_guard lock(m_mutex);
        m_raised = false;
    }
    [[nodiscard]] bool raised() const
    {
        const std::lock_guard lock(m_mutex);
        return m_raised;
    }
    /// False when it was raised before or during the wait.
    bool pause(std::chrono::milliseconds time)
    {
        std::unique_lock lock(m_mutex);
        return !m_changed.wait_for(lock, time, [&] { return m_raised; });
    }

private:
    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    bool m_raised = false;
};

/// One series of attempts at one thing.
class Retry {
public:
    Retry(const RetryPolicy& policy, const Clock& clock, Interrupt& interrupt, std::uint64_t seed)
        : m_policy(policy)
        , m_clock(clock)
        , m_interrupt(interrupt)
        , m_random(seed)
        , m_since(clock.now_ms())
        , m_delay(policy.first_ms)
    {
    }
    /// Something worked: start over with the shortest pause.
    void reset()
    {
        m_since = m_clock.now_ms();
        m_delay = m_policy.first_ms;
    }
    /// Wait before the next attempt after `why`. Cancelled when interrupted; `why` itself when patience has run out.
    Result<void> wait(const Error& why)
    {
        if (m_clock.now_ms() - m_since > m_policy.patience_ms) return fail(why);
        // Jitter over the upper half: workers that lost one engine do not all come back in the same instant.
        std::uniform_int_distribution<std::int64_t> jitter(m_delay / 2, m_delay);
        if (!m_interrupt.pause(std::chrono::milliseconds(jitter(m_random))))
            return fail(ErrorCode::Cancelled, "stopped while waiting");
        m_delay = std::min(m_delay * 2, m_policy.longest_ms);
        return {};
    }

private:
    RetryPolicy m_policy;
    const Clock& m_clock;
    Interrupt& m_interrupt;
    std::mt19937_64 m_random;
    std::int64_t m_since;
    std::int64_t m_delay;
};

}  // namespace pathloom
