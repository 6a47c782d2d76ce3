// SPDX-License-Identifier: GPL-3.0-or-later
// The translation lab: a pack, a direction, a sentence under every condition, and scores. Translators run in a process of their
// own.
#pragma once

#include "widgets/client/helper_session.h"
#include "widgets/models/translator_choices.h"
#include "widgets/theme/pane_frame.h"

class QComboBox;
class QTabWidget;

namespace pathloom {

class CurvePage;
class EvaluatePage;
class TranslatePage;
struct ExportTarget;

class TranslatePane final : public PaneFrame {
    Q_OBJECT
public:
    explicit TranslatePane(ThemeController& theme, QWidget* parent = nullptr);
    void openPack(const QString& folder);
    void choosePack();
    void newPack();
    [[nodiscard]] const PackFacts& pack() const { return m_pack; }
    [[nodiscard]] TranslatePage* page() const { return m_page; }
    [[nodiscard]] EvaluatePage* evaluation() const { return m_evaluation; }
    [[nodiscard]] CurvePage* curve() const { return m_curve; }
    [[nodiscard]] TranslatorChoices& choices() { return m_choices; }
    [[nodiscard]] QTabWidget* tabs() const { return m_tabs; }

protected:
    void showEvent(QShowEvent* event) override;

private:
    void listPacks();
    void hearPack(const QString& folder, const QJsonObject& event);
    void showPack();
    void updateStatus();
    [[nodiscard]] bool isBusy() const;
    [[nodiscard]] ExportTarget shownExport() const;

    ThemeController& m_theme;
    HelperSession m_session;
    HelperSession m_scoring;  ///< so that a sentence need not wait for an evaluation
    TranslatorChoices m_choices;
    PackFacts m_pack;
    QString m_wanted;  // folder being read, or read last
    bool m_listed = false;
    QComboBox* m_packs;
    QComboBox* m_direction;
    QTabWidget* m_tabs;
    TranslatePage* m_page;
    EvaluatePage* m_evaluation;
    CurvePage* m_curve;
    QAction* m_cancelAction;
};

}  // namespace pathloom
