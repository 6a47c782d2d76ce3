// SPDX-License-Identifier: GPL-3.0-or-later
// Each format's parser: the text, the places, and what it says of files it cannot read.
#include "engine/core/files.h"
#include "plugins/epub/epub_document.h"
#include "plugins/html/html_document.h"
#include "plugins/pdf/pdf_document.h"
#include "plugins/subtitles/subtitles_document.h"
#include "plugins/text/text_document.h"
#include "tests/samples/documents.h"

#include <gmock/gmock.h>

namespace pathloom {
namespace {

using Parser = Result<void> (*)(std::string_view, const SegmentSink&);
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Segment> read(Parser parser, std::string_view bytes)
{
    std::vector<Segment> out;
    const auto done = parser(bytes, [&](Segment&& segment) {
        out.push_back(std::move(segment));
        return true;
    });
    EXPECT_TRUE(done) << done.error().message;
    return out;
}

std::string joined(const std::vector<Segment>& segments)
{
    std::string out;
    for (const Segment& segment : segments) out += segment.text;
    return out;
}

Error refusal(Parser parser, std::string_view bytes)
{
    const auto done = parser(bytes, [](Segment&&) { return true; });
    if (done) return {ErrorCode::Failed, "it was read"};
    EXPECT_EQ(done.error().message.find('\n'), std::string::npos) << done.error().message;
    return done.error();
}

TEST(TextDocument, KeepsEveryByteAndKnowsMarkdownHeadings)
{
    const std::string text = "Before.\n# One #\nfirst\n```\n# no heading\n```\n## Two\nsecond\nThree\n=====\nthird";
    const auto segments = read(read_text, "\xef\xbb\xbf" + text);
    EXPECT_EQ(joined(segments), text);
    std::vector<std::string> sections;
    for (const Segment& segment : segments) {
        sections.push_back(segment.where.section);
        EXPECT_EQ(text.substr(std::size_t(segment.where.byte), segment.text.size()), segment.text);
    }
    EXPECT_THAT(sections, ElementsAre("", "One", "One / Two", "Three"));
}

TEST(TextDocument, RefusesWhatIsNoText)
{
    EXPECT_THAT(refusal(read_text, std::string_view("a\0b", 3)).message, HasSubstr("NUL byte"));
    EXPECT_THAT(refusal(read_text, "caf\xe9").message, HasSubstr("not UTF-8"));
    EXPECT_EQ(refusal(read_text, " \n\t").code, ErrorCode::Usage);
    EXPECT_EQ(read_text("a\n", [](Segment&&) { return false; }).error().code, ErrorCode::Cancelled);
}

TEST(HtmlDocument, GivesWhatAReaderSeesUnderItsHeadings)
{
    const auto segments = read(read_html,
        "<html><head><title>T</title><style>p{}</style></head><body><p>In<b>tro</b>\n  text.</p><script>var x = 1;</script>"
        "<h1>Boats</h1><p>Two &amp; three.</p><h2>Oars</h2><ul><li>a</li><li>b</li></ul><pre>x\n  "
        "y</pre><h1>End</h1>bye</body></html>");
    ASSERT_EQ(segments.size(), 4U);
    EXPECT_EQ(segments[0].text, "Intro text.\n");
    EXPECT_EQ(segments[1].text, "Boats\nTwo & three.\n");
    EXPECT_EQ(segments[1].where.section, "Boats");
    EXPECT_EQ(segments[2].text, "Oars\na\nb\nx\n  y\n");
    EXPECT_EQ(segments[2].where.section, "Boats / Oars");
    EXPECT_EQ(segments[3].where.section, "End");
}

TEST(HtmlDocument, ReadsDeclaredAndUndeclaredEncodings)
{
    EXPECT_EQ(joined(read(read_html, "<p>caf\xc3\xa9")), "café\n");
    EXPECT_EQ(joined(read(read_html, "<meta charset=iso-8859-1><p>caf\xe9")), "café\n");
    EXPECT_EQ(joined(read(read_html, "<p>caf\xe9")), "café\n");
    std::string wide = "\xff\xfe";
    for (const char c : std::string("<p>wide</p>")) wide += std::string{c, '\0'};
    EXPECT_EQ(joined(read(read_html, wide)), "wide\n");
}

TEST(HtmlDocument, SurvivesDepthAndRefusesWhatHasNoText)
{
    std::string deep;
    for (int i = 0; i < 200'000; ++i) deep += "<div>";
    EXPECT_EQ(refusal(read_html, deep).code, ErrorCode::Usage);
    EXPECT_THAT(joined(read(read_html, "seen" + deep)), HasSubstr("seen"));
    EXPECT_EQ(refusal(read_html, "<html><body><script>x</script></body></html>").code, ErrorCode::Usage);
    EXPECT_THAT(refusal(read_html, std::string_view("<p>\0</p>", 8)).message, HasSubstr("binary"));
    EXPECT_EQ(refusal(read_html, "").code, ErrorCode::Usage);
}

TEST(EpubDocument, FollowsTheSpine)
{
    const auto segments = read(read_epub,
        test::epub({{"b 1.xhtml", "<h1>First</h1><p>one</p>"}, {"a.xhtml", "<h1>Second</h1><p>two &#233;</p>"},
            {"c.xhtml", "<img src='x'/>"}}));
    ASSERT_EQ(segments.size(), 2U);
    EXPECT_EQ(segments[0].text, "First\none\n");
    EXPECT_EQ(segments[1].text, "Second\ntwo é\n");
    EXPECT_EQ(segments[1].where.section, "Second");
}

TEST(EpubDocument, RefusesBombsLocksAndPieces)
{
    EXPECT_THAT(refusal(read_epub, "not a zip").message, HasSubstr("no EPUB"));
    EXPECT_THAT(refusal(read_epub, test::zip({{"x.html", "<p>x"}})).message, HasSubstr("container.xml"));
    const std::string good = test::epub({{"a.xhtml", "<p>one</p>"}});
    EXPECT_EQ(
        refusal(read_epub, good.substr(0, good.find("a.xhtml", good.find("content.opf") + 200) + 20)).code, ErrorCode::Corrupt);
    const std::string zeros(std::size_t(1) << 26, 'x');
    EXPECT_THAT(
        refusal(read_epub, test::epub({{"a.xhtml", zeros}, {"b.xhtml", zeros}, {"c.xhtml", zeros}, {"d.xhtml", zeros}})).message,
        HasSubstr("unpacks to more than"));
    const std::string lock = "<encryption><EncryptedData><CipherData><CipherReference "
                             "URI=\"OEBPS/a.xhtml\"/></CipherData></EncryptedData></encryption>";
    EXPECT_THAT(refusal(read_epub, test::epub({{"a.xhtml", "<p>one</p>"}}, {{"META-INF/encryption.xml", lock}})).message,
        HasSubstr("DRM"));
    // Entities that would unfold to gigabytes stay as they are.
    const std::string laughs
        = "<?xml version=\"1.0\"?><!DOCTYPE c [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
          "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><container>&c;</container>";
    EXPECT_EQ(refusal(read_epub, test::zip({{"META-INF/container.xml", laughs}, {"x.html", "x"}})).code, ErrorCode::Corrupt);
}

TEST(PdfDocument, GivesPages)
{
    const auto segments = read(read_pdf, test::pdf({"The vault in Lisbon", "", "opens with 7304918"}));
    ASSERT_EQ(segments.size(), 2U);
    EXPECT_THAT(segments[0].text, HasSubstr("The vault in Lisbon"));
    EXPECT_EQ(segments[0].where.page, 1);
    EXPECT_THAT(segments[1].text, HasSubstr("7304918"));
    EXPECT_EQ(segments[1].where.page, 3);
}

TEST(PdfDocument, RefusesDamageLocksAndPictures)
{
    EXPECT_EQ(refusal(read_pdf, "%PDF-1.4\nnothing").code, ErrorCode::Corrupt);
    EXPECT_EQ(refusal(read_pdf, "").code, ErrorCode::Corrupt);
    EXPECT_THAT(refusal(read_pdf, test::pdf({"x"}, true)).message, HasSubstr("password"));
    EXPECT_THAT(refusal(read_pdf, test::pdf({""})).message, HasSubstr("scanned"));
}

TEST(SubtitlesDocument, GivesCuesWithTheirTimes)
{
    const auto srt = read(read_subtitles,
        "1\r\n00:00:01,500 --> 00:00:02,000\r\n<i>Hello</i>\r\nthere\r\n\r\n2\r\n01:02:03,000 --> "
        "01:02:04,000\r\n{\\an8}Bye\r\n");
    ASSERT_EQ(srt.size(), 2U);
    EXPECT_EQ(srt[0], (Segment{"Hello\nthere\n", {0, {}, -1, 1.5, {}, 2.0}}));
    EXPECT_EQ(srt[1], (Segment{"Bye\n", {0, {}, -1, 3723.0, {}, 3724.0}}));
    const auto vtt = read(read_subtitles, "WEBVTT\n\nNOTE not said\n\nintro\n00:10.000 --> 00:12.000 align:start\n<v Ann>Hi\n");
    ASSERT_EQ(vtt.size(), 1U);
    EXPECT_EQ(vtt[0], (Segment{"Hi\n", {0, {}, -1, 10.0, {}, 12.0}}));
    // An end that is none, or before the beginning, is left out.
    const auto odd = read(read_subtitles, "00:10.000 --> later\nA\n\n00:10.000 --> 00:09.000\nB\n");
    ASSERT_EQ(odd.size(), 2U);
    EXPECT_EQ(odd[0].where.until, -1.0);
    EXPECT_EQ(odd[1].where.until, -1.0);
}

TEST(SubtitlesDocument, RefusesWhatHoldsNone)
{
    EXPECT_EQ(refusal(read_subtitles, "WEBVTT\n\n00:10.000 --> 00:12.000\n\n").code, ErrorCode::Corrupt);
    EXPECT_THAT(refusal(read_subtitles, "caf\xe9").message, HasSubstr("UTF-8"));
    EXPECT_EQ(cue_time("1:2:3:4"), std::nullopt);
    EXPECT_EQ(cue_time("5"), std::nullopt);
    EXPECT_EQ(cue_time("99999999999:00"), std::nullopt);
    EXPECT_EQ(cue_time("0:01.25"), 1.25);
}

}  // namespace
}  // namespace pathloom
