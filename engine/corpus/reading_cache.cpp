// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/corpus/reading_cache.h"

#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/resources.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace pathloom {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view reading_version = "1";  // of what reading gives: another one makes old readings unused
constexpr std::streamoff sampled = 1 << 16;  // bytes at a file's begin and end
constexpr std::string_view sign = "#";  // begins a line that says how far the film is read

/// Changes with the file's name, size, time, first and last bytes and with how it is read; empty when the file cannot be looked
/// at.
std::string reading_name(const fs::path& file, const ReadOptions& options)
{
    std::error_code error;
    const auto size = fs::file_size(file, error);
    if (error || size == 0) return {};
    const auto changed = fs::last_write_time(file, error).time_since_epoch().count();
    Sha256 hash;
    hash.update(fmt::format("{} {} {} {} {} {} {} {} {}\n", reading_version, fs::weakly_canonical(file, error).string(), size,
        changed, options.frames_per_second, options.picture_text, options.language, options.speech, options.from));
    std::ifstream in(file, std::ios::binary);
    std::string bytes(std::size_t(sampled), '\0');
    for (const std::streamoff at : {std::streamoff(0), std::max(std::streamoff(0), std::streamoff(size) - sampled)}) {
        in.clear();
        in.seekg(at);
        in.read(bytes.data(), sampled);
        hash.update(std::string_view(bytes.data(), std::size_t(in.gcount())));
    }
    // Subtitles beside it are part of what is read.
    std::vector<std::string> beside;
    for (fs::directory_iterator at(file.parent_path().empty() ? fs::path(".") : file.parent_path(), error), end;
         !error && at != end; at.increment(error)) {
        std::error_code unknown;
        if (at->path().filename().string().starts_with(file.stem().string()) && at->path().filename() != file.filename()
            && at->is_regular_file(unknown))
            beside.push_back(fmt::format("{} {} {}\n", at->path().filename().string(), at->file_size(unknown),
                at->last_write_time(unknown).time_since_epoch().count()));
    }
    std::ranges::sort(beside);
    for (const std::string& one : beside) hash.update(one);
    return hash.hex();
}

/// The segments of `text` up to `end`.
void add_segments(std::string_view text, DocumentText& out)
{
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        at = end + 1;
        if (line.starts_with(sign)) continue;
        if (auto segment = parse_segment(line)) out.add(std::move(*segment));
    }
}

}  // namespace

ReadingCache::ReadingCache(const fs::path& file, const ReadOptions& options)
{
    const std::string name = reading_name(file, options);
    if (name.empty()) return;
    m_done = cache_folder() / "readings" / (name + ".jsonl");
    m_part = m_done;
    m_part += ".part";
}

bool ReadingCache::take_finished(DocumentText& out)
{
    std::error_code error;
    if (m_done.empty() || !fs::exists(m_done, error)) return false;
    const auto text = read_file(m_done);
    if (!text) return false;
    add_segments(*text, out);
    return true;
}

double ReadingCache::take_part(DocumentText& out)
{
    std::error_code error;
    if (m_part.empty() || !fs::exists(m_part, error)) return 0.0;
    auto text = read_file(m_part);
    if (!text) return 0.0;
    // What follows the last sign may be cut, and will be read again.
    const std::size_t mark = text->rfind(std::string("\n") + std::string(sign));
    const std::size_t end = mark == std::string::npos ? mark : text->find('\n', mark + 1);
    double seconds = 0.0;
    if (end != std::string::npos) std::from_chars(text->data() + mark + 2, text->data() + end, seconds);
    if (end == std::string::npos || !(seconds > 0.0)) {
        fs::remove(m_part, error);
        return 0.0;
    }
    text->resize(end + 1);
    if (!write_file_atomic(m_part, *text)) return 0.0;
    add_segments(*text, out);
    return seconds;
}

void ReadingCache::write(std::string_view text)
{
    if (m_part.empty()) return;
    if (!m_out.is_open()) {
        std::error_code error;
        fs::create_directories(m_part.parent_path(), error);
        m_out.open(m_part, std::ios::binary | std::ios::app);
        m_out << '\n';  // a sign is found by the line break before it
    }
    m_out << text << std::flush;
}

void ReadingCache::add(std::string_view line)
{
    m_waiting += line;
    m_waiting += '\n';
}

void ReadingCache::reached(double seconds)
{
    m_signs = true;
    write(m_waiting + fmt::format("{}{}\n", sign, seconds));
    m_waiting.clear();
}

void ReadingCache::finish()
{
    if (!m_signs || m_part.empty()) return;
    write(m_waiting);
    m_waiting.clear();
    m_out.close();
    std::error_code error;
    if (m_out.fail())
        fs::remove(m_part, error);
    else
        fs::rename(m_part, m_done, error);
}

}  // namespace pathloom
