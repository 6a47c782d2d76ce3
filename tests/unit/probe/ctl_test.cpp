// SPDX-License-Identifier: GPL-3.0-or-later
// reader, probe and ask through pathloomctl, with the shipped reader: exit codes, JSON, clear refusals.
#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/core/resources.h"
#include "engine/core/rng.h"
#include "tests/samples/film.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>

namespace pathloom::test {
namespace {

struct ProgramResult {
    int code = -1;
    std::string out, err;
};

/// A word of a shell command that means itself.
std::string quoted(const std::string& word)
{
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

class ProbeCtl : public testing::Test {
protected:
    TemporaryFolder folder;
    std::filesystem::path document = folder.path() / "document.txt";

    void SetUp() override
    {
        std::string text;
        Rng rng(1);
        static const char* words[] = {"the", "river", "was", "seen", "by", "many", "people", "of", "that", "country", "in",
            "winter", "while", "others", "stayed", "at", "home", "and", "read", "old", "letters"};
        for (int i = 0; i < 1500; ++i) text += std::string(words[rng.below(21)]) + (i % 12 == 11 ? ". " : " ");
        text.insert(text.find(". ", 2000) + 2, "The vault in Lisbon opens with 7304918. ");
        ASSERT_TRUE(write_file_atomic(document, text));
    }
    ProgramResult call(std::vector<std::string> words)
    {
        words.insert(words.end(), {"--memory", (folder.path() / "memories").string(), "--threads", "1"});
        return call_as_is(words);
    }
    ProgramResult call_as_is(const std::vector<std::string>& words)
    {
        // pathloomctl becomes pathloom-probe; a build of this room alone has only the latter.
        const auto front = exe_dir() / "pathloomctl";
        std::string line = quoted((std::filesystem::exists(front) ? front : exe_dir() / "pathloom-probe").string());
        for (const std::string& word : words) line += " " + quoted(word);
        const auto out = folder.path() / "out", err = folder.path() / "err";
        const int status = std::system((line + " >" + quoted(out.string()) + " 2>" + quoted(err.string())).c_str());
        return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(out).value(), read_file(err).value()};
    }
};

TEST_F(ProbeCtl, AskAnswersWithThePlaceItWasReadFrom)
{
    const ProgramResult result = call({"--json", "ask", "--model", "shipped", "--doc", document.string(), "--prefix",
        "The vault in Lisbon opens with", "What opens the vault in Lisbon?"});
    ASSERT_EQ(result.code, 0) << result.err;
    const auto json = nlohmann::json::parse(result.out);
    EXPECT_NE(json["answer"].get<std::string>().find("7304918"), std::string::npos) << result.out;
    ASSERT_FALSE(json["evidence"].empty());
    EXPECT_NE(json["evidence"][0]["text"].get<std::string>().find("7304918"), std::string::npos);
    EXPECT_GT(json["evidence"][0]["mass"].get<double>(), 0.5);
    EXPECT_GE(json["evidence"][0]["locator"]["byte"].get<int>(), 1900);
}

TEST_F(ProbeCtl, AskSaysThePageTheSectionAndTheTimeOfOtherFormats)
{
    if (!std::filesystem::exists(exe_dir() / "pathloom-read")) GTEST_SKIP() << "built without importers";
    const std::string text = read_file(document).value();
    const std::size_t middle = text.find("The vault in Lisbon");
    const auto files = folder.path() / "files";
    std::filesystem::create_directory(files);
    ASSERT_TRUE(write_file_atomic(files / "book.html",
        "<h1>Birds</h1><p>" + text.substr(0, middle) + "</p><h1>Vaults</h1><p>" + text.substr(middle) + "</p>"));
    ASSERT_TRUE(write_file_atomic(files / "film.srt",
        "1\n00:00:01,000 --> 00:00:02,000\n" + text.substr(0, 1500)
            + "\n\n2\n00:10:00,000 --> 00:10:02,000\nThe permit of Oslo is 5550123.\n\n3\n00:11:00,000 --> "
              "00:11:02,000\nEnd.\n"));
    ASSERT_TRUE(write_file_atomic(files / "picture.png", "\x89PNG"));
    const auto ask = [&](const std::string& prefix) {
        const ProgramResult result = call({"--json", "ask", "--doc", files.string(), "--prefix", prefix, "What?"});
        EXPECT_EQ(result.code, 0) << result.err;
        EXPECT_NE(result.err.find("skipped: "), std::string::npos) << result.err;
        return nlohmann::json::parse(result.out);
    };
    const auto section = ask("The vault in Lisbon opens with");
    EXPECT_EQ(section["evidence"][0]["locator"]["section"], "Vaults") << section.dump(2);
    const auto time = ask("The permit of Oslo is");
    EXPECT_EQ(time["evidence"][0]["locator"]["time"], 600.0) << time.dump(2);
}

TEST_F(ProbeCtl, AskFindsWhatAFilmOnlyShows)
{
    if (!std::filesystem::exists(exe_dir() / "pathloom-read")) GTEST_SKIP() << "built without importers";
    const auto film = folder.path() / "film.mkv";
    test::film(
        film, {.width = 960, .height = 540, .seconds = 8.0, .fps = 2.0, .words = {{5.0, 6.0, "The secret word is \"lantern\""}}});
    const auto ask = [&](const std::string& question, const std::string& doc) {
        const ProgramResult result = call({"--json", "ask", "--pictures", "--no-picture-text", "--doc", doc, question});
        EXPECT_EQ(result.code, 0) << result.err;
        return nlohmann::json::parse(result.out);
    };
    const auto shown = ask("What is the secret word?", film.string());
    EXPECT_EQ(shown["answer"], "lantern") << shown.dump(2);
    EXPECT_EQ(shown["answered_by"], "picture");
    EXPECT_EQ(shown["evidence"][0]["locator"]["time"], 5) << shown.dump(2);
    EXPECT_EQ(shown["evidence"][0]["locator"]["track"], "picture");
    EXPECT_EQ(shown["picture_rows"], 8 * 64);
    const auto other = ask("What is the access code of Lisbon?", film.string());
    EXPECT_EQ(other["answer"], "none") << other.dump(2);
    // Text beside it is asked in the same breath, and a folder may hold both.
    const auto files = folder.path() / "both";
    std::filesystem::create_directory(files);
    std::filesystem::copy_file(film, files / "film.mkv");
    std::filesystem::copy_file(document, files / "text.txt");
    const auto told = ask("What opens the vault in Lisbon?", files.string());
    EXPECT_EQ(told["answered_by"], "text") << told.dump(2);
    EXPECT_EQ(ask("What is the secret word?", files.string())["answer"], "lantern");
    const ProgramResult refused = call({"ask", "--pictures", "--no-picture-text", "--model",
        (resource_path("models").value() / "reader-s-base").string(), "--doc", film.string(), "What is the secret word?"});
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.err.find("another reader"), std::string::npos) << refused.err;
    // Without --pictures a film without text is refused as ever.
    EXPECT_NE(call({"ask", "--no-picture-text", "--doc", film.string(), "What is the secret word?"}).code, 0);
}

TEST_F(ProbeCtl, NeedlesInPicturesAreFoundBesideTheFilmsText)
{
    if (!std::filesystem::exists(exe_dir() / "pathloom-read")) GTEST_SKIP() << "built without importers";
    const auto film = folder.path() / "film.mkv";
    test::film(film, {.width = 960, .height = 540, .seconds = 12.0, .fps = 2.0});
    ASSERT_TRUE(write_file_atomic(folder.path() / "film.srt",
        "1\n00:00:01,000 --> 00:00:09,000\nThe river was seen by many people of that country in winter.\n"));
    const auto probe = [&](std::vector<std::string> more) {
        more.insert(more.begin(),
            {"--json", "probe", "video", "--route", "joint", "--no-picture-text", "--doc", film.string(), "--lengths", "12",
                "--depths", "2", "--seed", "5"});
        const ProgramResult result = call(more);
        EXPECT_EQ(result.code, 0) << result.err;
        return nlohmann::json::parse(result.out);
    };
    const auto drawn = probe({});
    EXPECT_EQ(drawn["summary"]["recall"], 1.0) << drawn.dump(2);
    EXPECT_GT(drawn["summary"]["text_tokens"], 10);
    for (const auto& cell : drawn["cells"]) {
        EXPECT_EQ(cell["answered_by"], "picture");
        EXPECT_EQ(cell["evidence_second"], cell["actual_second"]);
        EXPECT_EQ(cell["tokens"], 12 * 64 + int(drawn["summary"]["text_tokens"]) - 1);  // a memory has a row less than tokens
    }
    EXPECT_EQ(probe({"--no-needle"})["summary"]["recall"], 1.0);
}

TEST_F(ProbeCtl, NeedleGridHasTheAgreedKeysAndSaysWhatWasRepeated)
{
    const ProgramResult result = call({"probe", "needle", "--json", "--model", "shipped", "--doc", document.string(), "--lengths",
        "500,6000", "--depths", "3", "--seed", "4"});
    ASSERT_EQ(result.code, 0) << result.err;
    const auto json = nlohmann::json::parse(result.out);
    ASSERT_EQ(json["cells"].size(), 6u);
    EXPECT_EQ(json["summary"]["cells"], 6);
    for (const char* key : {"length", "depth", "actual_position", "template", "key", "value", "answer", "found", "seconds_encode",
             "seconds_answer", "recipe"})
        EXPECT_TRUE(json["cells"][0].contains(key)) << key;
    EXPECT_FALSE(json["cells"][0]["repeated"].get<bool>());
    EXPECT_TRUE(json["cells"][5]["repeated"].get<bool>());
    EXPECT_GE(json["summary"]["recall"].get<double>(), 0.5);
}

TEST_F(ProbeCtl, ResultsAreKeptNotAskedAgainAndRebuildTheirPrompt)
{
    const std::string db = (folder.path() / "r.db").string();
    const std::vector<std::string> ruler{"--json", "probe", "ruler", "--doc", document.string(), "--lengths", "1500", "--samples",
        "1", "--families", "single,multikey", "--baselines", "bm25,window,full", "--keep", db};
    const ProgramResult first = call(ruler), second = call(ruler);
    ASSERT_EQ(first.code, 0) << first.err;
    const auto json = nlohmann::json::parse(first.out), again = nlohmann::json::parse(second.out);
    ASSERT_EQ(json["cells"].size(), 8u);
    for (std::size_t i = 0; i < 8; ++i) {
        EXPECT_EQ(json["cells"][i]["answer"], again["cells"][i]["answer"]);
        EXPECT_EQ(json["cells"][i]["seconds_answer"], again["cells"][i]["seconds_answer"]) << "asked again";
    }
    const auto run = [&](const std::vector<std::string>& words) {
        std::string line = quoted((exe_dir() / "pathloom-probe").string());
        for (const std::string& word : words) line += " " + quoted(word);
        const auto out = folder.path() / "out";
        EXPECT_EQ(std::system((line + " >" + quoted(out.string())).c_str()), 0);
        return nlohmann::json::parse(read_file(out).value());
    };
    EXPECT_EQ(run({"--json", "probe", "show", db})["results"].size(), 8u);
    const auto one = run({"--json", "probe", "show", db, "--id", "1", "--doc", document.string()});
    const std::string context = one["context"], needle = one["recipe"]["insertions"][0]["text"];
    EXPECT_NE(context.find(needle), std::string::npos);

    const ProgramResult grid = call({"--json", "probe", "needle", "--doc", document.string(), "--lengths", "800", "--depths", "2",
        "--baselines", "bm25", "--keep", db});
    ASSERT_EQ(grid.code, 0) << grid.err;
    const auto cells = nlohmann::json::parse(grid.out);
    EXPECT_EQ(cells["cells"][1]["baselines"][0]["contestant"], "bm25");
    EXPECT_TRUE(cells["summary"]["baselines"].contains("bm25"));
    const ProgramResult same = call({"--json", "probe", "needle", "--doc", document.string(), "--lengths", "800", "--depths", "2",
        "--baselines", "bm25", "--keep", db});
    EXPECT_EQ(nlohmann::json::parse(same.out)["cells"][0]["seconds_answer"], cells["cells"][0]["seconds_answer"]);
}

TEST_F(ProbeCtl, LossAgainstPositionSaysThatItIsEstimated)
{
    const ProgramResult result = call({"--json", "probe", "nll", "--doc", document.string(), "--windows", "5", "--window", "8"});
    ASSERT_EQ(result.code, 0) << result.err;
    const auto json = nlohmann::json::parse(result.out);
    ASSERT_GE(json["points"].size(), 5u);
    for (const auto& point : json["points"]) EXPECT_EQ(point["tokens"], 40);
    EXPECT_TRUE(json["estimated"].get<bool>());
    for (const char* key : {"alpha", "beta", "gamma", "r2"}) EXPECT_TRUE(json["fit"].contains(key)) << key;
    EXPECT_GT(json["points"][4]["position"], json["points"][3]["position"]);
}

TEST_F(ProbeCtl, QuestionsFromAFileAndOrdinalRecall)
{
    const auto file = folder.path() / "questions.json";
    ASSERT_TRUE(write_file_atomic(file,
        std::string(
            R"([{"question":"What opens the vault in Lisbon?","answers":["7304918"],"answer_prefix":"The vault in Lisbon opens with"}])")));
    const ProgramResult qa = call({"--json", "probe", "qa", "--doc", document.string(), "--questions", file.string()});
    ASSERT_EQ(qa.code, 0) << qa.err;
    EXPECT_EQ(nlohmann::json::parse(qa.out)["cells"][0]["score"], 1.0) << qa.out;
    const std::string kept = (folder.path() / "mrcr.db").string();
    const ProgramResult mrcr
        = call({"--json", "probe", "mrcr", "--doc", document.string(), "--lengths", "800", "--samples", "1", "--keep", kept});
    ASSERT_EQ(mrcr.code, 0) << mrcr.err;
    const ProgramResult shown = call_as_is({"--json", "probe", "show", kept, "--id", "1", "--doc", document.string()});
    ASSERT_EQ(shown.code, 0) << shown.err;
    EXPECT_NE(nlohmann::json::parse(shown.out)["context"].get<std::string>().find("Assistant: "), std::string::npos);
    const double score = nlohmann::json::parse(mrcr.out)["cells"][0]["score"];
    EXPECT_GE(score, 0.0);
    EXPECT_LE(score, 1.0);
}

TEST_F(ProbeCtl, WrongCallsAreRefusedInOneLine)
{
    ASSERT_TRUE(write_file_atomic(folder.path() / "binary", std::string("a\0b", 3)));
    ASSERT_TRUE(write_file_atomic(folder.path() / "empty", std::string(" \n")));
    ASSERT_TRUE(write_file_atomic(folder.path() / "templates", std::string("{}")));
    const auto refused = [&](std::vector<std::string> words, int code, const char* says) {
        const ProgramResult result = call(std::move(words));
        EXPECT_EQ(result.code, code) << result.err;
        EXPECT_NE(result.err.find(says), std::string::npos) << result.err;
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    };
    const auto needle = [&](const std::string& doc) {
        return std::vector<std::string>{"probe", "needle", "--doc", (folder.path() / doc).string(), "--lengths", "1000"};
    };
    refused(needle("none"), 1, "none");
    refused(needle("binary"), 2, "NUL byte");
    refused(needle("empty"), 2, "is empty");
    auto with_templates = needle("document.txt");
    with_templates.insert(with_templates.end(), {"--templates", (folder.path() / "templates").string()});
    refused(with_templates, 2, "templates must be a list");
    refused({"probe", "needle", "--doc", document.string(), "--lengths", "x"}, 2, "--lengths");
    refused({"probe", "ruler", "--doc", document.string(), "--lengths", "500", "--families", "cwe"}, 2, "no RULER family");
    refused(
        {"probe", "ruler", "--doc", document.string(), "--lengths", "500", "--baselines", "gpt"}, 2, "no baseline named 'gpt'");
    refused({"probe", "ruler", "--doc", document.string(), "--lengths", "500", "--baselines", "endpoint"}, 2, "--endpoint http");
    refused(
        {"ask", "--doc", document.string(), "--model", (folder.path() / "nomodel").string(), "What?"}, 1, "model.safetensors");
    std::string long_question;
    for (int i = 0; i < 300; ++i) long_question += "what ";
    refused({"ask", "--doc", document.string(), long_question}, 2, "ask it shorter");
}

}  // namespace
}  // namespace pathloom::test
