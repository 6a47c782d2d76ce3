// SPDX-License-Identifier: GPL-3.0-or-later
// Where the shown lines of a long text begin: found a slice at a time, so that a file of any size opens at once.
#pragma once

#include <QByteArrayView>
#include <QString>

#include <vector>

namespace pathloom {

/// A line ends after a line feed, or at the last blank before it would hold more than `longest` bytes. Offsets count bytes; the
/// text is UTF-8 and a code point is never cut.
class TextLines {
public:
    static constexpr qint64 longest = 108;
    static constexpr qint64 slice = 8 << 20;

    void reset(QByteArrayView text);
    /// Goes on for a slice; false when all is known.
    bool advance();
    [[nodiscard]] bool complete() const { return m_known >= m_text.size(); }
    [[nodiscard]] qint64 knownBytes() const { return m_known; }
    [[nodiscard]] qint64 count() const { return qint64(m_begins.size()); }
    [[nodiscard]] qint64 begin(qint64 line) const { return m_begins[std::size_t(line)]; }
    [[nodiscard]] qint64 end(qint64 line) const;  ///< without the line feed
    [[nodiscard]] qint64 lineAt(qint64 byte) const;  ///< the last that begins at or before it; 0 for an empty text
    [[nodiscard]] QByteArrayView text() const { return m_text; }
    [[nodiscard]] QString string(qint64 line) const;

private:
    QByteArrayView m_text;
    qint64 m_known = 0;  // lines that end before it are all in m_begins
    std::vector<qint64> m_begins;
};

}  // namespace pathloom
