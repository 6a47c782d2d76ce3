// SPDX-License-Identifier: GPL-3.0-or-later
// Documents through pathloom-read itself: every built importer loads, and what breaks the helper becomes one line.
#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/core/resources.h"
#include "engine/corpus/document_reader.h"
#include "tests/samples/documents.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace pathloom {
namespace {

using testing::HasSubstr;

class ReadDocument : public testing::Test {
protected:
    test::TemporaryFolder folder;
    std::filesystem::path put(const std::string& name, std::string_view bytes)
    {
        const auto file = folder.path() / name;
        std::filesystem::create_directories(file.parent_path());
        EXPECT_TRUE(write_file_atomic(file, bytes));
        return file;
    }
    Error refused(const std::filesystem::path& file, const ReadLimits& limits = {})
    {
        const auto read = read_document(file, limits);
        if (read) return {ErrorCode::Failed, "it was read"};
        EXPECT_EQ(read.error().message.find('\n'), std::string::npos);
        EXPECT_THAT(read.error().message, HasSubstr(file.filename().string()));
        return read.error();
    }
    ReadLimits script(const std::string& body)
    {
        const auto file = put("helper.sh", "#!/bin/sh\n" + body + "\n");
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
        ReadLimits limits;
        limits.program = file;
        limits.seconds = 1;
        return limits;
    }
};

TEST_F(ReadDocument, EveryKindComesWithItsPlaces)
{
    const DocumentText pdf = read_document(put("a.pdf", test::pdf({"first page", "second page"}))).value();
    EXPECT_EQ(pdf.at(pdf.text.find("second")).page, 2);
    const DocumentText epub = read_document(put("a.epub", test::epub({{"p.xhtml", "<h1>Boats</h1><p>oars</p>"}}))).value();
    EXPECT_EQ(epub.at(epub.text.find("oars")).section, "Boats");
    const DocumentText html = read_document(put("a.html", "<h1>A</h1><p>x</p><h2>B</h2><p>word</p>")).value();
    EXPECT_EQ(html.at(html.text.find("word")).section, "A / B");
    const DocumentText cues = read_document(put("a.srt", "1\n00:01:00,000 --> 00:01:02,000\nhello\n")).value();
    EXPECT_EQ(cues.at(2).seconds, 60.0);
    EXPECT_EQ(cues.at(2).until, 62.0);
    EXPECT_EQ(cues.end_of(0), cues.text.size());
    EXPECT_EQ(to_text(cues.at(2)), "0:01:00");
    const DocumentText marked = read_document(put("a.md", "# T\n\nwords\n")).value();
    EXPECT_EQ(marked.at(6).section, "T");
    EXPECT_EQ(marked.at(6).byte, 6);
    EXPECT_EQ(marked.text, "# T\n\nwords\n");
    // An unknown ending, but the bytes say what it is.
    EXPECT_EQ(read_document(put("a.download", test::pdf({"inside"}))).value().at(0).page, 1);
}

TEST_F(ReadDocument, BadFilesAreOneLine)
{
    EXPECT_EQ(refused(folder.path() / "none.pdf").code, ErrorCode::NotFound);
    EXPECT_EQ(refused(put("empty.pdf", "")).code, ErrorCode::Usage);
    EXPECT_EQ(refused(put("broken.pdf", "%PDF-1.7 \x01\x02")).code, ErrorCode::Corrupt);
    EXPECT_THAT(refused(put("locked.pdf", test::pdf({"x"}, true))).message, HasSubstr("password"));
    EXPECT_THAT(refused(put("latin.srt", "caf\xe9")).message, HasSubstr("UTF-8"));
    EXPECT_THAT(refused(put("picture.png", "\x89PNG\r\n")).message, HasSubstr("kind that is not read; known are"));
    EXPECT_EQ(refused(put("book.epub", "PK\x03\x04 cut")).code, ErrorCode::Corrupt);
}

TEST_F(ReadDocument, AHelperThatBreaksHangsOrBabblesIsOneLine)
{
    const auto file = put("a.pdf", "%PDF-1.4");
    EXPECT_THAT(refused(file, script("kill -SEGV $$")).message, HasSubstr("broke the program that reads it"));
    EXPECT_THAT(refused(file, script("kill -XCPU $$")).message, HasSubstr("took more than 1 s"));
    EXPECT_THAT(refused(file, script("exit 3")).message, HasSubstr("ended with code 3"));
    EXPECT_THAT(refused(file, script("exec tail -f /dev/null")).message, HasSubstr("was given up"));
    EXPECT_EQ(refused(file, script("echo '{\"text\":5}'")).code, ErrorCode::Corrupt);
    ReadLimits gone;
    gone.program = "/nowhere/pathloom-read";
    EXPECT_THAT(read_document(file, gone).error().message, HasSubstr("reinstall"));
    ReadLimits stopped = script("exec tail -f /dev/null");
    stopped.stopped = [] { return true; };
    EXPECT_EQ(refused(file, stopped).code, ErrorCode::Cancelled);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(ReadDocument, AFileThatWantsMoreMemoryThanAllowedIsOneLine)
{
    ReadLimits limits;
    limits.memory_mb = 300;
    std::string page;
    for (int i = 0; i < 30'000'000; ++i) page += i % 7 == 0 ? ' ' : 'w';
    const Error error = refused(put("big.html", "<p>" + page + "<p>" + page + "<p>" + page + "<p>" + page), limits);
    EXPECT_EQ(error.code == ErrorCode::Failed || error.code == ErrorCode::Usage, true) << error.message;
    EXPECT_NE(error.message, "it was read");
}
#endif

TEST_F(ReadDocument, FoldersAreReadByNameWithoutHiddenFiles)
{
    put("d/b.txt", "b");
    put("d/a/z.txt", "z");
    put("d/.git/x.txt", "x");
    put("d/.hidden.txt", "h");
    const auto files = document_files({folder.path() / "d", folder.path() / "d/b.txt"}).value();
    ASSERT_EQ(files.size(), 2U);
    EXPECT_EQ(files[0].filename(), "z.txt");
    EXPECT_EQ(files[1].filename(), "b.txt");
    std::filesystem::create_directory(folder.path() / "empty");
    EXPECT_EQ(document_files({folder.path() / "empty"}).error().code, ErrorCode::Usage);
}

nlohmann::json listed()
{
    const std::string command = (exe_dir() / "pathloom-read").string() + " --list";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::string out;
    std::array<char, 4096> piece{};
    while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), pipe.get())) out.append(piece.data(), n);
    return nlohmann::json::parse(out);
}

TEST_F(ReadDocument, TheListNamesEveryImporterAndWhyOthersCannotBeUsed)
{
    std::set<std::string> ids;
    const auto all = listed();
    for (const auto& one : all) {
        EXPECT_FALSE(one.contains("problem")) << one.dump();
        ids.insert(one["id"].get<std::string>());
    }
    EXPECT_EQ(ids, (std::set<std::string>{"text", "html", "epub", "pdf", "subtitles"}));

    put("importers/junk.so", "not a library");
    std::filesystem::copy(exe_dir() / "../lib/pathloom/importers/pdf.so", folder.path() / "importers/a.so");
    std::filesystem::copy(exe_dir() / "../lib/pathloom/importers/pdf.so", folder.path() / "importers/b.so");
    ::setenv("PATHLOOM_IMPORTERS", (folder.path() / "importers").c_str(), 1);
    const auto odd = listed();
    const Error unknown = refused(put("page.html", "<p>x"));
    ::unsetenv("PATHLOOM_IMPORTERS");
    ASSERT_EQ(odd.size(), 3U);
    EXPECT_FALSE(odd[0].contains("problem"));
    EXPECT_THAT(odd[1]["problem"].get<std::string>(), HasSubstr("another importer named 'pdf'"));
    EXPECT_THAT(odd[2]["problem"].get<std::string>(), HasSubstr("no plugin"));
    EXPECT_THAT(unknown.message, HasSubstr("known are .pdf"));
}

TEST(SegmentLines, ReadBackAsWritten)
{
    const Segment segment{"text \"quoted\"\n\xc3\xa9", {3, "A / B", 7, 1.25, "speech", 2.5}};
    EXPECT_EQ(parse_segment(to_json_line(segment)).value(), segment);
    EXPECT_EQ(parse_segment("{\"text\":\"a\"}").value(), (Segment{"a", {}}));
    for (const char* bad : {"", "[]", "{\"text\":1}", "{\"text\":\"a\",\"page\":0}", "{\"text\":\"a\",\"byte\":-1}",
             "{\"text\":\"a\",\"byte\":18446744073709551615}", "{\"text\":\"a\",\"seconds\":1e999}",
             "{\"text\":\"a\",\"until\":-1}", "{\"text\":\"a\",\"track\":7}", "{\"text\":\"\\u0000\"}"})
        EXPECT_FALSE(parse_segment(bad)) << bad;
}

}  // namespace
}  // namespace pathloom
