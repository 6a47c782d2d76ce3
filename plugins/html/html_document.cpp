// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/html/html_document.h"

#include "engine/corpus/text.h"

#include <libxml/HTMLparser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <array>
#include <memory>

namespace pathloom {

namespace {

constexpr std::size_t largest_html = std::size_t(256) << 20;

constexpr std::array unseen{"script", "style", "head", "template", "noscript", "svg", "math", "iframe", "object"};
constexpr std::array blocks{"p", "div", "br", "li", "ul", "ol", "dl", "dt", "dd", "tr", "table", "blockquote", "pre", "section",
    "article", "header", "footer", "nav", "aside", "hr", "figure", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6", "form",
    "body", "title", "address", "caption", "main"};

template <std::size_t N>
bool one_of(std::string_view name, const std::array<const char*, N>& list)
{
    return std::ranges::any_of(list, [&](const char* item) { return name == item; });
}

std::string_view name_of(const xmlNode* node)
{
    return node->name ? std::string_view(reinterpret_cast<const char*>(node->name)) : std::string_view();
}

int heading_level(std::string_view name)
{
    return name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6' ? name[1] - '0' : 0;
}

/// Collects visible text; blanks fold outside <pre>.
class Writer {
public:
    explicit Writer(const SegmentSink& sink)
        : m_sink(sink)
    {
    }
    void words(std::string_view text, bool keep)
    {
        for (const char c : text) {
            if (keep || !is_blank(c)) {
                if (c == '\r') continue;
                m_text += c;
            } else if (!m_text.empty() && !is_blank(m_text.back())) {
                m_text += ' ';
            }
        }
    }
    void line()
    {
        while (!m_text.empty() && m_text.back() == ' ') m_text.pop_back();
        if (!m_text.empty() && m_text.back() != '\n') m_text += '\n';
    }
    void heading(int level)
    {
        give();
        m_level = level;
    }
    void heading_done()
    {
        if (m_level == 0) return;
        m_trail.enter(m_level, m_text);
        m_where.section = m_trail.path();
        m_level = 0;
    }
    void give()
    {
        line();
        if (!m_go_on || std::ranges::all_of(m_text, is_blank)) {
            m_text.clear();
            return;
        }
        m_any = true;
        m_go_on = m_sink({std::exchange(m_text, {}), m_where});
    }
    [[nodiscard]] bool any() const { return m_any; }
    [[nodiscard]] bool go_on() const { return m_go_on; }

private:
    const SegmentSink& m_sink;
    HeadingTrail m_trail;
    Locator m_where;
    std::string m_text;
    int m_level = 0;
    bool m_any = false, m_go_on = true;
};

/// Over the tree without recursion: a hostile page can nest as deep as it is long.
void walk(const xmlNode* root, Writer& out)
{
    int kept = 0;  // depth of <pre>
    const xmlNode* node = root;
    while (node && out.go_on()) {
        const std::string_view name = name_of(node);
        const bool element = node->type == XML_ELEMENT_NODE, hidden = element && one_of(name, unseen);
        if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
            if (node->content) out.words(reinterpret_cast<const char*>(node->content), kept > 0);
        } else if (element && !hidden) {
            if (one_of(name, blocks)) out.line();
            if (const int level = heading_level(name)) out.heading(level);
            if (name == "td" || name == "th") out.words(" ", false);
            if (name == "pre") ++kept;
        }
        if (element && !hidden && node->children) {
            node = node->children;
            continue;
        }
        for (;;) {  // leave elements until one has a next sibling
            const std::string_view left = name_of(node);
            if (node->type == XML_ELEMENT_NODE && !one_of(left, unseen)) {
                if (left == "pre") --kept;
                if (heading_level(left) > 0) out.heading_done();
                if (one_of(left, blocks)) out.line();
            }
            if (node == root) return;
            if (node->next) {
                node = node->next;
                break;
            }
            node = node->parent;
            if (!node || node->type == XML_HTML_DOCUMENT_NODE) return;
        }
    }
}

}  // namespace

Result<void> read_html(std::string_view bytes, const SegmentSink& sink)
{
    if (bytes.size() > largest_html) return fail(ErrorCode::Usage, "is larger than 256 MB; split it");
    const bool wide = bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff");
    if (const std::size_t nul = bytes.find('\0'); nul != std::string_view::npos && !wide)
        return fail(ErrorCode::Usage, "is no text (binary: NUL byte at offset {})", nul);
    const char* encoding = wide || first_invalid_utf8(bytes) ? nullptr : "UTF-8";
    const int options = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_COMPACT;
    const std::unique_ptr<xmlDoc, void (*)(xmlDoc*)> page(
        htmlReadMemory(bytes.data(), int(bytes.size()), nullptr, encoding, options), xmlFreeDoc);
    const xmlNode* root = page ? xmlDocGetRootElement(page.get()) : nullptr;
    if (!root) return fail(ErrorCode::Usage, "is empty; give a page with some text");
    std::string problem;
    const SegmentSink checked = [&](Segment&& segment) {
        if (const auto why = why_not_text(segment.text)) {
            problem = *why;
            return false;
        }
        return sink(std::move(segment));
    };
    Writer out(checked);
    walk(root, out);
    out.give();
    if (!problem.empty()) return fail(ErrorCode::Corrupt, "is in an unknown encoding ({}); save it as UTF-8", problem);
    if (!out.go_on()) return fail(ErrorCode::Cancelled, "stopped");
    if (!out.any()) return fail(ErrorCode::Usage, "has no text a reader would see");
    return {};
}

}  // namespace pathloom
