// SPDX-License-Identifier: GPL-3.0-or-later
// Files, folders and globs to documents; every file that gives none is listed with its reason.
#include "engine/corpus/import.h"
#include "engine/corpus/record_json.h"
#include "engine/corpus/zstd_bytes.h"
#include "tests/unit/corpus/corpus_test_data.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>

namespace pathloom {
namespace {

namespace fs = std::filesystem;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Import : public testing::Test {
protected:
    Result<ReadDocuments> read(
        std::vector<std::string> paths, const std::string& domain = {}, const ImportProgress& progress = {})
    {
        ImportRequest request;
        request.name = "t";
        request.paths = std::move(paths);
        request.domain = domain;
        return read_source_documents(request, progress);
    }
    /// "domain|source|text" of each document.
    static std::vector<std::string> lines(const ReadDocuments& read)
    {
        std::vector<std::string> all;
        for (const SourceDocument& d : read.documents) all.push_back(d.domain + "|" + d.source + "|" + d.text);
        return all;
    }
    std::string reason(const ReadDocuments& read, const std::string& end)
    {
        for (const Rejected& rejected : read.rejected)
            if (rejected.path.ends_with(end)) return rejected.reason;
        return "(accepted)";
    }
    std::string at(const std::string& name) { return (root / name).string(); }

    test::TemporaryFolder folder;
    fs::path root = folder.path() / "in";
};

TEST_F(Import, FolderGivesDomainsFromTopFolderOrStem)
{
    write_file(root / "de/a/zwei.txt", "zwei");
    write_file(root / "de/eins.MD",
        "\xef\xbb\xbf"
        "eins\r\n");
    write_file(root / "notes.txt.zst", zstd_compress("packed"));
    write_file(root / "set.jsonl", "{\"text\":\"one\",\"domain\":\"own\"}\n\n{\"text\":\"two\",\"source\":\"there\"}\n");
    write_file(root / ".hidden.txt", "hidden");
    const auto got = read({root.string()});
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_THAT(lines(*got),
        ElementsAre("de|de/a/zwei.txt|zwei", "de|de/eins.MD|eins\n", "notes|notes.txt.zst|packed", "own|set.jsonl:1|one",
            "set|there|two"));
    EXPECT_THAT(got->rejected, IsEmpty());
    const auto again = read({root.string() + "/"});
    ASSERT_TRUE(again);
    EXPECT_EQ(lines(*again), lines(*got));  // a trailing slash changes nothing
}

TEST_F(Import, RequestedDomainWinsAndGlobsAreSorted)
{
    write_file(root / "b.txt", "b");
    write_file(root / "a.txt", "a");
    write_file(root / "c.md", "c");
    const auto got = read({at("*.txt"), at("a.txt")}, "mine");
    ASSERT_TRUE(got);
    EXPECT_THAT(lines(*got), ElementsAre("mine|" + at("a.txt") + "|a", "mine|" + at("b.txt") + "|b"));  // each file once
}

TEST_F(Import, WhatCannotBeReadIsListedAndTheRestGoesOn)
{
    write_file(root / "good.txt", "good");
    write_file(root / "latin1.txt",
        "gr\xfc\xdf"
        "e");
    write_file(root / "binary.txt", std::string_view("PK\0\1", 4));
    write_file(root / "empty.txt", "");
    write_file(root / "blank.md", " \n\n");
    write_file(root / "picture.png", "x");
    write_file(root / "broken.txt.zst", "no zstd");
    write_file(root / "lines.jsonl", "{\"text\":\"fine\"}\n{\"text\":\n{\"txt\":\"x\"}\n");
    write_file(root / "empty.jsonl", "\n\n");
    ASSERT_EQ(::mkfifo(at("pipe.txt").c_str(), 0600), 0);
    fs::create_symlink(root / "nowhere", root / "dangling.txt");
    fs::create_directory_symlink(root, root / "loop");
    const auto got = read({root.string(), at("missing.txt"), at("none*.txt")});
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->documents.size(), 2U);
    EXPECT_EQ(reason(*got, "latin1.txt"), "not UTF-8: byte 0xfc at offset 2");
    EXPECT_EQ(reason(*got, "binary.txt"), "binary: NUL byte at offset 2");
    EXPECT_EQ(reason(*got, "/empty.txt"), "empty");
    EXPECT_EQ(reason(*got, "blank.md"), "empty");
    EXPECT_THAT(reason(*got, "picture.png"), HasSubstr(".jsonl"));
    EXPECT_THAT(reason(*got, "broken.txt.zst"), HasSubstr("not Zstandard data"));
    EXPECT_EQ(reason(*got, "lines.jsonl:2"), "not JSON");
    EXPECT_EQ(reason(*got, "lines.jsonl:3"), "no \"text\"");
    EXPECT_EQ(reason(*got, "empty.jsonl"), "empty");
    EXPECT_EQ(reason(*got, "pipe.txt"), "not a regular file");
    EXPECT_EQ(reason(*got, "dangling.txt"), "not a regular file");
    EXPECT_EQ(reason(*got, "missing.txt"), "no such file or folder");
    EXPECT_EQ(reason(*got, "none*.txt"), "no file matches");
    EXPECT_EQ(got->rejected.size(), 13U);
}

TEST_F(Import, AThousandBadLinesAreSummed)
{
    std::string bytes = "{\"text\":\"fine\"}\n";
    for (int i = 0; i < 1000; ++i) bytes += "bad\n";
    write_file(root / "a.jsonl", bytes);
    const auto got = read({at("a.jsonl")});
    ASSERT_TRUE(got);
    ASSERT_EQ(got->rejected.size(), 101U);
    EXPECT_EQ(got->rejected.back().reason, "900 more bad lines");
}

TEST_F(Import, NothingToReadSaysWhatToDo)
{
    const auto none = read({});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::Usage);
    for (const std::string& path : {at("missing"), write_file(root / "sub/b.txt", "\xff").string()}) {
        const auto got = read({path});
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code, ErrorCode::Failed);
        EXPECT_THAT(got.error().message, testing::AllOf(HasSubstr(path), HasSubstr("give UTF-8 files")));
    }
    fs::create_directories(root / "void");
    EXPECT_THAT(read({at("void")}).error().message, HasSubstr("an empty folder"));
}

TEST_F(Import, StopsWhenAskedTo)
{
    write_file(root / "a.txt", "a");
    write_file(root / "b.txt", "b");
    const auto got = read({root.string()}, {}, [](std::string_view, std::int64_t done, std::int64_t) { return done < 1; });
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::Cancelled);
}

TEST_F(Import, RandomBytesInEveryKindOfFile)
{
    Rng rng(3);
    write_file(root / "good.txt", "good");
    for (int i = 0; i < 60; ++i) {
        std::string bytes;
        for (std::uint64_t left = rng.below(300); left > 0; --left) bytes += char(rng.below(256));
        const char* extensions[] = {".txt", ".md", ".jsonl", ".txt.zst", ".jsonl.zst", ".zst"};
        write_file(root / (std::to_string(i) + extensions[i % 6]), bytes);
    }
    const auto got = read({root.string()});
    ASSERT_TRUE(got);
    EXPECT_GE(got->rejected.size() + got->documents.size(), 61U);
}

TEST_F(Import, FilmsAreReadAsAsked)
{
    fs::create_directories(root);
    fs::copy_file(FILM_SAMPLES "/grey.mp4", root / "walk.mp4");
    write_file(root / "walk.srt", "00:00:02,000 --> 00:00:04,500\nThe river was seen.\n");
    ::setenv("XDG_CACHE_HOME", (folder.path() / "cache").c_str(), 1);
    ImportRequest request;
    request.name = "t";
    request.paths = {at("walk.mp4")};
    request.reading.language = "tlh";
    // What the request says of films survives the way to the helper, and is what its reader is asked for.
    request = parse_import_request(to_json(request)).value();
    const auto refused = read_source_documents(request);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("tesseract-ocr-tlh"));
    request.reading.picture_text = false;
    request.reading.frames_per_second = 2.5;
    request.reading.speech = true;
    EXPECT_EQ(parse_import_request(to_json(request)).value().reading, request.reading);
    request.reading.speech = false;
    EXPECT_TRUE(read_source_documents(request)) << "no language is needed";
    request.reading = {.frames_per_second = 2.5};
    const auto again = parse_import_request(to_json(request)).value();
    std::vector<std::string> stages;
    const auto read = read_source_documents(again, [&](std::string_view stage, std::int64_t, std::int64_t total) {
        stages.emplace_back(stage);
        EXPECT_TRUE(stage != "film" || total == 12) << total;
        return true;
    });
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_THAT(lines(*read), ElementsAre("walk|" + at("walk.mp4") + "|The river was seen.\n"));
    EXPECT_THAT(stages, testing::Contains("film"));
    EXPECT_EQ(parse_import_request(R"({"reading":{"fps":0}})").error().code, ErrorCode::Usage);
    EXPECT_EQ(parse_import_request(R"({"reading":{"speech":"yes"}})").error().code, ErrorCode::Usage);
    ::unsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace pathloom
