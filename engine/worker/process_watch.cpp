// SPDX-License-Identifier: GPL-3.0-or-later
// Signals and the parent's death as calls on an ordinary thread.
#include "engine/worker/process_watch.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

namespace pathloom {

ProcessWatch::ProcessWatch(Handlers handlers, UniqueFd signals, UniqueFd parent, UniqueFd end)
    : m_handlers(std::move(handlers))
    , m_signals(std::move(signals))
    , m_parent(std::move(parent))
    , m_end(std::move(end))
    , m_thread([this] { run(); })
{
}

Result<std::unique_ptr<ProcessWatch>> ProcessWatch::start(Handlers handlers, bool watch_parent)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0)
        return fail(ErrorCode::Failed, "cannot block signals: {}", std::strerror(error));
    UniqueFd signals(::signalfd(-1, &set, SFD_CLOEXEC));
    UniqueFd end(::eventfd(0, EFD_CLOEXEC));
    if (!signals || !end) return fail(ErrorCode::Failed, "cannot watch signals: {}", std::strerror(errno));
    UniqueFd parent;
    if (watch_parent) {
        const pid_t id = ::getppid();
        parent = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, id, 0)));
        // Kernels without pidfd: the older way also fires when only the parent's starting thread ends, but never misses its
        // death.
        if (!parent) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != id) return fail(ErrorCode::Cancelled, "the parent process ended while this one started");
    }
    return std::unique_ptr<ProcessWatch>(
        new ProcessWatch(std::move(handlers), std::move(signals), std::move(parent), std::move(end)));
}

ProcessWatch::~ProcessWatch()
{
    const std::uint64_t one = 1;
    if (::write(m_end.get(), &one, sizeof one) == sizeof one && m_thread.joinable()) m_thread.join();
}

void ProcessWatch::run()
{
    bool signalled = false;
    std::array<pollfd, 3> watched{{{m_end.get(), POLLIN, 0}, {m_signals.get(), POLLIN, 0}, {m_parent.get(), POLLIN, 0}}};
    while (true) {
        if (::poll(watched.data(), watched.size(), -1) < 0) {
            if (errno == EINTR) continue;
            return;
        }
        if (watched[0].revents != 0) return;
        if (watched[2].revents != 0) {
            watched[2].fd = -1;
            m_handlers.parent_gone();
        }
        if (watched[1].revents != 0) {
            signalfd_siginfo info{};
            if (::read(m_signals.get(), &info, sizeof info) != sizeof info) continue;
            if (std::exchange(signalled, true)) {
                m_handlers.stop_now();
            } else {
                m_handlers.stop();
            }
        }
    }
}

Result<void> pin_math_threads(int threads, char** argv)
{
    const std::string wanted = std::to_string(threads);
    bool fits = true;
    for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"}) {
        const char* value = std::getenv(name);
        if (value != nullptr && wanted == value) continue;
        fits = false;
        if (::setenv(name, wanted.c_str(), 1) != 0)
            return fail(ErrorCode::Failed, "cannot set {}: {}", name, std::strerror(errno));
    }
    if (fits) return {};
    ::execv("/proc/self/exe", argv);
    return fail(ErrorCode::Failed, "cannot restart with {} math threads: {}", threads, std::strerror(errno));
}

}  // namespace pathloom
