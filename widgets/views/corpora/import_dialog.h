// SPDX-License-Identifier: GPL-3.0-or-later
// Import text as a corpus: what, under which name, with which vocabulary; then progress, time left, cancel.
#pragma once

#include "widgets/models/session.h"

#include <QDialog>
#include <QElapsedTimer>

class QLabel;
class QLineEdit;
class QListWidget;
class QProgressBar;
class QPushButton;
class QSpinBox;
class QStackedWidget;

namespace pathloom {

class ThemeController;

class ImportDialog final : public QDialog {
    Q_OBJECT
public:
    ImportDialog(Session& session, ThemeController& theme, QWidget* parent = nullptr);
    void addPaths(const QStringList& paths);
    /// How films among the files are read.
    void setFilmReading(const FilmReading& reading);
    [[nodiscard]] const FilmReading& filmReading() const { return m_filmReading; }
    [[nodiscard]] bool isImporting() const { return m_import != 0; }

Q_SIGNALS:
    void imported(const QString& corpus);
    void filmReadingChosen(const pathloom::FilmReading& reading);

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

public Q_SLOTS:
    void reject() override;  ///< cancels a running import first

private:
    QWidget* makeForm();
    QWidget* makeFilmRow();
    QWidget* makeProgress();
    void updateButtons();
    void start();
    void showProgress(const EngineClient::ImportProgressFacts& facts);
    void finish(const Result<CorpusRow>& corpus);

    Session& m_session;
    ThemeController& m_theme;
    QStackedWidget* m_pages;
    QListWidget* m_paths;
    QLineEdit* m_name;
    QLineEdit* m_domain;
    QSpinBox* m_vocabulary;
    QLineEdit* m_tokenizer;
    QLabel* m_films;
    FilmReading m_filmReading;
    QLabel* m_problem;
    QLabel* m_stage;
    QLabel* m_left;
    QProgressBar* m_bar;
    QPushButton* m_start;
    QPushButton* m_cancel;
    qint64 m_import = 0;
    QString m_lastStage;
    QElapsedTimer m_stageClock;
};

/// Paths of the local files in a drop, empty when there are none.
QStringList droppedPaths(const class QMimeData* data);

}  // namespace pathloom
