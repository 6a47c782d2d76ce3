// SPDX-License-Identifier: GPL-3.0-or-later
// A document's bytes, mapped, with its lines found bit by bit in the background of the event loop.
#pragma once

#include "widgets/models/text_lines.h"

#include <QFile>
#include <QObject>
#include <QTimer>

namespace pathloom {

class DocumentText final : public QObject {
    Q_OBJECT
public:
    explicit DocumentText(QObject* parent = nullptr);
    /// Maps the file; "" closes. An error text, empty on success.
    QString open(const QString& file);
    [[nodiscard]] QString file() const { return m_file.fileName(); }
    [[nodiscard]] const TextLines& lines() const { return m_lines; }
    [[nodiscard]] qint64 size() const { return m_lines.text().size(); }

Q_SIGNALS:
    void opened();
    void grown();  ///< more lines are known

private:
    void advance();
    QFile m_file;
    TextLines m_lines;
    QTimer m_timer;
};

}  // namespace pathloom
