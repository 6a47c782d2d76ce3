// SPDX-License-Identifier: GPL-3.0-or-later
// TextLines.
#include "widgets/models/text_lines.h"

#include <QString>

#include <algorithm>
#include <cstring>

namespace pathloom {
namespace {

bool continues(char c)
{
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

}  // namespace

void TextLines::reset(QByteArrayView text)
{
    m_text = text;
    m_known = 0;
    m_begins.clear();
}

bool TextLines::advance()
{
    const qint64 size = m_text.size();
    const qint64 goal = std::min(size, m_known + slice);
    while (m_known < goal) {
        m_begins.push_back(m_known);
        const qint64 limit = std::min(size, m_known + longest);
        const char* from = m_text.data() + m_known;
        if (const void* feed = std::memchr(from, '\n', std::size_t(limit - m_known))) {
            m_known = static_cast<const char*>(feed) - m_text.data() + 1;
            continue;
        }
        if (limit == size) {
            m_known = size;
            continue;
        }
        qint64 cut = limit;
        while (cut > m_known && m_text[cut - 1] != ' ') --cut;
        if (cut == m_known) {  // no blank: between two code points
            cut = limit;
            while (cut > m_known + 1 && continues(m_text[cut])) --cut;
        }
        m_known = cut;
    }
    return !complete();
}

qint64 TextLines::end(qint64 line) const
{
    const qint64 next = line + 1 < count() ? m_begins[std::size_t(line) + 1] : m_known;
    return next > m_begins[std::size_t(line)] && m_text[next - 1] == '\n' ? next - 1 : next;
}

qint64 TextLines::lineAt(qint64 byte) const
{
    const auto after = std::upper_bound(m_begins.begin(), m_begins.end(), byte);
    return std::max<qint64>(0, after - m_begins.begin() - 1);
}

QString TextLines::string(qint64 line) const
{
    return QString::fromUtf8(m_text.sliced(begin(line), end(line) - begin(line)));
}

}  // namespace pathloom
