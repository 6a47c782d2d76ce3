// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/samples/documents.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <memory>
#include <stdexcept>

namespace pathloom::test {

std::string zip(const std::vector<std::pair<std::string, std::string>>& files)
{
    std::string out;
    const std::unique_ptr<archive, int (*)(archive*)> writer(archive_write_new(), archive_write_free);
    archive_write_set_format_zip(writer.get());
    const auto append = [](archive*, void* to, const void* data, std::size_t size) -> la_ssize_t {
        static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
        return la_ssize_t(size);
    };
    if (archive_write_open(writer.get(), &out, nullptr, append, nullptr) != ARCHIVE_OK) throw std::runtime_error("no zip");
    for (const auto& [name, text] : files) {
        const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(), archive_entry_free);
        archive_entry_set_pathname(entry.get(), name.c_str());
        archive_entry_set_size(entry.get(), la_int64_t(text.size()));
        archive_entry_set_filetype(entry.get(), AE_IFREG);
        archive_entry_set_perm(entry.get(), 0644);
        archive_write_header(writer.get(), entry.get());
        archive_write_data(writer.get(), text.data(), text.size());
    }
    archive_write_close(writer.get());
    return out;
}

std::string epub(
    const std::vector<std::pair<std::string, std::string>>& pages, const std::vector<std::pair<std::string, std::string>>& more)
{
    std::string manifest, spine;
    std::vector<std::pair<std::string, std::string>> files{{"mimetype", "application/epub+zip"},
        {"META-INF/container.xml",
            "<?xml version=\"1.0\"?><container xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\" version=\"1.0\">"
            "<rootfiles><rootfile full-path=\"OEBPS/content.opf\" media-type=\"application/oebps-package+xml\"/></rootfiles>"
            "</container>"}};
    for (std::size_t i = 0; i < pages.size(); ++i) {
        std::string href;
        for (const char c : pages[i].first) href += c == ' ' ? std::string("%20") : std::string(1, c);
        manifest += fmt::format("<item id=\"p{}\" href=\"{}\" media-type=\"application/xhtml+xml\"/>", i, href);
        spine += fmt::format("<itemref idref=\"p{}\"/>", i);
    }
    files.emplace_back("OEBPS/content.opf",
        "<?xml version=\"1.0\"?><package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\"><manifest>" + manifest
            + "</manifest><spine>" + spine + "</spine></package>");
    for (auto page = pages.rbegin(); page != pages.rend(); ++page)  // the archive's order is not the book's
        files.emplace_back("OEBPS/" + page->first,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><html "
            "xmlns=\"http://www.w3.org/1999/xhtml\"><head><title>t</title></head><body>"
                + page->second + "</body></html>");
    files.insert(files.end(), more.begin(), more.end());
    return zip(files);
}

std::string pdf(const std::vector<std::string>& pages, bool locked)
{
    std::vector<std::string> objects{"<< /Type /Catalog /Pages 2 0 R >>", "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"};
    std::string kids;
    for (const std::string& page : pages) {
        const std::size_t number = objects.size() + 1;
        kids += fmt::format("{} 0 R ", number);
        const std::string content = "BT /F1 12 Tf 72 720 Td (" + page + ") Tj ET";
        objects.push_back(
            fmt::format("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> "
                        "/Contents {} 0 R >>",
                number + 1));
        objects.push_back(fmt::format("<< /Length {} >>\nstream\n{}\nendstream", content.size(), content));
    }
    objects[1] = fmt::format("<< /Type /Pages /Kids [{}] /Count {} >>", kids, pages.size());
    std::string out = "%PDF-1.4\n", table;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        table += fmt::format("{:010} 00000 n \n", out.size());
        out += fmt::format("{} 0 obj\n{}\nendobj\n", i + 1, objects[i]);
    }
    const std::size_t start = out.size();
    const std::string lock = locked
        ? fmt::format(" /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{0}> /U <{0}> >> /ID [<00> <00>]", std::string(64, '7'))
        : "";
    out += fmt::format("xref\n0 {}\n0000000000 65535 f \n{}trailer\n<< /Size {} /Root 1 0 R{} >>\nstartxref\n{}\n%%EOF\n",
        objects.size() + 1, table, objects.size() + 1, lock, start);
    return out;
}

}  // namespace pathloom::test
