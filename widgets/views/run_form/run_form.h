// SPDX-License-Identifier: GPL-3.0-or-later
// New run: presets at the left, settings in the middle, a live estimate at the right.
#pragma once

#include "widgets/models/session.h"
#include "widgets/views/run_form/spec_fields.h"

#include <QDialog>
#include <QHash>
#include <QTimer>

class QFormLayout;
class QLabel;
class QLineEdit;
class QListView;
class QPlainTextEdit;
class QPushButton;
class QTabWidget;

namespace pathloom {

class EstimatePanel;
class ThemeController;

class RunForm final : public QDialog {
    Q_OBJECT
public:
    RunForm(Session& session, ThemeController& theme, QWidget* parent = nullptr);
    /// Prefill from a run; Start then makes a clone of it.
    void cloneOf(const RunRow& run);
    void choosePreset(const QString& name);
    [[nodiscard]] QJsonObject spec() const { return m_spec; }
    [[nodiscard]] EstimatePanel* estimate() const { return m_estimate; }
    [[nodiscard]] QWidget* editorOf(const QString& key) const { return m_editors.value(key); }
    [[nodiscard]] QLabel* errorLabelOf(const QString& key) const { return m_errors.value(key); }
    [[nodiscard]] bool isEstimated() const { return m_estimated; }  ///< the estimate shown belongs to the settings shown

Q_SIGNALS:
    void started(qint64 run);
    void importRequested();
    void estimateChanged();
    void refused(const QString& message);  ///< what is shown beside the settings: nothing starts until they are changed

private:
    void buildFields(QFormLayout* form, const QString& group);
    QWidget* makeEditor(const SpecField& field);
    QWidget* makeForm();
    void showPreset(const QModelIndex& index);
    void fillEditors();
    void edit(const QString& key, const QJsonValue& value);
    void editLevels(const QString& text);
    void editJson();
    void setSpec(const QJsonObject& spec);
    void changed();
    void askEstimate();
    void showProblem(const QString& message);
    void clearProblems();
    void start();
    void updateStart();

    Session& m_session;
    ThemeController& m_theme;
    QVector<SpecField> m_fields;
    QJsonObject m_base;  // what the set list is taken against
    QJsonObject m_spec;
    QString m_preset;
    qint64 m_cloneOf = 0;
    bool m_baseKnown = false;  // m_base has every default written out
    bool m_filling = false;
    bool m_estimated = false;
    bool m_starting = false;
    bool m_jsonBroken = false;
    quint64 m_generation = 0;
    QTimer m_estimateTimer;
    QListView* m_presets;
    QLabel* m_description;
    QLineEdit* m_name;
    QTabWidget* m_tabs;
    QPlainTextEdit* m_json;
    QLabel* m_problem;
    EstimatePanel* m_estimate;
    QPushButton* m_start;
    QHash<QString, QWidget*> m_editors;
    QHash<QString, QLabel*> m_errors;
};

}  // namespace pathloom
