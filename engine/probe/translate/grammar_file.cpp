// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/grammar_file.h"

#include "engine/core/one_line.h"
#include "engine/corpus/document_reader.h"

namespace pathloom {

Result<GrammarText> GrammarFiles::read(const std::filesystem::path& file, const std::function<bool()>& stopped)
{
    if (file.empty()) return GrammarText{};
    std::error_code error;
    const auto changed = std::filesystem::last_write_time(file, error);
    if (!error && file == m_file && changed == m_changed) return m_last;
    GrammarText read;
    const std::string ending = file.extension().string();
    read.markdown = ending == ".md" || ending == ".markdown";
    if (read.markdown || ending == ".txt") {
        PATHLOOM_TRY(read.text, read_utf8(file));
    } else {
        ReadLimits limits;
        limits.stopped = stopped;
        PATHLOOM_TRY(DocumentText document, read_document(file, limits));
        read.text = std::move(document.text);
    }
    if (read.text.find_first_not_of(" \t\r\n") == std::string::npos)
        return fail(
            ErrorCode::Corrupt, "{} has no text; a scanned book must go through text recognition first", one_line(file.string()));
    m_file = file;
    m_changed = changed;
    m_last = read;
    return read;
}

}  // namespace pathloom
