// SPDX-License-Identifier: GPL-3.0-or-later
// RunForm: which spec is shown, its estimate, its problems, Start.
#include "widgets/views/run_form/run_form.h"

#include "widgets/theme/theme.h"
#include "widgets/views/common/table.h"
#include "widgets/views/run_form/estimate_panel.h"

#include <QHBoxLayout>
#include <QJsonDocument>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QVBoxLayout>

namespace pathloom {
namespace {
constexpr int estimateDelayMs = 150;
}

RunForm::RunForm(Session& session, ThemeController& theme, QWidget* parent)
    : QDialog(parent)
    , m_session(session)
    , m_theme(theme)
    , m_fields(specFields())
    , m_presets(new QListView)
    , m_description(new QLabel)
    , m_name(new QLineEdit)
    , m_tabs(new QTabWidget)
    , m_json(new QPlainTextEdit)
    , m_problem(new QLabel)
    , m_estimate(new EstimatePanel(theme))
    , m_start(new QPushButton(tr("Start Run")))
{
    setObjectName(QStringLiteral("run_form"));
    setWindowTitle(tr("New Run"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(1280, 700);

    m_presets->setObjectName(QStringLiteral("run_form.presets"));
    m_presets->setAccessibleName(tr("Presets"));
    m_presets->setModel(&session.presets());
    m_presets->setFrameShape(QFrame::NoFrame);
    m_presets->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_presets->setUniformItemSizes(true);
    auto* look = new TableDelegate(theme, m_presets);
    look->setRowHeight(28);
    m_presets->setItemDelegate(look);
    auto* presetTitle = new QLabel(tr("Presets"));
    presetTitle->setFont(Theme::titleFont());
    presetTitle->setContentsMargins(12, 12, 12, 4);
    m_description->setObjectName(QStringLiteral("run_form.description"));
    m_description->setWordWrap(true);
    m_description->setFont(Theme::labelFont());
    m_description->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_description->setContentsMargins(12, 8, 12, 12);
    m_description->setMinimumHeight(120);
    auto* left = new QWidget;
    left->setFixedWidth(216);
    auto* leftColumn = new QVBoxLayout(left);
    leftColumn->setContentsMargins(0, 0, 0, 0);
    leftColumn->setSpacing(0);
    leftColumn->addWidget(presetTitle);
    leftColumn->addWidget(m_presets, 1);
    leftColumn->addWidget(m_description);

    m_name->setObjectName(QStringLiteral("run_form.name"));
    m_name->setAccessibleName(tr("Name"));
    m_name->setPlaceholderText(tr("the preset's name"));
    m_name->setClearButtonEnabled(true);
    auto* nameLabel = new QLabel(tr("Name"));
    nameLabel->setBuddy(m_name);
    auto* nameRow = new QHBoxLayout;
    nameRow->setContentsMargins(16, 12, 16, 8);
    nameRow->setSpacing(12);
    nameRow->addWidget(nameLabel);
    nameRow->addWidget(m_name, 1);

    m_json->setObjectName(QStringLiteral("run_form.json"));
    m_json->setAccessibleName(tr("All settings as JSON"));
    m_json->setFont(Theme::fixedFont());
    m_json->setFrameShape(QFrame::NoFrame);
    m_json->setTabChangesFocus(true);
    m_json->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_tabs->setObjectName(QStringLiteral("run_form.tabs"));
    m_tabs->setAccessibleName(tr("Settings"));
    m_tabs->setDocumentMode(true);
    m_tabs->addTab(makeForm(), tr("Main settings"));
    m_tabs->addTab(m_json, tr("All settings"));
    m_tabs->tabBar()->setAccessibleName(tr("Settings"));
    m_problem->setObjectName(QStringLiteral("run_form.problem"));
    m_problem->setWordWrap(true);
    m_problem->setContentsMargins(16, 4, 16, 8);
    m_problem->hide();
    auto* cancel = new QPushButton(tr("Cancel"));
    cancel->setObjectName(QStringLiteral("run_form.cancel"));
    m_start->setObjectName(QStringLiteral("run_form.start"));
    m_start->setDefault(true);
    m_start->setProperty("primary", true);
    auto* buttons = new QHBoxLayout;
    buttons->setContentsMargins(16, 8, 16, 12);
    buttons->setSpacing(8);
    buttons->addStretch(1);
    buttons->addWidget(cancel);
    buttons->addWidget(m_start);
    auto* middle = new QVBoxLayout;
    middle->setContentsMargins(0, 0, 0, 0);
    middle->setSpacing(0);
    middle->addLayout(nameRow);
    middle->addWidget(m_tabs, 1);
    middle->addWidget(m_problem);

    m_estimate->setFixedWidth(304);
    const auto separator = [] {
        auto* line = new QFrame;
        line->setFrameShape(QFrame::VLine);
        line->setFrameShadow(QFrame::Plain);
        line->setForegroundRole(QPalette::Mid);
        return line;
    };
    auto* row = new QHBoxLayout;
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(left);
    row->addWidget(separator());
    row->addLayout(middle, 1);
    row->addWidget(separator());
    row->addWidget(m_estimate);
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->setSpacing(0);
    whole->addLayout(row, 1);
    auto* rule = new QFrame;
    rule->setFrameShape(QFrame::HLine);
    rule->setFrameShadow(QFrame::Plain);
    rule->setForegroundRole(QPalette::Mid);
    whole->addWidget(rule);
    whole->addLayout(buttons);

    m_estimateTimer.setSingleShot(true);
    m_estimateTimer.setInterval(estimateDelayMs);
    connect(&m_estimateTimer, &QTimer::timeout, this, &RunForm::askEstimate);
    connect(m_presets->selectionModel(), &QItemSelectionModel::currentChanged, this, &RunForm::showPreset);
    connect(&session.presets(), &QAbstractItemModel::modelReset, this, [this] {
        if (m_preset.isEmpty() && m_cloneOf == 0) choosePreset({});
    });
    connect(m_json, &QPlainTextEdit::textChanged, this, &RunForm::editJson);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_start, &QPushButton::clicked, this, &RunForm::start);
    connect(&session.client(), &EngineClient::stateChanged, this, &RunForm::updateStart);
    choosePreset({});
    updateStart();
}

void RunForm::choosePreset(const QString& name)
{
    const PresetsModel& presets = m_session.presets();
    for (int row = 0; row < presets.rowCount(); ++row) {
        const QModelIndex index = presets.index(row);
        const QString own = index.data(PresetsModel::NameRole).toString();
        if (own != name && !(name.isEmpty() && own == QLatin1String("sample-2x2"))) continue;
        m_presets->setCurrentIndex(index);
        return;
    }
    if (name.isEmpty() && presets.rowCount() > 0) m_presets->setCurrentIndex(presets.index(0));
}

void RunForm::showPreset(const QModelIndex& index)
{
    if (!index.isValid()) return;
    m_cloneOf = 0;
    m_preset = index.data(PresetsModel::NameRole).toString();
    m_description->setText(index.data(PresetsModel::DescriptionRole).toString());
    m_name->setPlaceholderText(m_preset);
    m_base = QJsonDocument::fromJson(index.data(PresetsModel::SpecRole).toString().toUtf8()).object();
    m_baseKnown = false;
    setWindowTitle(tr("New Run"));
    setSpec(m_base);
}

void RunForm::cloneOf(const RunRow& run)
{
    m_presets->clearSelection();
    m_presets->selectionModel()->clearCurrentIndex();
    m_preset = run.preset;
    m_cloneOf = run.id;
    m_base = QJsonDocument::fromJson(run.specJson.toUtf8()).object();
    m_baseKnown = true;
    m_name->setText(tr("%1 copy").arg(run.name));
    m_description->setText(tr("A new run with the settings of %1.").arg(run.name));
    setWindowTitle(tr("Clone %1").arg(run.name));
    setSpec(m_base);
}

void RunForm::setSpec(const QJsonObject& spec)
{
    m_spec = spec;
    m_filling = true;
    m_json->setPlainText(QString::fromUtf8(QJsonDocument(m_spec).toJson()));
    m_filling = false;
    m_jsonBroken = false;
    fillEditors();
    changed();
}

void RunForm::edit(const QString& key, const QJsonValue& value)
{
    if (m_filling) return;
    m_spec = withSpecValue(m_spec, key, value);
    m_filling = true;
    m_json->setPlainText(QString::fromUtf8(QJsonDocument(m_spec).toJson()));
    m_filling = false;
    m_jsonBroken = false;
    changed();
}

void RunForm::editLevels(const QString& text)
{
    const QString key = QStringLiteral("topology.levels");
    const QJsonObject next = withLevels(m_spec, text);
    if (!next.isEmpty()) {
        edit(key, specValue(next, key));
        return;
    }
    ++m_generation;  // an estimate on its way is for other settings
    m_estimateTimer.stop();
    m_estimated = false;
    showProblem(tr("topology.levels: write the modules of each level, as in 2 x 2; there cannot be more levels than blocks"));
    updateStart();
}

void RunForm::editJson()
{
    if (m_filling) return;
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(m_json->toPlainText().toUtf8(), &error);
    m_jsonBroken = !document.isObject();
    if (m_jsonBroken) {
        ++m_generation;
        m_estimateTimer.stop();
        m_estimated = false;
        const QByteArray head = m_json->toPlainText().toUtf8().left(error.offset);
        showProblem(tr("Line %1: %2").arg(head.count('\n') + 1).arg(error.errorString()));
        updateStart();
        return;
    }
    m_spec = document.object();
    fillEditors();
    changed();
}

void RunForm::changed()
{
    ++m_generation;
    m_estimated = false;
    m_estimate->setBusy(true);
    m_estimateTimer.start();
    updateStart();
}

void RunForm::askEstimate()
{
    if (m_spec.isEmpty() || !m_session.client().isConnected()) return;
    const quint64 generation = m_generation;
    const QString json = QString::fromUtf8(QJsonDocument(m_spec).toJson(QJsonDocument::Compact));
    m_session.client().estimateRun(this, json, {}, [this, generation](Result<EstimateFacts> facts) {
        if (generation != m_generation) return;
        clearProblems();
        if (!facts) {
            showProblem(QString::fromStdString(facts.error().message));
            Q_EMIT estimateChanged();
            return;
        }
        const QJsonObject normal = QJsonDocument::fromJson(facts->specJson.toUtf8()).object();
        if (!m_baseKnown && m_spec == m_base && !normal.isEmpty()) {
            m_base = normal;
            m_baseKnown = true;
            m_spec = normal;
            m_filling = true;
            m_json->setPlainText(QString::fromUtf8(QJsonDocument(m_spec).toJson()));
            m_filling = false;
            fillEditors();
        }
        m_estimate->showEstimate(*facts);
        m_estimated = true;
        updateStart();
        Q_EMIT estimateChanged();
    });
}

void RunForm::showProblem(const QString& message)
{
    clearProblems();
    QPalette palette = m_problem->palette();
    palette.setColor(QPalette::WindowText, m_theme.theme().tokens().fail);
    const QString key = fieldOfMessage(message);
    QLabel* label = m_errors.value(key, m_problem);
    label->setPalette(palette);
    label->setText(message);
    label->show();
    m_estimate->setBusy(true);
    Q_EMIT refused(message);
}

void RunForm::clearProblems()
{
    m_problem->hide();
    for (QLabel* label : std::as_const(m_errors)) label->hide();
}

void RunForm::updateStart()
{
    m_start->setEnabled(m_session.client().isConnected() && m_estimated && !m_starting && !m_jsonBroken);
}

void RunForm::start()
{
    if (!m_start->isEnabled()) return;
    m_starting = true;
    updateStart();
    const auto answer = [this](Result<RunRow> run) {
        m_starting = false;
        updateStart();
        if (!run) {
            showProblem(QString::fromStdString(run.error().message));
            return;
        }
        m_session.refreshRuns();
        Q_EMIT started(run->id);
        accept();
    };
    const SpecDifference difference = specDifference(m_base, m_spec);
    if (m_cloneOf != 0 && difference.complete) {
        m_session.client().cloneRun(this, m_cloneOf, difference.set, m_name->text().trimmed(), answer);
        return;
    }
    StartOrder order;
    order.name = m_name->text().trimmed();
    if (m_cloneOf == 0 && difference.complete) {
        order.preset = m_preset;
        order.set = difference.set;
    } else {
        order.specJson = QString::fromUtf8(QJsonDocument(m_spec).toJson(QJsonDocument::Compact));
    }
    m_session.client().startRun(this, order, answer);
}

}  // namespace pathloom
