// SPDX-License-Identifier: GPL-3.0-or-later
// Address, model, budget and key of an OpenAI-compatible server. The key goes into the keyring and nowhere else.
#pragma once

#include "widgets/client/key_store.h"
#include "widgets/models/endpoint_facts.h"
#include "widgets/views/common/form_dialog.h"

class QSpinBox;

namespace pathloom {

class EndpointDialog final : public FormDialog {
    Q_OBJECT
public:
    /// What is asked besides address, model and budget: the tokens its model takes, where whole contexts are sent.
    enum class Asks { Budget, BudgetAndWindow };
    /// `known` fills the fields; `sends` says what goes to the server.
    EndpointDialog(
        const EndpointFacts& known, const QString& sends, Asks asks, ThemeController& theme, QWidget* parent = nullptr);

Q_SIGNALS:
    void chosen(const EndpointFacts& endpoint);

private:
    void keep();
    void lookForKey();
    KeyStore m_keys;
    EndpointFacts m_known;
    QLineEdit* m_url;
    QLineEdit* m_model;
    QSpinBox* m_budget;
    QSpinBox* m_window = nullptr;
    QLineEdit* m_key = nullptr;
    QLabel* m_state;
    QPushButton* m_keep = nullptr;
    QPushButton* m_forget = nullptr;
};

}  // namespace pathloom
