// SPDX-License-Identifier: GPL-3.0-or-later
// Documents through pathloom-read itself: every built importer loads, and what breaks the helper becomes one line.
#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/core/resources.h"
#include "engine/corpus/document_reader.h"
#include "tests/samples/documents.h"
#include "tests/samples/film.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>

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

TEST_F(ReadDocument, AHelperThatAnswersIsNotGivenUp)
{
    // Six answers take longer than the patience with silence, which is twice the limit.
    ReadLimits limits = script("for i in 1 2 3 4 5 6; do sleep 1; echo '{\"mark\":1}'; done; echo '{\"end\":6}'");
    limits.seconds = 2;
    int answers = 0;
    const auto read = run_reader(put("a.mkv", "x"), {}, limits, [&](std::string_view) -> Result<void> {
        ++answers;
        return {};
    });
    EXPECT_TRUE(read) << read.error().message;
    EXPECT_EQ(answers, 6);
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

std::string said(const std::string& arguments)
{
    const std::string command = (exe_dir() / "pathloom-read").string() + " " + arguments;
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::string out;
    std::array<char, 4096> piece{};
    while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), pipe.get())) out.append(piece.data(), n);
    return out;
}

std::vector<nlohmann::json> lines_of(const std::string& text)
{
    std::vector<nlohmann::json> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) out.push_back(nlohmann::json::parse(line));
    return out;
}

nlohmann::json listed()
{
    return nlohmann::json::parse(said("--list"));
}

class ReadFilm : public ReadDocument {
protected:
    ReadFilm() { ::setenv("XDG_CACHE_HOME", (folder.path() / "cache").c_str(), 1); }
    ~ReadFilm() override { ::unsetenv("XDG_CACHE_HOME"); }
    std::filesystem::path cued()
    {
        const auto file = folder.path() / "a.mkv";
        test::film(
            file, {.seconds = 50.0, .fps = 2.0, .cues = {{1.0, 2.0, "first"}, {25.0, 26.0, "second"}, {45.0, 46.0, "third"}}});
        return file;
    }
    std::vector<std::filesystem::path> kept()
    {
        std::vector<std::filesystem::path> out;
        std::error_code error;
        for (const auto& one : std::filesystem::directory_iterator(folder.path() / "cache/pathloom/readings", error))
            out.push_back(one.path());
        return out;
    }
};

TEST_F(ReadFilm, SaysWhatItIsAndShowsPictures)
{
    const auto file = cued();
    const auto facts = lines_of(said("--media " + file.string())).at(0)["media"];
    EXPECT_NEAR(facts["seconds"].get<double>(), 50.0, 0.6);
    EXPECT_EQ(facts["video"]["width"], 320);
    EXPECT_TRUE(facts["audio"].is_null());
    EXPECT_EQ(facts["subtitles"][0]["language"], "eng");
    const auto pictures = lines_of(said("--thumbnails 3 --height 48 " + file.string()));
    ASSERT_EQ(pictures.size(), 4U);
    EXPECT_EQ(pictures[1]["thumbnail"]["height"], 48);
    EXPECT_TRUE(pictures[1]["thumbnail"]["png"].get<std::string>().starts_with("iVBOR"));
    EXPECT_EQ(pictures[3]["end"], 3);
    const auto drawn = lines_of(said("--overlay '2,0.5,0.5,The secret word is lantern' " + file.string()));
    EXPECT_THAT(drawn.at(0)["overlay"]["lines"].dump(), HasSubstr("lantern"));
    const auto looks = lines_of(said("--look 0x60 --looks 2 --from 3 " + file.string()));
    ASSERT_EQ(looks.size(), 5U);  // a sign of progress before each
    EXPECT_EQ(looks[2]["progress"]["done"], 4.0);
    EXPECT_EQ(looks[3]["look"]["seconds"], 4.0);
    EXPECT_EQ(looks[3]["look"]["width"], 80);
    EXPECT_EQ(looks[3]["look"]["grey"].get<std::string>().size(), 80U * 60U / 3U * 4U);
    const auto looked = lines_of(said("--look 0x60 --overlay '4,0.5,0.5,lantern' " + file.string()));
    EXPECT_NE(looked.at(1)["look"]["grey"], looks[3]["look"]["grey"]);
    EXPECT_EQ(looked.at(2)["end"], 1);
    EXPECT_THAT(
        lines_of(said("--media " + put("a.html", "<p>x").string())).at(0)["error"].get<std::string>(), HasSubstr("no film"));
}

TEST_F(ReadFilm, IsKeptAndGoesOnWhereItWasStopped)
{
    const auto file = cued();
    ReadLimits limits;
    limits.options.frames_per_second = 0.5;
    double reached = 0.0;
    limits.progress = [&](double done, double) { reached = done; };
    limits.stopped = [&] { return reached >= 20.0; };
    (void)read_document(file, limits);  // stops in the middle, or is quicker than that
    limits.stopped = {};
    const DocumentText whole = read_document(file, limits).value();
    EXPECT_EQ(whole.text, "first\nsecond\nthird\n");
    EXPECT_EQ(to_text(whole.at(7)), "0:00:25 (subtitles)");
    ASSERT_EQ(kept().size(), 1U);
    limits.program = "/nowhere";  // not needed any more
    EXPECT_EQ(read_document(file, limits).value().text, whole.text);
    limits.options.frames_per_second = 1.0;  // another reading
    EXPECT_FALSE(read_document(file, limits));

    // A part of a reading, as one that was stopped leaves it, its last line cut.
    const auto part = std::filesystem::path(kept()[0].string() + ".part");
    std::filesystem::remove(kept()[0]);
    EXPECT_TRUE(write_file_atomic(
        part, "\n{\"seconds\":1.0,\"text\":\"FIRST\\n\",\"track\":\"subtitles\"}\n#20\n{\"seconds\":25.0,\"text\":\"SEC"));
    limits.options.frames_per_second = 0.5;
    limits.program.clear();
    EXPECT_EQ(read_document(file, limits).value().text, "FIRST\nsecond\nthird\n");
}

TEST_F(ReadDocument, TheListNamesEveryImporterAndWhyOthersCannotBeUsed)
{
    std::set<std::string> ids;
    const auto all = listed();
    for (const auto& one : all) {
        EXPECT_FALSE(one.contains("problem")) << one.dump();
        ids.insert(one["id"].get<std::string>());
    }
    EXPECT_EQ(ids, (std::set<std::string>{"text", "html", "epub", "pdf", "subtitles", "video"}));

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
    const Segment heard{"words\n", {0, {}, -1, 61.5, "speech"}, 0.5};
    EXPECT_EQ(parse_segment(to_json_line(heard)).value(), heard);
    EXPECT_EQ(to_text(heard.where), "0:01:01 (speech)");
    for (const char* bad : {"", "[]", "{\"text\":1}", "{\"text\":\"a\",\"page\":0}", "{\"text\":\"a\",\"byte\":-1}",
             "{\"text\":\"a\",\"byte\":18446744073709551615}", "{\"text\":\"a\",\"seconds\":1e999}",
             "{\"text\":\"a\",\"until\":-1}", "{\"text\":\"a\",\"track\":7}", "{\"text\":\"a\",\"confidence\":2}",
             "{\"text\":\"\\u0000\"}"})
        EXPECT_FALSE(parse_segment(bad)) << bad;
}

}  // namespace
}  // namespace pathloom
