// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/epub/epub_document.h"

#include "engine/corpus/text.h"
#include "plugins/html/html_document.h"

#include <archive.h>
#include <archive_entry.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>

namespace pathloom {

namespace {

constexpr std::size_t most_entries = 20'000;

bool is_page_or_table(std::string_view name)
{
    static constexpr std::array endings{".html", ".htm", ".xhtml", ".xml", ".opf"};
    return std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

/// The archive's pages and tables by name; pictures and fonts are skipped, never unpacked into memory.
Result<std::map<std::string, std::string>> unpack(std::string_view bytes)
{
    const std::unique_ptr<archive, int (*)(archive*)> zip(archive_read_new(), archive_read_free);
    archive_read_support_format_zip(zip.get());
    if (!zip || archive_read_open_memory(zip.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
        return fail(ErrorCode::Corrupt, "is no EPUB: not a ZIP archive");
    std::map<std::string, std::string> files;
    std::size_t total = 0, entries = 0;
    archive_entry* entry = nullptr;
    for (;;) {
        const int status = archive_read_next_header(zip.get(), &entry);
        if (status == ARCHIVE_EOF) break;
        if (status < ARCHIVE_WARN) return fail(ErrorCode::Corrupt, "is damaged: the ZIP archive cannot be read to its end");
        if (++entries > most_entries) return fail(ErrorCode::Corrupt, "has more than {} files in it; not read", most_entries);
        const char* path = archive_entry_pathname(entry);
        const std::string name = path ? path : "";
        if (!is_page_or_table(name)) continue;
        if (archive_entry_is_data_encrypted(entry) == 1)
            return fail(ErrorCode::Usage, "wants a password; save it without one first");
        std::string& file = files[name];
        std::array<char, 1 << 16> piece{};
        for (;;) {
            const la_ssize_t n = archive_read_data(zip.get(), piece.data(), piece.size());
            if (n == 0) break;
            if (n < 0) return fail(ErrorCode::Corrupt, "is damaged: '{}' in it cannot be unpacked", whitespace_folded(name));
            total += std::size_t(n);
            if (total > LargestEpubUnpacked)
                return fail(ErrorCode::Corrupt, "unpacks to more than {} MB; not read", LargestEpubUnpacked >> 20);
            file.append(piece.data(), std::size_t(n));
        }
    }
    if (files.empty()) return fail(ErrorCode::Corrupt, "is no EPUB: no pages in the archive");
    return files;
}

using Document = std::unique_ptr<xmlDoc, void (*)(xmlDoc*)>;

Document parse_xml(const std::string& bytes)
{
    // No entities are expanded and no file or address is opened.
    const int options = XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NONET | XML_PARSE_RECOVER;
    return {xmlReadMemory(bytes.data(), int(bytes.size()), nullptr, nullptr, options), xmlFreeDoc};
}

std::string attribute(const xmlNode* node, const char* name)
{
    const std::unique_ptr<xmlChar, void (*)(void*)> value(
        xmlGetNoNsProp(node, reinterpret_cast<const xmlChar*>(name)), [](void* p) { xmlFree(p); });
    return value ? reinterpret_cast<const char*>(value.get()) : "";
}

/// Elements of this local name in document order.
std::vector<const xmlNode*> elements(const xmlDoc* document, std::string_view name)
{
    std::vector<const xmlNode*> out, open;
    if (const xmlNode* root = document ? xmlDocGetRootElement(document) : nullptr) open.push_back(root);
    while (!open.empty()) {
        const xmlNode* node = open.back();
        open.pop_back();
        if (node->next) open.push_back(node->next);
        if (node->type != XML_ELEMENT_NODE) continue;
        if (name == reinterpret_cast<const char*>(node->name)) out.push_back(node);
        if (node->children) open.push_back(node->children);
    }
    return out;
}

int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// "../Text/a%20b.xhtml#x" seen from "OEBPS/content.opf" -> "Text/a b.xhtml".
std::string resolved(const std::string& base, std::string href)
{
    href.erase(std::min(href.find('#'), href.size()));
    std::string plain;
    for (std::size_t i = 0; i < href.size(); ++i) {
        const int high = i + 2 < href.size() && href[i] == '%' ? hex_digit(href[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(href[i + 2]) : -1;
        if (low >= 0) i += 2;
        plain += low >= 0 ? char(high * 16 + low) : href[i];
    }
    const std::size_t slash = base.rfind('/');
    std::string path = plain.starts_with('/') || slash == std::string::npos ? plain : base.substr(0, slash + 1) + plain;
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string part = path.substr(at, end - at);
        if (part == ".." && !parts.empty()) parts.pop_back();
        if (!part.empty() && part != "." && part != "..") parts.push_back(part);
        at = end + 1;
    }
    std::string out;
    for (const std::string& part : parts) {
        if (!out.empty()) out += '/';
        out += part;
    }
    return out;
}

}  // namespace

Result<void> read_epub(std::string_view bytes, const SegmentSink& sink)
{
    PATHLOOM_TRY(auto files, unpack(bytes));
    const auto file = [&](const std::string& name) {
        const auto found = files.find(name);
        return found == files.end() ? nullptr : &found->second;
    };
    const std::string* container = file("META-INF/container.xml");
    if (!container) return fail(ErrorCode::Corrupt, "is no EPUB: META-INF/container.xml is missing");
    const Document rootfiles = parse_xml(*container);
    const auto roots = elements(rootfiles.get(), "rootfile");
    const std::string package_name = roots.empty() ? "" : resolved("", attribute(roots.front(), "full-path"));
    const std::string* package = file(package_name);
    if (!package) return fail(ErrorCode::Corrupt, "is damaged: its table of contents is missing");
    const Document opf = parse_xml(*package);
    std::map<std::string, std::string> pages;  // by the manifest's id
    for (const xmlNode* item : elements(opf.get(), "item"))
        pages[attribute(item, "id")] = resolved(package_name, attribute(item, "href"));
    std::vector<std::string> locked;
    if (const std::string* encryption = file("META-INF/encryption.xml")) {
        const Document xml = parse_xml(*encryption);
        for (const xmlNode* reference : elements(xml.get(), "CipherReference"))
            locked.push_back(resolved("", attribute(reference, "URI")));
    }
    bool any = false, go_on = true;
    const SegmentSink pass = [&](Segment&& segment) {
        any = true;
        return go_on = sink(std::move(segment));
    };
    for (const xmlNode* item : elements(opf.get(), "itemref")) {
        const auto page = pages.find(attribute(item, "idref"));
        const std::string* text = page == pages.end() ? nullptr : file(page->second);
        if (!text) continue;
        if (std::ranges::find(locked, page->second) != locked.end())
            return fail(ErrorCode::Usage, "is protected against copying (DRM); its text cannot be read");
        const auto read = read_html(*text, pass);
        if (!go_on) return fail(ErrorCode::Cancelled, "stopped");
        if (!read && read.error().code == ErrorCode::Corrupt) return fail(read.error());
        // A page without text is a picture: a cover, a plate.
    }
    if (!any) return fail(ErrorCode::Usage, "has no page with text");
    return {};
}

}  // namespace pathloom
