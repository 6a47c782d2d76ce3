// SPDX-License-Identifier: GPL-3.0-or-later
// A language pack out of the user's own files, with what it would hold said while it is put together.
#pragma once

#include "widgets/client/helper_session.h"
#include "widgets/views/common/form_dialog.h"

#include <QTimer>

class QSpinBox;

namespace pathloom {

class TablePicker;

class PackDialog final : public FormDialog {
    Q_OBJECT
public:
    explicit PackDialog(ThemeController& theme, QWidget* parent = nullptr);

Q_SIGNALS:
    void made(const QString& folder);

private:
    void checkLater();
    void check();
    void hearPreview(const QJsonObject& event);
    void make();
    void updateAll();
    [[nodiscard]] bool twoFiles() const;
    [[nodiscard]] QJsonObject request() const;
    [[nodiscard]] QString missing() const;  ///< what has to be said first; empty when nothing is

    HelperSession m_session;
    QTimer m_delay;
    qint64 m_checking = 0;
    qint64 m_making = 0;
    QString m_problem;  ///< of the last check
    QString m_summary;
    QLineEdit* m_first;
    QLineEdit* m_second;
    QLineEdit* m_sentences;
    QLineEdit* m_other = nullptr;
    QLineEdit* m_dictionary = nullptr;
    QLineEdit* m_grammar = nullptr;
    QLineEdit* m_folder = nullptr;
    TablePicker* m_sentenceTable = nullptr;
    TablePicker* m_wordTable = nullptr;
    QSpinBox* m_share;
    QSpinBox* m_seed;
    QLabel* m_holds;
    QPushButton* m_make = nullptr;
};

}  // namespace pathloom
