// SPDX-License-Identifier: GPL-3.0-or-later
// Cases, baselines, results, the power law and the endpoint: everything around a reader that copies.
#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/core/resources.h"
#include "engine/probe/answer_rows.h"
#include "engine/probe/case_makers.h"
#include "engine/probe/position_loss.h"
#include "engine/probe/text_steps.h"
#include "tests/reply_server.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>

namespace pathloom {
namespace {

using testing::HasSubstr;

const auto words = [](const std::string& text) { return std::size_t(1 + std::ranges::count(text, ' ')); };

TEST(ScoreAnswer, FollowsRulerAndMrcr)
{
    EXPECT_EQ(score_answer(MatchRule::All, {"12", "34"}, "it is 12"), 0.5);
    EXPECT_EQ(score_answer(MatchRule::All, {"Oslo"}, "in oslo."), 1.0);
    EXPECT_EQ(score_answer(MatchRule::Any, {"12", "34"}, "34"), 1.0);
    EXPECT_EQ(score_answer(MatchRule::Any, {"12", "34"}, "5"), 0.0);
    EXPECT_EQ(score_answer(MatchRule::Ratio, {"abcd"}, " abcd "), 1.0);
    EXPECT_DOUBLE_EQ(score_answer(MatchRule::Ratio, {"abcd"}, "bcde"), 0.75);
}

TEST(RulerCases, HoldWhatTheyAskFor)
{
    for (const std::string& family : ruler_families()) {
        const ProbeCase one = ruler_case(family, 400, 7, words).value(), again = ruler_case(family, 400, 7, words).value();
        std::string all = one.own_text;
        for (const PlacedText& text : one.placed) {
            all += text.text + " ";
            EXPECT_GE(text.depth, 0.0);
            EXPECT_LE(text.depth, 1.0);
        }
        ASSERT_EQ(one.questions.size(), 1U) << family;
        for (const std::string& answer : one.questions[0].answers) EXPECT_THAT(all, HasSubstr(answer)) << family;
        EXPECT_EQ(one.questions[0].answers, again.questions[0].answers) << family;
        EXPECT_NE(one.questions[0].answers, ruler_case(family, 400, 8, words).value().questions[0].answers) << family;
        EXPECT_EQ(one.questions[0].answers.size(),
            family == "multivalue" || family == "multiquery" ? 4U
                : family == "vt"                             ? 5U
                                                             : 1U)
            << family;
        EXPECT_EQ(own_text_again(one.probe, one.family, one.length, one.seed, "", words).value(), one.own_text) << family;
        EXPECT_EQ(one.own_text.empty(), family != "multikey_all" && family != "multikey_uuid") << family;
    }
    EXPECT_EQ(ruler_case("cwe", 400, 1, words).error().code, ErrorCode::Usage);
}

TEST(MrcrCases, AskForOneOfSeveralAlike)
{
    std::string source;
    for (int i = 0; i < 900; ++i) source += fmt::format("word{} ", i * 7919 % 1000);
    const ProbeCase one = mrcr_case(source, 2000, 3, 5, words).value();
    const std::string& question = one.questions[0].question;
    const std::size_t rank = question.find("first") != std::string::npos ? 0
        : question.find("second") != std::string::npos                   ? 1
                                                                         : 2;
    const std::string thing = question.substr(question.find(' ', question.find("the ") + 4) + 1);  // "poem about owls."
    const std::string request = "Write a " + thing.substr(0, thing.size() - 1) + "\nAssistant: ";
    std::size_t at = one.own_text.find(request);
    for (std::size_t i = 0; i < rank; ++i) at = one.own_text.find(request, at + 1);
    ASSERT_NE(at, std::string::npos) << question;
    EXPECT_EQ(one.own_text.substr(at + request.size(), one.questions[0].answers[0].size()), one.questions[0].answers[0]);
    EXPECT_GE(words(one.own_text), 1800U);
    EXPECT_EQ(own_text_again(one.probe, one.family, one.length, one.seed, source, words).value(), one.own_text);
    EXPECT_FALSE(mrcr_case("short", 2000, 2, 1, words));
    EXPECT_FALSE(mrcr_case(source, 2000, 9, 1, words));
}

TEST(QuestionFile, IsReadOrRefusedInOneLine)
{
    const auto good = parse_question_file(
        R"([{"question":"Who?","answers":["Ann","Bob"]},{"question":"W?","answers":["x"],"answer_prefix":"It is"}])");
    ASSERT_TRUE(good);
    EXPECT_EQ(good->questions[0].answer_prefix, "Answer:");
    EXPECT_EQ(good->questions[1].answer_prefix, "It is");
    for (const char* bad :
        {"", "{}", "[]", "[1]", R"([{"question":""}])", R"([{"question":"a"}])", R"([{"question":"a","answers":[]}])",
            R"([{"question":"a","answers":[""]}])", R"([{"question":"a","answers":[3]}])"}) {
        const auto refused = parse_question_file(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().message.find('\n'), std::string::npos);
    }
}

TEST(Bm25, FindsTheChunkWithTheRareWords)
{
    const std::vector<std::string> chunks{
        "the cat sat on the mat", "the vault in Lisbon opens with 7", "the dog in the park", "vault vault"};
    EXPECT_EQ(bm25_best(chunks, "What opens the vault in Lisbon?", 2).value().at(0), 1U);
    EXPECT_TRUE(bm25_best(chunks, "\"*?", 2).value().empty());
    EXPECT_EQ(bm25_best(chunks, "NEAR( AND lisbon", 4).value(), std::vector<std::size_t>{1});
}

TEST(Results, AreKeptOnceAndFoundByTheirRecipe)
{
    test::TemporaryFolder folder;
    const auto file = folder.path() / "results.db";
    ProbeResult result{0, "ruler", "vt", "reader", 4000, 50.0, 0xFFFFFFFFFFFFFFFF, {{"question", "q"}}, "a\"b", 0.5, 1.0, 0.25};
    {
        ResultStore store = ResultStore::open(file).value();
        EXPECT_FALSE(store.find("reader", result.recipe).value());
        ASSERT_TRUE(store.keep(result));
        result.answer = "another";
        ASSERT_TRUE(store.keep(result));
    }
    ResultStore store = ResultStore::open(file).value();
    const auto found = store.find("reader", result.recipe).value();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->answer, "a\"b");
    EXPECT_EQ(found->seed, 0xFFFFFFFFFFFFFFFFU);
    EXPECT_FALSE(store.find("bm25", result.recipe).value());
    EXPECT_EQ(store.all().value().size(), 1U);
    {
        const auto other = Database::open(folder.path() / "other.db").value();
        ASSERT_TRUE(other->execute("CREATE TABLE t(x)"));
    }
    EXPECT_EQ(ResultStore::open(folder.path() / "other.db").error().code, ErrorCode::Exists);
}

TEST(ResultStore, OfAProjectStandsBesideItsDatabase)
{
    const test::TemporaryFolder folder;
    EXPECT_EQ(project_results(folder.path()).error().code, ErrorCode::Usage);
    ASSERT_TRUE(Database::open(folder.path() / "project.sqlite"));
    EXPECT_EQ(project_results(folder.path()).value(), folder.path() / "probes.sqlite");
}

TEST(PowerLaw, IsFoundAgain)
{
    std::vector<double> x, y;
    for (double at = 300.0; at < 1e6; at *= 1.7) {
        x.push_back(at);
        y.push_back(6.0 * std::pow(at, -0.3) + 2.0);
    }
    const PowerLaw law = fit_power_law(x, y);
    EXPECT_NEAR(law.alpha, 6.0, 0.05);
    EXPECT_NEAR(law.beta, -0.3, 0.005);
    EXPECT_NEAR(law.gamma, 2.0, 0.01);
    EXPECT_GT(law.r2, 0.9999);
    y[3] += 1.0;
    EXPECT_LT(fit_power_law(x, y).r2, 0.95);
    for (std::size_t i = 0; i < x.size(); ++i) y[i] = 6.0 - 0.3 * std::log(x[i]);  // would go on below zero
    EXPECT_EQ(fit_power_law(x, y).gamma, 0.0);
    EXPECT_GT(fit_power_law(x, y).r2, 0.98);
}

TEST(CopyMixture, LearnsHowFarAMatchIsToBeTrusted)
{
    // Long matches go on as they did; short ones are followed by anything, and the window knows better.
    Rng rng(5);
    std::vector<TextStep> steps;
    for (int i = 0; i < 600; ++i) {
        TextStep step{7, 0.05, 0.2, 3.0, 0.0, 100000, {}};
        const bool trusted = rng.uniform() < 0.5;
        for (int k = 0; k < 8; ++k)
            step.hits.push_back({0.5 + 0.3 * rng.uniform(), trusted && k == 3 ? 20 : 1, trusted && k == 3 ? 7 : 100 + k});
        steps.push_back(step);
    }
    const CopyMixture fitted = fit_copying(steps, 150);
    EXPECT_LT(mean_loss(fitted, steps), mean_loss(CopyMixture{}, steps));
    EXPECT_LT(mean_loss(fitted, steps), 0.5 * -std::log(0.05) + 0.2);  // half are all but sure, half as without a memory
    EXPECT_EQ(fit_copying(steps, 150), fitted);
    TextStep bare = steps[0];
    bare.hits.clear();
    EXPECT_DOUBLE_EQ(fitted.likelihood(bare), 0.05);
    // A distribution: the probabilities of the tokens that can be copied and the window's own come to no more than one.
    double sum = 0.0;
    TextStep step = steps[0];
    for (const int token : {7, 100, 101, 102, 103, 104, 105, 106, 107}) {
        step.token = token;
        step.spoken = 0.0;
        sum += fitted.likelihood(step);
    }
    EXPECT_LE(sum, 1.0 + 1e-8);
}

TEST(PositionLoss, ContextsGrowByHalfOctavesAndEndWhereTheyShould)
{
    EXPECT_EQ(context_lengths(750), (std::vector<std::size_t>{128, 181, 256, 362, 512, 750}));
    EXPECT_EQ(context_lengths(530), (std::vector<std::size_t>{128, 181, 256, 362, 530}));
    EXPECT_EQ(context_lengths(100), (std::vector<std::size_t>{100}));
}

TEST(WordMatch, PrefersTheRowAfterTheQuestionsRareWords)
{
    KeyPatch patch;
    for (const int token : {1, 2, 3, 50, 4, 90, 1, 2, 3, 60, 4, 91, 1, 2, 3}) patch.values.push_back(std::uint16_t(token));
    patch.scales.assign(patch.values.size(), 1);
    patch.keys.assign(patch.values.size() * key_stride(4), 0);
    MemoryView memory;
    memory.add(std::make_shared<const KeyPatch>(patch));
    const std::vector<std::int32_t> question{2, 3, 60, 4};
    const WordMatch match(memory, question);
    const auto right = match.before(memory, 11), wrong = match.before(memory, 5);  // before 91 and before 90
    EXPECT_GT(right, wrong + 0.3);
    EXPECT_EQ(match.before(memory, 0), 0.0);
    EXPECT_LE(right, 1.0);
}

/// A memory of a text's tokens whose keys say nothing.
MemoryView wordy_memory(const Tokenizer& tokenizer, const std::string& text)
{
    KeyPatch patch;
    for (const std::int32_t token : tokenizer.encode_ids(text)) patch.values.push_back(std::uint16_t(token));
    patch.scales.assign(patch.values.size(), 1);
    patch.keys.assign(patch.values.size() * key_stride(4), 0);
    MemoryView memory;
    memory.add(std::make_shared<const KeyPatch>(std::move(patch)));
    return memory;
}

TEST(WholeWords, HalfAWordIsNoWordAndNamesCountByThemselves)
{
    const std::string prose = "The stone in the river was old. Oslots and slow tables are by the river, he said.";
    const Tokenizer tokenizer = Tokenizer::train(std::vector<std::string_view>{prose}, {300, 1}).value();
    const auto shares = [&](const std::string& fact, const std::string& question) {
        const MemoryView memory = wordy_memory(tokenizer, prose + fact);
        return WholeWords(memory, tokenizer, question).before(memory, memory.rows());
    };
    const auto lost
        = [&](const std::string& best, const std::string& other, const std::string& question, Selection asked = Selection::One) {
              const std::string apart(200, '.'), to_best = prose + apart + best;
              const MemoryView memory = wordy_memory(tokenizer, to_best + apart + other);
              const WholeWords words(memory, tokenizer, question, asked);
              const auto first = std::int64_t(tokenizer.encode_ids(to_best).size());
              return words.heaviest_lost(words.before(memory, first), words.before(memory, memory.rows()));
          };
    EXPECT_EQ(lost(" A poem about owls:", " A poem about owls:", "Repeat the second poem about owls."), 0.0);
    EXPECT_GT(lost(" A poem about owls:", " A poem about rivers:", "Repeat the second poem about owls."), 2.0);
    // "second" strayed in from a text before: of a question for the second of several it says which, and is not looked for.
    EXPECT_GT(lost(" Second tune. A poem about owls:", " A poem about owls:", "Repeat the second poem about owls."), 2.0);
    EXPECT_EQ(
        lost(" Second tune. A poem about owls:", " A poem about owls:", "Repeat the second poem about owls.", Selection::Second),
        0.0);
    const WordingShares right = shares(" Travellers to Oslo show a permit:", "Which permit must travellers to Oslo show?");
    const WordingShares pieces = shares(" Travellers to Oslots show a permit:", "Which permit must travellers to Oslo show?");
    EXPECT_EQ(right.names, 1.0);
    EXPECT_EQ(pieces.names, 0.0);
    EXPECT_GT(right.all, pieces.all + 0.1);
    EXPECT_GT(right.rarest, 0.2);  // "travellers" whatever its case; "which" and "must" are not there
    EXPECT_LT(right.all, 1.0);
    EXPECT_EQ(shares(" It shows a permit:", "Show the permit.").names, 1.0);  // a sentence's first word is no name
    EXPECT_EQ(shares(" Room 12 is here:", "Which is room 13?").names, 0.0);
    EXPECT_EQ(shares(" Room 13 is here:", "Which is room 13?").names, 1.0);
    const WordingShares ordered = shares(
        " Travellers to Oslo show a permit:", "Which permit must travellers to Oslo show? Give no guesses or inventions.");
    EXPECT_LT(ordered.all, right.all);  // orders stand in no document ...
    EXPECT_EQ(ordered.sentence, right.sentence);  // ... and take nothing from the sentence that asks
    EXPECT_EQ(shares("", "").all, 1.0);
}

TEST(EvidenceGate, ALostWordCountsAsItIsAndAsAStepFromTheToWhatAPassageIsAbout)
{
    const auto at = [](std::size_t i, double lost) { return measure_again({}, {}, lost)[i]; };
    EXPECT_EQ(again_names[3], std::string_view("heaviest_lost"));
    EXPECT_DOUBLE_EQ(at(3, 3.5), 0.35);
    EXPECT_EQ(again_names[7], std::string_view("content_lost"));
    EXPECT_EQ(at(7, 3.5), 0.0);
    EXPECT_DOUBLE_EQ(at(7, 5.0), 0.5);
    EXPECT_EQ(at(7, 9.0), 1.0);
}

TEST(CaseRecipe, BelongsToTheReaderAndItsGate)
{
    const auto recipe = [](const ReaderIdentity& reader) {
        return case_recipe(reader, "text", 100, {}, {"Which?", "It is", {"this"}}, MatchRule::All);
    };
    EXPECT_EQ(recipe({"model", "gate"}), recipe({"model", "gate"}));
    EXPECT_NE(recipe({"model", "gate"}), recipe({"model", "other"}));
    EXPECT_FALSE(recipe({"model", ""}).contains("gate"));
}

TEST(RankRows, WordsBringForwardARowThatHundredsOfNearerKeysHide)
{
    const std::string prose = "Many stones lie by the river and nobody counts them. ", fact = "The vault in Oslo opens with";
    const Tokenizer tokenizer = Tokenizer::train(std::vector<std::string_view>{prose + fact}, {300, 1}).value();
    std::string text;
    for (int i = 0; i < 30; ++i) text += prose;
    const std::vector<std::int32_t> tokens = tokenizer.encode_ids(text + fact + " 7412905"),
                                    before = tokenizer.encode_ids(text + fact);
    const auto right = std::int64_t(before.size());
    ASSERT_GT(right, 300);
    std::vector<float> keys(tokens.size() * 4, 0.0f);
    for (std::size_t r = 0; r < tokens.size(); ++r) {
        const float cosine = std::int64_t(r) == right ? 0.7f : 0.8f;
        keys[r * 4] = cosine;
        keys[r * 4 + 1] = std::sqrt(1.0f - cosine * cosine);
    }
    KeyPatch patch;
    for (const std::int32_t token : tokens) patch.values.push_back(std::uint16_t(token));
    patch.scales.resize(tokens.size());
    patch.keys.resize(tokens.size() * key_stride(4));
    quantise_keys(keys, 4, patch.keys.data(), patch.scales.data());
    MemoryView memory;
    memory.add(std::make_shared<const KeyPatch>(std::move(patch)));
    const std::string asked = "What opens the vault in Oslo?\nThe vault in Oslo opens with";
    const Wording wording{WordMatch(memory, tokenizer.encode_ids(asked)), WholeWords(memory, tokenizer, asked)};
    ReaderQuery query;
    query.query = {1.0f, 0.0f, 0.0f, 0.0f};
    ScanOptions scan;
    scan.threads = 1;
    scan.top = scan.rescored = CandidateRows;
    const auto first = [&](const RankOptions& rank) { return rank_rows(memory, query, 4, &wording, rank, scan).at(0).row; };
    EXPECT_NE(first({}), right);  // the cosine alone
    EXPECT_NEAR(
        double(first({0.0, 0.0, 0.0, 0.5})), double(right), 3.0);  // whole words alone, and the rows beside it have them too
    EXPECT_NEAR(double(first(UsualRank)), double(right), 3.0);
    scan.top = scan.rescored = 256;
    EXPECT_LT(first(UsualRank), right - 3);  // it is not among the 256 nearest
}

/// Endpoints are asked through a process of their own; a build without importers has none.
class EndpointTest : public testing::Test {
protected:
    void SetUp() override
    {
        if (!sibling_program("pathloom-endpoint")) GTEST_SKIP() << "built without plugins";
        ::setenv("PATHLOOM_ENDPOINT_KEY", "secret-key", 1);
        ::setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", 1);  // no keyring, whatever the desktop has
    }
    void TearDown() override { ::unsetenv("PATHLOOM_ENDPOINT_KEY"); }
};

EndpointOptions options_for(const ReplyServer& server)
{
    EndpointOptions options;
    options.base_url = server.url();
    options.model = "m-1";
    options.first_wait_ms = 1;
    return options;
}

TEST_F(EndpointTest, AsksAnyCompatibleServerAndCountsItsTokens)
{
    const std::string good
        = R"({"choices":[{"message":{"role":"assistant","content":"It is 7."}}],"usage":{"total_tokens":900}})";
    ReplyServer server({http("429 Too Many Requests", "{}"), http("503 Busy", ""), http("200 OK", good)});
    EndpointOptions options = options_for(server);
    options.token_budget = 1000;
    Endpoint endpoint = Endpoint::create(options).value();
    const auto answer = endpoint.answer("the text", "What?", "It is", 20);
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_TRUE(*answer);
    EXPECT_EQ((*answer)->text, "It is 7.");
    EXPECT_EQ(endpoint.tokens_used(), 900);
    EXPECT_FALSE(endpoint.answer(std::string(400, 'x'), "What?", "", 20).value());  // would go over the budget: not sent
    const std::vector<std::string>& requests = server.requests();
    ASSERT_EQ(requests.size(), 3U);
    EXPECT_THAT(requests[2], HasSubstr("POST /v1/chat/completions"));
    EXPECT_THAT(requests[2], HasSubstr("Authorization: Bearer secret-key"));
    EXPECT_THAT(requests[2], HasSubstr("<context>\\nthe text\\n</context>\\nWhat?"));
}

TEST_F(EndpointTest, SaysWhatIsWrongInOneLine)
{
    const auto refused = [](const std::string& reply, ErrorCode code, const char* says) {
        ReplyServer server({reply});
        EndpointOptions options = options_for(server);
        options.retries = 0;
        const auto answer = Endpoint::create(options).value().answer("c", "q", "", 5);
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, code) << answer.error().message;
        EXPECT_THAT(answer.error().message, HasSubstr(says));
        EXPECT_THAT(answer.error().message, testing::Not(HasSubstr("secret-key")));
        EXPECT_EQ(answer.error().message.find('\n'), std::string::npos);
    };
    refused(http("401 Unauthorized", R"({"error":{"message":"bad\nkey"}})"), ErrorCode::Unauthorised, "PATHLOOM_ENDPOINT_KEY");
    refused(http("400 Bad Request", R"({"error":{"message":"too long"}})"), ErrorCode::Failed, "too long");
    refused(http("200 OK", "<html>"), ErrorCode::Failed, "OpenAI-compatible");
    refused(http("200 OK", R"({"choices":[]})"), ErrorCode::Failed, "OpenAI-compatible");
    refused(http("500 Oops", ""), ErrorCode::Failed, "status 500");
    refused("", ErrorCode::Unreachable, "does not answer");
    EndpointOptions nowhere;
    EXPECT_EQ(Endpoint::create(nowhere).error().code, ErrorCode::Usage);
    nowhere.base_url = "file:///etc/passwd";
    nowhere.model = "m";
    EXPECT_EQ(Endpoint::create(nowhere).error().code, ErrorCode::Usage);
}

TEST_F(EndpointTest, WithoutAnyKeySaysWhereOneGoes)
{
    ::unsetenv("PATHLOOM_ENDPOINT_KEY");
    ReplyServer server({http("401 Unauthorized", "{}")});
    const auto answer = Endpoint::create(options_for(server)).value().answer("c", "q", "", 5);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::Unauthorised);
    EXPECT_THAT(answer.error().message, HasSubstr("who sent none"));
    EXPECT_THAT(answer.error().message, HasSubstr("no keyring can be reached"));
    EXPECT_THAT(answer.error().message, HasSubstr("PATHLOOM_ENDPOINT_KEY"));
    EXPECT_THAT(server.requests().at(0), testing::Not(HasSubstr("Authorization")));
}

TEST_F(EndpointTest, PluginsAreKnownByTheirMetadata)
{
    const test::TemporaryFolder folder;
    ASSERT_TRUE(write_file_atomic(folder.path() / "broken.so", std::string("no library")));
    ::setenv("PATHLOOM_ENDPOINTS", folder.path().c_str(), 1);
    ReplyServer server({});
    EndpointOptions options = options_for(server);
    const auto none = Endpoint::create(options).value().answer("c", "q", "", 5);
    ::unsetenv("PATHLOOM_ENDPOINTS");
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().message, HasSubstr("no endpoint plugins are installed"));
    options.kind = "carrier-pigeon";
    const auto unknown = Endpoint::create(options).value().answer("c", "q", "", 5);
    ASSERT_FALSE(unknown);
    EXPECT_THAT(unknown.error().message, HasSubstr("no endpoint plugin 'carrier-pigeon'; there are openai"));
}

}  // namespace
}  // namespace pathloom
