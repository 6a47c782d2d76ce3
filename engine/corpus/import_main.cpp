// SPDX-License-Identifier: GPL-3.0-or-later
// pathloom-import: imports a corpus in a process of its own, so a hostile file or a full memory ends this process and not the
// engine. Request: one JSON line on stdin. Answer: JSON lines on stdout, {"stage","done","total"} while it works, then {"record"}
// or {"error"}.
#include "engine/corpus/record_json.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <sys/prctl.h>

namespace {

using namespace pathloom;

/// Progress lines at most this often: a line a document would cost more than the work.
constexpr std::chrono::milliseconds report_interval(50);

bool say(const nlohmann::json& line)
{
    const std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

int refuse(const Error& error)
{
    say({{"error", error.message}, {"code", int(error.code)}});
    return 1;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 3 || std::string(argv[1]) != "--blobs") {
        std::fputs("usage: pathloom-import --blobs DIR < request.json\n", stderr);
        return 2;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGPIPE, SIG_IGN);  // a reader that went away makes say() fail, which cancels the import

    std::string line;
    std::getline(std::cin, line);
    auto request = parse_import_request(line);
    if (!request) return refuse(request.error());
    auto blobs = BlobStore::open(argv[2]);
    if (!blobs) return refuse(blobs.error());

    std::string last_stage;
    auto last = std::chrono::steady_clock::time_point();
    auto record = import_corpus(*request, *blobs, [&](std::string_view stage, std::int64_t done, std::int64_t total) {
        const auto now = std::chrono::steady_clock::now();
        if (stage == last_stage && done != total && now - last < report_interval) return true;
        last_stage = stage;
        last = now;
        return say({{"stage", stage}, {"done", done}, {"total", total}});
    });
    if (!record) return refuse(record.error());
    return say({{"record", nlohmann::json::parse(to_json(*record))}}) ? 0 : 1;
}
