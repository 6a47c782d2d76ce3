// SPDX-License-Identifier: GPL-3.0-or-later
// pathloom-read: one document's text and places, in a process with limits of memory, time and files, so that a hostile file ends
// this process and nothing else. JSON lines on stdout: segments (and signs of progress), then {"end": N} or {"error": "...",
// "code": C}.
#include "engine/core/exit_code.h"
#include "plugins/read/answers.h"
#include "plugins/read/limits.h"

#include <nlohmann/json.hpp>

#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <new>

namespace {

using namespace pathloom;

constexpr const char* usage
    = "usage: pathloom-read FILE [--memory-mb N] [--seconds N]\n"
      "                     films and recordings: [--fps F] [--no-picture-text] [--text-language L] [--speech] [--from SECONDS] "
      "[--may-be-empty]\n"
      "       pathloom-read --media FILE\n"
      "       pathloom-read --thumbnails N [--height H] FILE\n"
      "       pathloom-read --overlay SECONDS,X,Y,TEXT [--overlay ...] [--text-language L] [--fps F] FILE\n"
      "       pathloom-read --spoken SECONDS,VOICE,TEXT [--spoken ...] FILE\n"
      "       pathloom-read --marks [--fps F] FILE\n"
      "       pathloom-read --copy SECONDS,SEED [--copy ...] FILE\n"
      "       pathloom-read --find IMAGE [--fps F] FILE\n"
      "       pathloom-read --abilities\n"
      "       pathloom-read --look WIDTHxHEIGHT [--looks N] [--from SECONDS] [--fps F] [--overlay ... | --copy ...] FILE\n"
      "       pathloom-read --list\n";

int refuse(const Error& error)
{
    print_line(nlohmann::json{{"error", error.message}, {"code", int(error.code)}}.dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace));
    std::fflush(stdout);
    return exit_code(error.code);
}

template <class Number>
bool number(std::string_view text, Number least, Number most, Number& out)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && out >= least && out <= most;
}

template <class Request>
bool add_request(const std::optional<Request>& request, std::vector<Request>& out)
{
    if (request) out.push_back(*request);
    return request.has_value();
}

bool parse(int argc, char** argv, ReadCall& call)
{
    const std::map<std::string_view, std::function<void()>> flags{{"--list", [&] { call.list = true; }},
        {"--abilities", [&] { call.abilities = true; }}, {"--marks", [&] { call.marks = true; }},
        {"--media", [&] { call.media = true; }}, {"--speech", [&] { call.options.speech = true; }},
        {"--may-be-empty", [&] { call.options.may_be_empty = true; }},
        {"--no-picture-text", [&] { call.options.picture_text = false; }}};
    const std::map<std::string_view, std::function<bool(std::string_view)>> values{
        {"--memory-mb", [&](auto v) { return number(v, 1UL, 1'000'000UL, call.megabytes); }},
        {"--seconds", [&](auto v) { return number(v, 1UL, 1'000'000UL, call.seconds); }},
        {"--thumbnails", [&](auto v) { return number(v, 1, 10'000, call.thumbnails); }},
        {"--height", [&](auto v) { return number(v, 8, 2160, call.thumbnail_height); }},
        {"--fps", [&](auto v) { return number(v, LeastFrameRate, MostFrameRate, call.options.frames_per_second); }},
        {"--from", [&](auto v) { return number(v, 0.0, 1e8, call.options.from); }},
        {"--overlay", [&](auto v) { return add_request(parse_overlay(v), call.overlays); }},
        {"--spoken", [&](auto v) { return add_request(parse_spoken(v), call.spoken); }},
        {"--copy", [&](auto v) { return add_request(parse_copy(v), call.copies); }},
        {"--find", [&](auto v) { return !(call.find = std::string(v)).empty(); }},
        {"--looks", [&](auto v) { return number(v, std::size_t(1), std::size_t(1'000'000'000), call.look_count); }},
        {"--look",
            [&](auto v) {
                const auto size = parse_look(v);
                if (size) call.look = *size;
                return size.has_value();
            }},
        {"--text-language", [&](auto v) { return !(call.options.language = std::string(v)).empty(); }}};
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (const auto flag = flags.find(word); flag != flags.end()) {
            flag->second();
        } else if (const auto value = values.find(word); value != values.end()) {
            if (++i >= argc || !value->second(argv[i])) return false;
        } else if (call.file.empty() && !word.starts_with("--")) {
            call.file = word;
        } else {
            return false;
        }
    }
    const bool look = call.look.height > 0;  // with the overlays' words, or of copies, when there are any
    const std::array asked{call.list, call.abilities, call.media, call.thumbnails > 0,
        (look && call.copies.empty()) || !call.overlays.empty(), !call.spoken.empty(), call.marks, !call.copies.empty(),
        !call.find.empty()};
    if (std::ranges::count(asked, true) > 1) return false;
    return (call.list || call.abilities) == call.file.empty();
}

}  // namespace

int main(int argc, char** argv)
{
    ReadCall call;
    if (!parse(argc, argv, call)) {
        std::fputs(usage, stderr);
        return 2;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setenv("OMP_THREAD_LIMIT", "1", 0);  // Tesseract asks for four threads and loses time with them
    if (call.list) return print_importers() ? 0 : 1;
    limit_process(call.megabytes, call.seconds);
    try {
        const auto done = call.abilities ? print_abilities()
            : call.media                 ? print_media(call)
            : call.thumbnails > 0        ? print_thumbnails(call)
            : call.look.height > 0       ? print_looks(call)
            : !call.overlays.empty()     ? print_overlays(call)
            : !call.spoken.empty()       ? print_spoken(call)
            : call.marks                 ? print_marks(call)
            : !call.copies.empty()       ? print_copies(call)
            : !call.find.empty()         ? print_found(call)
                                         : print_document(call);
        if (!done) return refuse(done.error());
    } catch (const std::bad_alloc&) {
        return refuse({ErrorCode::Failed, fmt::format("needs more than {} MB to be read", call.megabytes)});
    }
    std::fflush(stdout);
    std::_Exit(0);  // nothing a library leaves behind is worth waiting for
}
