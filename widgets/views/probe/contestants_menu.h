// SPDX-License-Identifier: GPL-3.0-or-later
// The menu "Compare With" of the probe: who is asked beside the reader, and the dialog for the endpoint among them.
#pragma once

#include "widgets/client/key_store.h"
#include "widgets/models/contestants.h"

#include <QDialog>
#include <QToolButton>

class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace pathloom {

class ThemeController;

class ContestantsMenu final : public QToolButton {
    Q_OBJECT
public:
    ContestantsMenu(Contestants& contestants, ThemeController& theme, QWidget* parent = nullptr);

Q_SIGNALS:
    void opening();  ///< the menu is about to be shown

private:
    void rebuild();
    void openDialog();
    Contestants& m_contestants;
    ThemeController& m_theme;
};

/// Address, model, budget and key of an OpenAI-compatible server. The key goes into the keyring and nowhere else.
class EndpointDialog final : public QDialog {
    Q_OBJECT
public:
    EndpointDialog(Contestants& contestants, ThemeController& theme, QWidget* parent = nullptr);

private:
    void keep();
    void showProblem(const QString& text);
    void lookForKey();
    Contestants& m_contestants;
    ThemeController& m_theme;
    KeyStore m_keys;
    QLineEdit* m_url;
    QLineEdit* m_model;
    QSpinBox* m_budget;
    QLineEdit* m_key;
    QLabel* m_state;
    QLabel* m_problem;
    QPushButton* m_keep;
    QPushButton* m_forget;
};

}  // namespace pathloom
