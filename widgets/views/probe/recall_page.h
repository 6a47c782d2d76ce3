// SPDX-License-Identifier: GPL-3.0-or-later
// Recall on one's own document: a needle at every depth and length as a heat map, each cell to be looked into and run again.
#pragma once

#include "widgets/client/helper_session.h"
#include "widgets/models/contestants.h"
#include "widgets/models/probe_facts.h"
#include "widgets/views/common/measurement.h"

#include <QWidget>

class QCheckBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;
class QSpinBox;

namespace pathloom {

class HeatMap;
class ThemeController;
struct HeatData;

struct RecallRequest {
    QString document;
    QVector<qint64> lengths;
    int depths = 11;
    int distractors = 0;
    bool noNeedle = false;
    quint64 seed = 1;
    QStringList contestants{QStringLiteral("reader")};  ///< who is asked, the session's own reader first
    QStringList titles{};  ///< of each, when there are several
};
/// "Encoding the document: 12%".
QString encodingText(const Measurement& measurement);
/// "1000, 4k 1M" as numbers; empty when it is none of that, or a length is below 64.
QVector<qint64> parseLengths(const QString& text);
/// Depth down, length across; cells that are not there yet are hatched.
HeatData recallData(const RecallRequest& request, const QVector<RecallCell>& cells);

class RecallPage final : public QWidget {
    Q_OBJECT
public:
    RecallPage(HelperSession& session, Contestants& contestants, ThemeController& theme, QWidget* parent = nullptr);
    void setProject(const QString& folder) { m_project = folder; }  ///< that keeps the results; "" = none
    void setDocument(const QString& name, qint64 tokens);  ///< tokens 0: not encoded yet
    void run();
    [[nodiscard]] bool isRunning() const { return m_measurement.isRunning(); }
    [[nodiscard]] HeatMap* map() const { return m_map; }
    [[nodiscard]] const QVector<RecallCell>& cells() const { return m_cells; }

Q_SIGNALS:
    void busyChanged();

private:
    void hear(const QJsonObject& event);
    void send(QJsonObject request);
    void rerun();
    void showCell();
    void updateAll();
    [[nodiscard]] const RecallCell* current() const;

    Measurement m_measurement;
    Contestants& m_contestants;
    QString m_project;
    QString m_document;
    qint64 m_tokens = 0;
    RecallRequest m_asked;
    QVector<RecallCell> m_cells;
    bool m_again = false;
    QLineEdit* m_lengths;
    QSpinBox* m_depths;
    QSpinBox* m_distractors;
    QSpinBox* m_seed;
    QCheckBox* m_noNeedle;
    QPushButton* m_run;
    QPushButton* m_rerun;
    QProgressBar* m_progress;
    QLabel* m_note;
    HeatMap* m_map;
    QPlainTextEdit* m_inspector;
};

}  // namespace pathloom
