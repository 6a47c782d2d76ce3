// SPDX-License-Identifier: GPL-3.0-or-later
// Lines in, lines out: a thread reads requests, so that "cancel" is heard while another one is under way.
#include "engine/probe/session_io.h"

#include <fmt/format.h>

#include <sys/prctl.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <deque>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>

namespace pathloom {

namespace {

struct Inbox {
    std::mutex mutex;
    std::condition_variable grown;
    std::deque<nlohmann::json> requests;
    bool closed = false;
    std::atomic<bool> cancel = false;

    void read()
    {
        std::string line;
        while (std::getline(std::cin, line)) {
            auto request = nlohmann::json::parse(line, nullptr, false);
            if (!request.is_object()) continue;
            const std::lock_guard lock(mutex);
            if (request.value("do", std::string()) == "cancel") {
                cancel = true;
                requests.clear();
                continue;
            }
            requests.push_back(std::move(request));
            grown.notify_one();
        }
        const std::lock_guard lock(mutex);
        closed = true;
        cancel = true;
        grown.notify_one();
    }
    std::optional<nlohmann::json> next()
    {
        std::unique_lock lock(mutex);
        grown.wait(lock, [&] { return closed || !requests.empty(); });
        if (closed) return std::nullopt;
        auto request = std::move(requests.front());
        requests.pop_front();
        cancel = false;
        return request;
    }
};

}  // namespace

int run_session(const std::function<std::function<void(const nlohmann::json&)>(SessionIo)>& make)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGPIPE, SIG_IGN);
    Inbox inbox;
    const auto handle = make({[](const nlohmann::json& line) {
                                  fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
                                  std::fflush(stdout);
                              },
        [&inbox] { return inbox.cancel.load(); }});
    std::thread reader([&inbox] { inbox.read(); });
    while (const auto request = inbox.next()) handle(*request);
    reader.join();
    return 0;
}

}  // namespace pathloom
