// SPDX-License-Identifier: GPL-3.0-or-later
// What a run would cost, before it is started.
#pragma once

#include "widgets/client/values.h"

#include <QWidget>

class QFormLayout;
class QLabel;

namespace pathloom {

class ThemeController;

class EstimatePanel final : public QWidget {
    Q_OBJECT
public:
    explicit EstimatePanel(ThemeController& theme, QWidget* parent = nullptr);
    void showEstimate(const EstimateFacts& facts);
    void showError(const QString& message);
    void setBusy(bool busy);  ///< an answer is on its way: the old numbers are greyed
    [[nodiscard]] QString valueOf(const QString& name) const;  ///< for tests: text beside a row's objectName suffix

private:
    QLabel* addRow(QFormLayout* form, const QString& name, const QString& label, const QString& tip);
    void restyle();

    ThemeController& m_theme;
    QLabel* m_paths;
    QLabel* m_pathParameters;
    QLabel* m_totalParameters;
    QLabel* m_memory;
    QLabel* m_weights;
    QLabel* m_optimizer;
    QLabel* m_activations;
    QLabel* m_traffic;
    QLabel* m_versus;
    QLabel* m_steps;
    QLabel* m_compute;
    QLabel* m_warnings;
    QLabel* m_explanation;
    bool m_failed = false;
};

}  // namespace pathloom
