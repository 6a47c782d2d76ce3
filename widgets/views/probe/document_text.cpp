// SPDX-License-Identifier: GPL-3.0-or-later
// DocumentText.
#include "widgets/views/probe/document_text.h"

namespace pathloom {

DocumentText::DocumentText(QObject* parent)
    : QObject(parent)
{
    m_timer.setInterval(0);
    connect(&m_timer, &QTimer::timeout, this, &DocumentText::advance);
}

QString DocumentText::open(const QString& file)
{
    m_timer.stop();
    m_lines.reset({});
    m_file.close();
    m_file.setFileName(file);
    if (!file.isEmpty()) {
        if (!m_file.open(QIODevice::ReadOnly)) {
            Q_EMIT opened();
            return tr("%1 cannot be read: %2").arg(file, m_file.errorString());
        }
        const uchar* bytes = m_file.size() > 0 ? m_file.map(0, m_file.size()) : nullptr;
        if (bytes) m_lines.reset(QByteArrayView(bytes, m_file.size()));
        advance();  // the first screen at once
    }
    Q_EMIT opened();
    return {};
}

void DocumentText::advance()
{
    const bool more = m_lines.advance();
    if (more && !m_timer.isActive()) m_timer.start();
    if (!more) m_timer.stop();
    Q_EMIT grown();
}

}  // namespace pathloom
