// SPDX-License-Identifier: GPL-3.0-or-later
// Files, folders and globs read as documents; what cannot be read is listed with its reason and the rest goes on.
#include "engine/corpus/import.h"

#include "engine/core/files.h"
#include "engine/corpus/document_reader.h"
#include "engine/corpus/text.h"
#include "engine/corpus/zstd_bytes.h"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace pathloom {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t largest_unpacked = std::uint64_t(8) << 30;  // bytes of one .zst file
constexpr std::size_t largest_document = std::size_t(1) << 30;  // token offsets are 32 bits wide
constexpr int listed_lines = 100;  // bad lines listed one by one, a file

/// A file to read and the domain it falls into when a record does not say.
struct Candidate {
    fs::path file;
    std::string source;
    std::string domain;
};

/// "notes.TXT.zst" -> (notes, .txt, packed).
struct FileKind {
    std::string stem;
    std::string extension;
    bool packed = false;
};

FileKind kind_of(fs::path file)
{
    FileKind kind;
    file = file.filename();
    kind.packed = ascii_lowered(file.extension().string()) == ".zst";
    if (kind.packed) file = file.stem();
    kind.extension = ascii_lowered(file.extension().string());
    kind.stem = file.stem().string();
    return kind;
}

bool is_hidden(const fs::path& path)
{
    return path.filename().string().starts_with('.');
}

/// Collects the files behind the request's paths, in order, each once.
class Collector {
public:
    explicit Collector(std::vector<Rejected>& rejected)
        : m_rejected(rejected)
    {
    }

    void add(const std::string& path)
    {
        std::error_code error;
        const fs::file_status status = fs::status(path, error);
        if (fs::is_directory(status)) return add_folder(path);
        if (fs::exists(status)) return add_file(path, path, kind_of(path).stem);
        if (path.find_first_of("*?[") != std::string::npos) return add_glob(path);
        reject(path,
            error && error != std::errc::no_such_file_or_directory ? "cannot be read: " + error.message()
                                                                   : "no such file or folder");
    }

    std::vector<Candidate> take() { return std::move(m_files); }

private:
    void reject(const std::string& path, std::string reason) { m_rejected.push_back({path, std::move(reason)}); }

    void add_file(const fs::path& file, const std::string& source, const std::string& domain)
    {
        std::error_code error;
        if (!fs::is_regular_file(file, error)) return reject(file.string(), "not a regular file");
        if (m_seen.insert(fs::weakly_canonical(file, error).string()).second) m_files.push_back({file, source, domain});
    }

    void add_folder(const fs::path& folder)
    {
        std::vector<fs::path> found;
        collect(folder, found);
        if (found.empty()) return reject(folder.string(), "an empty folder");
        for (const fs::path& file : found) {
            const fs::path inside = file.lexically_relative(folder);
            const auto first = inside.begin();
            const bool nested = std::next(first) != inside.end();
            add_file(file, inside.generic_string(), nested ? first->string() : kind_of(file).stem);
        }
    }

    /// Regular files of a folder and its sub-folders by name; links to folders are not followed, so there are no loops.
    void collect(const fs::path& folder, std::vector<fs::path>& found)
    {
        std::error_code error;
        std::vector<fs::directory_entry> entries;
        fs::directory_iterator walk(folder, error);
        for (; !error && walk != fs::directory_iterator(); walk.increment(error))
            if (!is_hidden(walk->path())) entries.push_back(*walk);
        if (error) reject(folder.string(), "cannot be read: " + error.message());
        std::sort(
            entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.path().native() < b.path().native(); });
        for (const fs::directory_entry& entry : entries) {
            if (entry.is_directory(error) && !entry.is_symlink(error))
                collect(entry.path(), found);
            else if (!entry.is_directory(error))
                found.push_back(entry.path());
        }
    }

    void add_glob(const std::string& pattern)
    {
        glob_t matches{};
        const int status = ::glob(pattern.c_str(), 0, nullptr, &matches);
        const std::vector<std::string> paths(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
        ::globfree(&matches);
        if (status != 0 || paths.empty()) return reject(pattern, "no file matches");
        for (const std::string& path : paths) {
            std::error_code error;
            if (fs::is_directory(path, error))
                add_folder(path);
            else
                add_file(path, path, kind_of(path).stem);
        }
    }

    std::vector<Rejected>& m_rejected;
    std::vector<Candidate> m_files;
    std::set<std::string> m_seen;
};

/// Reads candidates into a ReadDocuments.
class Reader {
public:
    Reader(const ImportRequest& request, const ImportProgress& progress, ReadDocuments& out)
        : m_request(request)
        , m_out(out)
    {
        m_limits.options = request.reading;
        m_limits.progress = [this, &progress](double done, double total) {
            m_stopped = m_stopped || (progress && !progress("film", std::int64_t(done), std::int64_t(total)));
        };
        m_limits.stopped = [this] { return m_stopped; };
    }
    [[nodiscard]] bool stopped() const { return m_stopped; }

    void read(const Candidate& candidate)
    {
        const std::string path = candidate.file.string();
        const FileKind kind = kind_of(candidate.file);
        if (kind.extension != ".txt" && kind.extension != ".md" && kind.extension != ".jsonl") {
            if (kind.packed) return reject(path, "of a kind that is not read packed; unpack it first");
            return read_through_importer(candidate);
        }
        auto bytes = read_file(candidate.file);
        if (!bytes) return reject(path, "cannot be read: " + bytes.error().message);
        if (kind.packed) {
            bytes = zstd_decompress(*bytes, largest_unpacked);
            if (!bytes) return reject(path, bytes.error().message);
        }
        if (bytes->empty()) return reject(path, "empty");
        if (kind.extension == ".jsonl")
            read_lines(candidate, *bytes);
        else
            read_whole(candidate, std::move(*bytes));
    }

private:
    void reject(const std::string& path, std::string reason) { m_out.rejected.push_back({path, std::move(reason)}); }

    void accept(SourceDocument document, const Candidate& candidate, const std::string& source)
    {
        if (!m_request.domain.empty())
            document.domain = m_request.domain;
        else if (document.domain.empty())
            document.domain = candidate.domain;
        if (document.source.empty()) document.source = source;
        m_out.documents.push_back(std::move(document));
    }

    void read_whole(const Candidate& candidate, std::string bytes)
    {
        const std::string path = candidate.file.string();
        if (const auto reason = why_not_text(bytes)) return reject(path, *reason);
        if (bytes.size() > largest_document) return reject(path, "larger than 1 GiB; split it into documents");
        SourceDocument document{.text = normalised(std::move(bytes)), .domain = {}, .source = {}, .split = std::nullopt};
        if (std::all_of(document.text.begin(), document.text.end(), is_blank)) return reject(path, "empty");
        accept(std::move(document), candidate, candidate.source);
    }

    /// HTML, EPUB, PDF, subtitles, films: whatever pathloom-read's plugins know.
    void read_through_importer(const Candidate& candidate)
    {
        const std::string path = candidate.file.string();
        auto content = read_document(candidate.file, m_limits);
        if (!content) {
            std::string reason = content.error().message;
            if (reason.starts_with(path + " ")) reason.erase(0, path.size() + 1);
            if (reason.find("; known are ") != std::string::npos) reason += " .jsonl";  // the one kind that is read here only
            return reject(path, std::move(reason));
        }
        accept(
            {.text = std::move(content->text), .domain = {}, .source = {}, .split = std::nullopt}, candidate, candidate.source);
    }

    void read_lines(const Candidate& candidate, const std::string& bytes)
    {
        const std::string path = candidate.file.string();
        int bad = 0;
        bool any = false;
        const auto refuse = [&](std::int64_t number, std::string reason) {
            if (++bad <= listed_lines) reject(fmt::format("{}:{}", path, number), std::move(reason));
        };
        for_each_line(bytes, [&](std::int64_t number, std::string_view line) {
            any = true;
            if (number == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
            if (line.size() > largest_document) return refuse(number, "longer than 1 GiB; split it into documents");
            auto document = parse_record(line);
            if (!document) return refuse(number, document.error().message);
            accept(std::move(*document), candidate, fmt::format("{}:{}", candidate.source, number));
        });
        if (bad > listed_lines) reject(path, fmt::format("{} more bad lines", bad - listed_lines));
        if (!any) reject(path, "empty");
    }

    const ImportRequest& m_request;
    ReadDocuments& m_out;
    ReadLimits m_limits;
    bool m_stopped = false;
};

}  // namespace

Result<ReadDocuments> read_source_documents(const ImportRequest& request, const ImportProgress& progress)
{
    if (request.paths.empty()) return fail(ErrorCode::Usage, "nothing to import; name files, folders or globs of documents");
    ReadDocuments out;
    Collector collector(out.rejected);
    for (const std::string& path : request.paths) collector.add(path);
    const std::vector<Candidate> files = collector.take();
    Reader reader(request, progress, out);
    const Error stopped{ErrorCode::Cancelled, fmt::format("import of '{}' stopped while reading", request.name)};
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (progress && !progress("read", std::int64_t(i), std::int64_t(files.size()))) return fail(stopped);
        reader.read(files[i]);
        if (reader.stopped()) return fail(stopped);
    }
    if (progress) progress("read", std::int64_t(files.size()), std::int64_t(files.size()));
    if (out.documents.empty()) {
        const Rejected& first = out.rejected.front();
        return fail(ErrorCode::Failed,
            "no document to import ({} rejected; {}: {}); give UTF-8 files ending in .txt, .md or .jsonl, or HTML, EPUB, PDF, "
            ".srt, .vtt or films",
            out.rejected.size(), first.path, first.reason);
    }
    return out;
}

}  // namespace pathloom
