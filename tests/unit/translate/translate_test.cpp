// SPDX-License-Identifier: GPL-3.0-or-later
// Packs, alignments, word order, and the baselines on the pack that ships; on the Kalamang pack where it lies beside the
// repository.
#include "engine/core/files.h"
#include "engine/probe/score/chrf.h"
#include "engine/probe/score/corpus_score.h"
#include "engine/probe/translate/alignment.h"
#include "engine/probe/translate/consensus.h"
#include "engine/probe/translate/forms.h"
#include "engine/probe/translate/ngram_model.h"
#include "engine/probe/translate/pack_maker.h"
#include "engine/probe/translate/translator.h"
#include "engine/probe/translate/words.h"
#include "tests/unit/temporary_folder.h"

#include <gmock/gmock.h>

#include <cmath>

namespace pathloom {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Packs : public testing::Test {
protected:
    void keep(const std::string& name, const std::string& text) { ASSERT_TRUE(write_file_atomic(m_folder.path() / name, text)); }
    std::string complaint()
    {
        const auto pack = read_pack(m_folder.path());
        return pack ? "no complaint" : pack.error().message;
    }
    test::TemporaryFolder m_folder;
};

TEST_F(Packs, AreReadByTheirHeaders)
{
    keep("sentences.train.tsv", "\xef\xbb\xbfid\tkgv\teng\r\na1\tMa bo.\tHe goes.\r\n\na2\tAn bo.\tI go.");
    keep("dictionary.tsv", "headword\tpos\teng\tpmy\nbo\tVerb\tto go\tpergi\n");
    keep("grammar.txt", "Verbs are last.\n");
    const auto pack = read_pack(m_folder.path());
    ASSERT_TRUE(pack) << pack.error().message;
    EXPECT_THAT(pack->languages, ElementsAre("kgv", "eng"));
    ASSERT_EQ(pack->splits.at("train").size(), 2U);
    EXPECT_THAT(pack->splits.at("train")[1].text, ElementsAre("An bo.", "I go."));
    EXPECT_THAT(pack->dictionary[0].text, ElementsAre("bo", "to go"));
    EXPECT_EQ(pack->dictionary[0].part_of_speech, "Verb");
    EXPECT_EQ(pack->grammar, "Verbs are last.\n");
    EXPECT_EQ(*language_index(*pack, "eng"), 1);
    EXPECT_THAT(language_index(*pack, "fra").error().message, HasSubstr("kgv and eng, not 'fra'"));
}

TEST_F(Packs, SayWhatIsWrongWithThem)
{
    EXPECT_THAT(complaint(), HasSubstr("no sentences.train.tsv"));
    keep("sentences.train.tsv", "id\tkgv\teng\na\tb\tc\nd\te\n");
    EXPECT_THAT(complaint(), HasSubstr("line 3 has 2 columns, its header has 3"));
    keep("sentences.train.tsv", "kgv\teng\nb\tc\n");
    EXPECT_THAT(complaint(), HasSubstr("is not 'id'"));
    keep("sentences.train.tsv", "id\tkgv\teng\na\tcaf\xe9\tc\n");
    EXPECT_THAT(complaint(), HasSubstr("not UTF-8: byte 0xe9 in line 2"));
    keep("sentences.train.tsv", "");
    EXPECT_THAT(complaint(), HasSubstr("is empty"));
    keep("sentences.train.tsv", "id\tkgv\teng\na\tb\tc\n");
    keep("sentences.dev.tsv", "id\teng\tkgv\na\tc\tb\n");
    EXPECT_THAT(complaint(), HasSubstr("all sentences need the same columns"));
    keep("sentences.dev.tsv", "id\tkgv\teng\n");
    keep("dictionary.tsv", "word\tmeaning\nb\tc\n");
    EXPECT_THAT(complaint(), HasSubstr("name one of them headword"));
    EXPECT_EQ(read_pack(m_folder.path() / "none").error().code, ErrorCode::NotFound);
}

TEST(Words, OfEnglishLoseTheirClitics)
{
    EXPECT_THAT(plain_words(U"Dian’s dog doesn't go.", "eng"), ElementsAre(U"dian", U"'s", U"dog", U"does", U"not", U"go", U"."));
    EXPECT_THAT(plain_words(U"Ka'a bo, 12!", "kgv"), ElementsAre(U"ka'a", U"bo", U",", U"12", U"!"));
}

TEST(Words, BecomeASentenceAgain)
{
    Spelling spelling;
    spelling.learn(U"The man saw Mas.");
    EXPECT_EQ(spelling.sentence({U"dian", U"'s", U"house", U"in", U"mas", U",", U"here", U"."}, U"Ma Dian kewe"),
        U"Dian's house in Mas, here.");
}

TEST(Alignment, FindsWhichWordIsWhich)
{
    // 1 means 11, 2 means 12, 3 means 13; the order is turned round.
    const std::vector<WordPair> pairs{{{1, 2}, {12, 11}}, {{1, 3}, {13, 11}}, {{2, 3}, {13, 12}}, {{1}, {11}}};
    const auto table = LexicalTable::train(pairs, 20);
    EXPECT_GT(table.probability(1, 11), 0.8);
    EXPECT_THAT(table.best_positions({1, 2}, {12, 11}), ElementsAre(1, 0));
    EXPECT_EQ(table.probability(99, 11), 0.0);
    const Links both{{0, 1}, {1, 0}};
    EXPECT_EQ(symmetrised({1, 0}, {1, 0}), both);
}

TEST(NgramModel, IsADistribution)
{
    NgramModel model;
    model.learn({1, 2, 3});
    model.learn({1, 2, 2});
    double total = 0.0;
    for (const WordId word : {WordId(1), WordId(2), WordId(3), NgramModel::end, NgramModel::unknown})
        total += std::exp(model.log_probability(1, 2, word));
    EXPECT_NEAR(total, 1.0, 1e-12);  // five outcomes: four words seen, and one for all others
    EXPECT_GT(model.log_probability(NgramModel::begin, NgramModel::begin, 1),
        model.log_probability(NgramModel::begin, NgramModel::begin, 3));
}

TEST(Forms, AreStemsAndEndingsThatOthersHaveToo)
{
    Forms forms;
    for (const char32_t* stem : {U"sor", U"kewe", U"wat", U"tumun", U"per"})
        for (const char32_t* ending : {U"", U"at", U"ko"}) forms.count(std::u32string(stem) + ending);
    forms.count(U"kaden");
    forms.settle();
    EXPECT_THAT(forms.parts(U"tumunat"), ElementsAre(U"tumun", U"+at"));
    EXPECT_THAT(forms.parts(U"kadenko"), ElementsAre(U"kaden", U"+ko"));  // never seen, both halves known
    EXPECT_THAT(forms.parts(U"zorkko"), ElementsAre(U"zorkko"));
    EXPECT_THAT(Forms::joined({U"tumun", U"+at", U"."}), ElementsAre(U"tumunat", U"."));
    EXPECT_THAT(Forms::joined({U"+at", U"per"}), ElementsAre(U"at", U"per"));
}

TEST(Consensus, TakesWhatTheOthersAreMostLike)
{
    EXPECT_NE(consensus_of({{U"a blue boat", 1.0}, {U"the red house", 1.0}, {U"the red horse", 1.0}}), 0U);
    EXPECT_EQ(consensus_of({{U"a", 0.1}, {U"b", 5.0}}), 1U);
    EXPECT_EQ(consensus_of({}), 0U);
}

TEST(Book, GivesItsExamplesAndQuotedWords)
{
    LanguagePack pack;
    pack.languages = {"kgv", "eng"};
    pack.splits["train"] = {{"1", {"Ma sorat na.", "He eats fish."}}, {"2", {"Bal kewe koyal.", "The dog sees the house."}}};
    pack.dictionary = {{{"bal", "dog"}, ""}, {{"sor", "fish"}, ""}, {{"kaden", "body"}, ""}};
    const std::string text = "Fish are common. The noun sor `fish' takes at.\n\nbal se sor=at koraru\n\ndog iam fish=obj bite\n\n"
                             "= `The dog has bitten the fish.' *http://x.org[stim2_3:45]\n\nA man's boat, and 'so on'.\n";
    const auto pairs = mined_pairs(pack, text);
    const auto example = std::ranges::find(pairs, BookPair::Kind::example, &BookPair::kind);
    ASSERT_NE(example, pairs.end());
    EXPECT_THAT(example->text, ElementsAre("bal se sorat koraru", "The dog has bitten the fish."));
    EXPECT_EQ(example->first_line, 3);
    EXPECT_EQ(example->last_line, 7);
    std::vector<std::array<std::string, 2>> words;
    for (const auto& pair : pairs)
        if (pair.kind == BookPair::Kind::word) words.push_back(pair.text);
    EXPECT_THAT(words,
        testing::UnorderedElementsAre(std::array<std::string, 2>{"bal", "dog"}, std::array<std::string, 2>{"sor", "fish"}));
    // A held-out sentence takes its lines out of the book.
    const CleanBook clean = book_without(pack, text, {letters_of("the DOG has bitten the fish")});
    EXPECT_EQ(clean.removed, 1);
    EXPECT_EQ(std::ranges::count(clean.pairs, BookPair::Kind::example, &BookPair::kind), 0);
    EXPECT_THAT(clean.text, testing::Not(HasSubstr("koraru")));
    EXPECT_THAT(clean.text, HasSubstr("common"));
}

TEST(Book, ConditionsNeedOneAndHideWhatIsScored)
{
    auto pack = *read_pack(PACKS "/lumi");
    const auto full = translation_material(pack, 0, Context::full_book, -1, 1, {});
    ASSERT_TRUE(full) << full.error().message;
    EXPECT_FALSE(full->book.empty());
    EXPECT_LT(translation_material(pack, 0, Context::half_book, -1, 1, {})->grammar.size(), full->grammar.size());
    pack.grammar.clear();
    EXPECT_THAT(translation_material(pack, 0, Context::full_book, -1, 1, {}).error().message, HasSubstr("no grammar"));
    EXPECT_THAT(context_named("whole-book").error().message, HasSubstr("half-book or full-book"));
}

class PackMaker : public Packs {
protected:
    PackRequest request(const std::string& sentences)
    {
        PackRequest made;
        made.languages = {"kgv", "eng"};
        made.sentences = {m_folder.path() / sentences};
        made.out = m_folder.path() / "out";
        return made;
    }
    static std::string complaint(const PackRequest& request)
    {
        const auto made = make_pack(request);
        return made ? "no complaint" : made.error().message;
    }
};

TEST_F(PackMaker, MakesAPackThatIsReadBack)
{
    std::string csv = "english,\"kgv\",note\n";
    for (int i = 0; i < 30; ++i)
        csv += fmt::format("\"{0}, {0}{0}\",w{0}{1},x\n", std::string(3, char('a' + i % 26)), i * i * 7919);
    keep("s.csv", csv + "the same word,tok tok,x\nthe same word!,tok tok,x\nempty,,x\n");
    keep("d.jsonl", "{\"kgv\":\"bo\",\"eng\":\"go\"}\n{\"kgv\":\"sor\",\"eng\":\"fish\",\"pos\":\"Noun\"}\n");
    PackRequest wanted = request("s.csv");
    wanted.sentence_columns = {"", "english"};
    wanted.dictionary = m_folder.path() / "d.jsonl";
    wanted.grammar = {"# Verbs\n", true};
    const auto made = make_pack(wanted);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->train + made->dev, 32U);
    EXPECT_EQ(made->dev, 3U);
    EXPECT_EQ(made->skipped, 1U);
    EXPECT_GE(made->alike, 2U);
    const auto pack = read_pack(wanted.out);
    ASSERT_TRUE(pack) << pack.error().message;
    EXPECT_EQ(pack->splits.at("dev").size(), 3U);
    EXPECT_EQ(pack->dictionary.at(1).part_of_speech, "Noun");
    EXPECT_EQ(pack->grammar, "# Verbs\n");
    for (const auto& pair : pack->splits.at("dev")) EXPECT_THAT(pair.text[1], testing::Not(HasSubstr("same word")));
    EXPECT_THAT(complaint(wanted), HasSubstr("is not empty"));
}

TEST_F(PackMaker, NamesTheLineThatIsWrong)
{
    keep("s.tsv", "kgv\teng\na\tb\nc\n");
    EXPECT_THAT(complaint(request("s.tsv")), HasSubstr("s.tsv line 3 has 1 columns, its first row has 2"));
    keep("s.tsv", "kgv\teng\na\tcaf\xe9\n");
    EXPECT_THAT(complaint(request("s.tsv")), HasSubstr("not UTF-8: byte 0xe9 in line 2"));
    keep("s.csv", "kgv,eng\na,\"b\n");
    EXPECT_THAT(complaint(request("s.csv")), HasSubstr("line 2: the quotation mark"));
    keep("s.jsonl", "{\"kgv\":\"a\",\"eng\":\"b\"}\n[1]\n");
    EXPECT_THAT(complaint(request("s.jsonl")), HasSubstr("line 2 is no JSON object"));
    keep("a.txt", "one\ntwo\n");
    keep("b.txt", "eins\n");
    PackRequest two = request("a.txt");
    two.sentences.push_back(m_folder.path() / "b.txt");
    EXPECT_THAT(complaint(two), testing::AllOf(HasSubstr("has 2 lines and"), HasSubstr("line 2 of a.txt has no counterpart")));
    // An empty line keeps its place: what follows still goes with its own translation.
    keep("a.txt", "one\n\nthree\n");
    keep("b.txt", "eins\nzwei\ndrei\n");
    two.dev_share = 0;
    const auto aligned = preview_pack(two);
    ASSERT_TRUE(aligned) << aligned.error().message;
    EXPECT_EQ(aligned->sentences.at(1), (std::array<std::string, 2>{"three", "drei"}));
    EXPECT_EQ(aligned->skipped, 1U);
    keep("s.tsv", "kgv\teng\na\n\nb\tc\nd\n");
    EXPECT_THAT(complaint(request("s.tsv")), HasSubstr("line 2 has 1 columns, its first row has 2; mend that line and 1 more"));
    keep("s.tsv", "kgv\teng\na\tb\n");
    PackRequest named = request("s.tsv");
    named.sentence_columns = {"kgv", "deu"};
    EXPECT_THAT(complaint(named), HasSubstr("has no column 'deu'; it has kgv, eng"));
    EXPECT_FALSE(std::filesystem::exists(named.out));
}

struct Dev {
    std::vector<std::string> sources, references;
    std::vector<std::array<std::string, 2>> pairs;
};
Dev dev_of(const LanguagePack& pack, int from)
{
    Dev dev;
    for (const auto& pair : pack.splits.at("dev")) {
        dev.sources.push_back(pair.text[std::size_t(from)]);
        dev.references.push_back(pair.text[std::size_t(1 - from)]);
        dev.pairs.push_back({dev.sources.back(), dev.references.back()});
    }
    return dev;
}
double score_of(const Translator& translator, const Dev& dev)
{
    std::vector<std::string> hypotheses;
    for (const auto& source : dev.sources) hypotheses.push_back(*translator.translate(source));
    return *corpus_score(Chrf({}), hypotheses, dev.references);
}

TEST(Baselines, LearnTheMadeUpLanguage)
{
    const auto pack = read_pack(PACKS "/lumi");
    ASSERT_TRUE(pack) << pack.error().message;
    for (const int from : {0, 1}) {
        const Dev dev = dev_of(*pack, from);
        const auto all = *translation_material(*pack, from, Context::no_book, -1, 1, dev.pairs);
        const double lexical = score_of(*make_lexical_translator(all), dev);
        const double copied
            = score_of(*make_lexical_translator(*translation_material(*pack, from, Context::zero_shot, -1, 1, {})), dev);
        EXPECT_GT(lexical, 70.0) << "from " << from;
        EXPECT_GT(lexical, score_of(*make_nearest_translator(all), dev)) << "from " << from;
        EXPECT_GT(
            score_of(*make_lexical_translator(*translation_material(*pack, from, Context::words, -1, 1, {})), dev), copied + 10);
    }
}

TEST(Baselines, NeverSeeWhatTheyAreScoredOn)
{
    LanguagePack pack;
    pack.languages = {"kgv", "eng"};
    pack.splits["train"] = {{"1", {"Ma bo.", "He goes."}}, {"2", {"An bo.", "I go."}}};
    const auto material = *translation_material(pack, 0, Context::sentences, -1, 1, {{"ma  BO.", "He goes. "}});
    ASSERT_EQ(material.sentences.size(), 1U);
    EXPECT_EQ(material.sentences[0][0], "An bo.");
}

TEST(Baselines, ShotsOfOneSeedAreNested)
{
    LanguagePack pack;
    pack.languages = {"kgv", "eng"};
    for (int i = 0; i < 50; ++i) pack.splits["train"].push_back({"", {"k" + std::to_string(i), "e" + std::to_string(i)}});
    const auto few = translation_material(pack, 1, Context::sentences, 5, 3, {})->sentences;
    const auto more = translation_material(pack, 1, Context::sentences, 20, 3, {})->sentences;
    ASSERT_EQ(more.size(), 20U);
    EXPECT_TRUE(std::equal(few.begin(), few.end(), more.begin()));
    EXPECT_NE(few, translation_material(pack, 1, Context::sentences, 5, 4, {})->sentences);
    EXPECT_EQ(translation_material(pack, 1, Context::sentences, 0, 3, {})->sentences.size(), 0U);
}

TEST(Baselines, SayWhereEachWordWasLearnt)
{
    LanguagePack pack;
    pack.languages = {"lum", "eng"};
    pack.splits["train"] = {{"1", {"Nili lepa lenati.", "The child saw the boat."}},
        {"2", {"Baru lepa lenati.", "The dog saw the boat."}}, {"3", {"Nili baru lenati.", "The child saw the dog."}}};
    pack.dictionary = {{{"misu", "cat"}, "Noun"}};
    const auto material = *translation_material(pack, 0, Context::no_book, -1, 1, {});
    const Translation said = make_lexical_translator(material)->explain("Misu lepa lenati Zork.", {}).value();
    std::map<std::string, PartOrigin> origins;
    std::string words;
    for (const TranslationPart& part : said.parts) {
        ASSERT_FALSE(part.target.empty());
        for (const auto& word : part.target) {
            origins[word] = origin_of(part, material);
            words += (words.empty() ? "" : " ") + word;
        }
        if (part.kind == TranslationPart::Kind::copied) EXPECT_THAT(part.source, ElementsAre("zork"));
    }
    ASSERT_TRUE(origins.count("cat")) << words;
    EXPECT_EQ(origins["cat"].kind, PartOrigin::Kind::dictionary);
    ASSERT_TRUE(origins.count("boat")) << words;
    EXPECT_EQ(origins["boat"].kind, PartOrigin::Kind::sentence);
    EXPECT_THAT(material.sentences[origins["boat"].index][1], HasSubstr("boat"));
    ASSERT_TRUE(origins.count("zork")) << words;
    EXPECT_EQ(origins["zork"].kind, PartOrigin::Kind::none);

    const Translation whole = make_nearest_translator(material)->explain("Nili lepa lenat", {}).value();
    EXPECT_EQ(whole.text, "The child saw the boat.");
    ASSERT_EQ(whole.parts.size(), 1U);
    EXPECT_EQ(origin_of(whole.parts[0], material).index, 0U);
}

TEST(Baselines, SurviveAnyInput)
{
    const auto pack = read_pack(PACKS "/lumi");
    ASSERT_TRUE(pack);
    const auto material = *translation_material(*pack, 1, Context::no_book, -1, 1, {});
    const auto lexical = make_lexical_translator(material), nearest = make_nearest_translator(material);
    std::string long_line;
    for (int i = 0; i < 150; ++i) long_line += "the dog sees unheard-of ";
    for (const std::string& line :
        {std::string(), std::string(" "), std::string("..."), std::string("\xff"), long_line, std::string("漢字 😀")}) {
        EXPECT_NO_THROW((void)lexical->translate(line));
        EXPECT_NO_THROW((void)nearest->translate(line));
    }
    EXPECT_EQ(*lexical->translate(""), "");
}

TEST(Kalamang, LexicalBaselineReachesThirty)
{
    const std::filesystem::path folder = KALAMANG;
    if (!std::filesystem::exists(folder))
        GTEST_SKIP() << "no Kalamang pack at " << folder << "; it is not part of the repository";
    const auto pack = read_pack(folder);
    ASSERT_TRUE(pack) << pack.error().message;
    for (const int from : {0, 1}) {
        const Dev dev = dev_of(*pack, from);
        const auto all = *translation_material(*pack, from, Context::no_book, -1, 1, dev.pairs);
        ASSERT_EQ(all.sentences.size(), pack->splits.at("train").size()) << "a dev pair is in train";
        EXPECT_GT(score_of(*make_lexical_translator(all), dev), 30.0) << "from " << pack->languages[std::size_t(from)];
    }
}

}  // namespace
}  // namespace pathloom
