// SPDX-License-Identifier: GPL-3.0-or-later
// The translation lab: a pack, a direction, a sentence under every condition, and scores. Translators run in a process of their
// own.
#pragma once

#include "widgets/client/helper_session.h"
#include "widgets/models/translate_facts.h"
#include "widgets/theme/pane_frame.h"

class QComboBox;
class QTabWidget;

namespace pathloom {

class EvaluatePage;
class TranslatePage;

class TranslatePane final : public PaneFrame {
    Q_OBJECT
public:
    explicit TranslatePane(ThemeController& theme, QWidget* parent = nullptr);
    void openPack(const QString& folder);
    void choosePack();
    [[nodiscard]] const PackFacts& pack() const { return m_pack; }
    [[nodiscard]] TranslatePage* page() const { return m_page; }
    [[nodiscard]] EvaluatePage* evaluation() const { return m_evaluation; }
    [[nodiscard]] HelperSession& session() { return m_session; }
    [[nodiscard]] QTabWidget* tabs() const { return m_tabs; }

protected:
    void showEvent(QShowEvent* event) override;

private:
    void listPacks();
    void hearPack(const QString& folder, const QJsonObject& event);
    void showPack();
    void updateStatus();

    HelperSession m_session;
    PackFacts m_pack;
    QString m_wanted;  // folder being read, or read last
    bool m_listed = false;
    QComboBox* m_packs;
    QComboBox* m_direction;
    QTabWidget* m_tabs;
    TranslatePage* m_page;
    EvaluatePage* m_evaluation;
    QAction* m_cancelAction;
};

}  // namespace pathloom
