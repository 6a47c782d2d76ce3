// SPDX-License-Identifier: GPL-3.0-or-later
// EstimatePanel.
#include "widgets/views/run_form/estimate_panel.h"

#include "widgets/models/formats.h"
#include "widgets/theme/theme.h"

#include <QFormLayout>
#include <QLabel>
#include <QScrollArea>
#include <QVBoxLayout>

namespace pathloom {

EstimatePanel::EstimatePanel(ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
{
    setObjectName(QStringLiteral("run_form.estimate"));
    auto* inside = new QWidget;
    auto* column = new QVBoxLayout(inside);
    column->setContentsMargins(16, 12, 16, 12);
    column->setSpacing(8);
    auto* title = new QLabel(tr("Estimate"));
    title->setFont(Theme::titleFont());
    column->addWidget(title);
    auto* form = new QFormLayout;
    form->setHorizontalSpacing(12);
    form->setVerticalSpacing(4);
    m_paths = addRow(form, QStringLiteral("paths"), tr("Paths, modules"), tr("Paths and the modules they share"));
    m_pathParameters = addRow(form, QStringLiteral("path_parameters"), tr("Parameters of a path"), tr("What one worker trains"));
    m_totalParameters = addRow(form, QStringLiteral("total_parameters"), tr("Parameters in all"), tr("All modules together"));
    m_memory = addRow(form, QStringLiteral("memory"), tr("Memory of a worker"), tr("Weights, gradients, AdamW and activations"));
    m_weights = addRow(form, QStringLiteral("weights"), tr("\u2003Weights"), tr("The path's parameters"));
    m_optimizer = addRow(form, QStringLiteral("optimizer"), tr("\u2003Optimiser"), tr("Both moments of AdamW"));
    m_activations = addRow(form, QStringLiteral("activations"), tr("\u2003Gradients, activations"), tr("Of one batch"));
    m_traffic
        = addRow(form, QStringLiteral("traffic"), tr("Traffic a phase"), tr("Modules down and pseudo-gradients up, all paths"));
    m_versus = addRow(
        form, QStringLiteral("versus"), tr("Data-parallel a phase"), tr("What synchronous data-parallel training would send"));
    m_steps = addRow(form, QStringLiteral("steps"), tr("Steps of a path"), tr("Warm start and all phases"));
    m_compute = addRow(form, QStringLiteral("compute"), tr("Compute of a path"), tr("6 N a token and attention, whole run"));
    column->addLayout(form);
    m_warnings = new QLabel;
    m_warnings->setObjectName(QStringLiteral("run_form.warnings"));
    m_warnings->setWordWrap(true);
    m_warnings->hide();
    column->addWidget(m_warnings);
    auto* how = new QLabel(tr("How it adds up"));
    QFont bold = Theme::bodyFont();
    bold.setWeight(QFont::DemiBold);
    how->setFont(bold);
    how->setContentsMargins(0, 8, 0, 0);
    column->addWidget(how);
    m_explanation = new QLabel;
    m_explanation->setObjectName(QStringLiteral("run_form.explanation"));
    m_explanation->setWordWrap(true);
    m_explanation->setFont(Theme::labelFont());
    m_explanation->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    column->addWidget(m_explanation);
    column->addStretch(1);
    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("run_form.estimate.scroll"));
    scroll->setAccessibleName(tr("Estimate"));
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(inside);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(scroll);
    connect(&theme, &ThemeController::changed, this, &EstimatePanel::restyle);
    restyle();
}

QLabel* EstimatePanel::addRow(QFormLayout* form, const QString& name, const QString& label, const QString& tip)
{
    auto* value = new QLabel(noValue());
    value->setObjectName(QStringLiteral("run_form.estimate.") + name);
    value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    value->setToolTip(tip);
    auto* caption = new QLabel(label);
    caption->setProperty("muted", true);
    caption->setToolTip(tip);
    form->addRow(caption, value);
    return value;
}

void EstimatePanel::restyle()
{
    const Tokens& tokens = m_theme.theme().tokens();
    const auto labels = findChildren<QLabel*>();
    for (QLabel* label : labels) {
        if (!label->property("muted").toBool()) continue;
        QPalette palette = label->palette();
        palette.setColor(QPalette::WindowText, tokens.muted);
        label->setPalette(palette);
    }
    QPalette palette = m_warnings->palette();
    palette.setColor(QPalette::WindowText, m_failed ? tokens.fail : tokens.warn);
    m_warnings->setPalette(palette);
}

void EstimatePanel::showEstimate(const EstimateFacts& facts)
{
    m_failed = false;
    m_paths->setText(tr("%1, %2").arg(facts.paths).arg(facts.modules));
    m_pathParameters->setText(countText(double(facts.pathParameters)));
    m_totalParameters->setText(countText(double(facts.totalParameters)));
    m_memory->setText(bytesText(double(facts.workerBytes)));
    m_weights->setText(bytesText(double(facts.weightBytes)));
    m_optimizer->setText(bytesText(double(facts.optimizerBytes)));
    m_activations->setText(bytesText(double(facts.workerBytes - facts.weightBytes - facts.optimizerBytes)));
    m_traffic->setText(bytesText(double(facts.syncBytesPerPhase)));
    QString versus = bytesText(double(facts.dataParallelBytesPerPhase));
    if (facts.syncBytesPerPhase > 0 && facts.dataParallelBytesPerPhase > facts.syncBytesPerPhase)
        versus += tr(" (%1\u00d7)")
                      .arg(significantText(double(facts.dataParallelBytesPerPhase) / double(facts.syncBytesPerPhase), 3));
    m_versus->setText(facts.dataParallelBytesPerPhase > 0 ? versus : noValue());
    m_steps->setText(countText(double(facts.totalStepsPerPath)));
    m_compute->setText(flopsText(facts.flopsPerPath));
    m_explanation->setText(facts.explanation);
    m_warnings->setText(facts.warnings.join(QLatin1Char('\n')));
    m_warnings->setVisible(!facts.warnings.isEmpty());
    setBusy(false);
    restyle();
}

void EstimatePanel::showError(const QString& message)
{
    m_failed = true;
    m_warnings->setText(message);
    m_warnings->show();
    setBusy(true);
    m_warnings->setEnabled(true);
    restyle();
}

void EstimatePanel::setBusy(bool busy)
{
    const auto labels = findChildren<QLabel*>();
    for (QLabel* label : labels)
        if (label->objectName().startsWith(QLatin1String("run_form.estimate.")) || label == m_explanation)
            label->setEnabled(!busy);
}

QString EstimatePanel::valueOf(const QString& name) const
{
    const auto* label = findChild<QLabel*>(QStringLiteral("run_form.estimate.") + name);
    return label ? label->text() : QString();
}

}  // namespace pathloom
