// SPDX-License-Identifier: GPL-3.0-or-later
// Signals and the parent's death as calls on an ordinary thread.
#pragma once

#include "engine/core/files.h"
#include "engine/core/result.h"

#include <functional>
#include <memory>
#include <thread>

namespace pathloom {

/// Blocks SIGTERM and SIGINT for every thread started after it, so make it before anything that starts threads.
class ProcessWatch {
public:
    struct Handlers {
        std::function<void()> stop;  ///< first signal
        std::function<void()> stop_now;  ///< second signal
        std::function<void()> parent_gone;  ///< only with watch_parent
    };
    /// `watch_parent`: the process that is the parent now, whichever of its threads started this one.
    static Result<std::unique_ptr<ProcessWatch>> start(Handlers handlers, bool watch_parent);
    ~ProcessWatch();

private:
    ProcessWatch(Handlers handlers, UniqueFd signals, UniqueFd parent, UniqueFd end);
    void run();

    Handlers m_handlers;
    UniqueFd m_signals;
    UniqueFd m_parent;
    UniqueFd m_end;
    std::thread m_thread;
};

/// Math libraries read OMP_NUM_THREADS when they are loaded, before main(): set it and start over when it differs.
/// Returns when the environment fits; otherwise does not return.
Result<void> pin_math_threads(int threads, char** argv);

}  // namespace pathloom
