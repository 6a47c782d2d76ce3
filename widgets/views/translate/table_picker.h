// SPDX-License-Identifier: GPL-3.0-or-later
// A table of the user's: which file, whether its first row names the columns, which column is what, and its first rows.
#pragma once

#include "widgets/client/helper_session.h"

#include <QStandardItemModel>
#include <QTimer>
#include <QVector>
#include <QWidget>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;

namespace pathloom {

class Table;
class ThemeController;

class TablePicker final : public QWidget {
    Q_OBJECT
public:
    /// `path`: the line the file's name is typed into, which somebody else owns. `name`: what the names of the controls begin
    /// with.
    TablePicker(const QString& name, const QString& title, QLineEdit* path, HelperSession& session, ThemeController& theme,
        QWidget* parent = nullptr);
    /// Another column to choose; an optional one may stay "none".
    void addColumn(const QString& id, const QString& label, bool optional = false);
    /// What a column is called; "" chooses what is named like it, else by its place, and shows it above the preview.
    void setWanted(const QString& id, const QString& name);
    [[nodiscard]] QString file() const;
    [[nodiscard]] bool header() const;
    /// Name or number of the column; empty when none is chosen.
    [[nodiscard]] QString column(const QString& id) const;
    /// What keeps the file from being read, with the line; empty when nothing does.
    [[nodiscard]] QString problem() const { return m_problem; }
    [[nodiscard]] bool isReading() const { return m_request != 0 || m_delay.isActive(); }
    /// Rows that come from elsewhere (two files that go line by line); no columns are to be chosen then.
    void showRows(const QStringList& titles, const QVector<QStringList>& rows);
    /// Whether the file is read as a table here; else showRows() says what stands in the preview.
    void setOwnRows(bool own);

Q_SIGNALS:
    void changed();  ///< file, header, columns or problem

private:
    struct Column {
        QString id, label, wanted;
        bool optional = false;
        QComboBox* box = nullptr;
    };
    void read();
    void hear(const QJsonObject& event);
    void fillColumns();
    void choose(Column& column, int place);
    void showHeaders();
    void fit();

    QString m_name;
    QLineEdit* m_path;
    HelperSession& m_session;
    QTimer m_delay;
    qint64 m_request = 0;
    QString m_problem;
    bool m_own = true;
    QStringList m_titles;
    QVector<Column> m_columns;
    QStandardItemModel m_model;
    QWidget* m_choices;
    QCheckBox* m_header;
    Table* m_table;
};

}  // namespace pathloom
