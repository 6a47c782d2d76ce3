// SPDX-License-Identifier: GPL-3.0-or-later
// GradientTab and TextTab.
#include "widgets/views/router/router_tabs.h"

#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/heat_map.h"
#include "widgets/views/common/share_bars.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSlider>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

constexpr int typingPauseMs = 250;

QLabel* note(const QString& objectName)
{
    auto* label = new QLabel;
    label->setObjectName(objectName);
    label->setFont(Theme::labelFont());
    label->setWordWrap(true);
    label->setContentsMargins(12, 4, 12, 4);
    return label;
}

}  // namespace

HeatData cosineData(const RunHistory& run, const ModuleState& module, const CosineStep& step)
{
    HeatData data;
    data.title = GradientTab::tr("Pseudo-gradient cosines of %1, %2, version %3").arg(module.name, run.name).arg(step.version);
    data.rowTitle = GradientTab::tr("Path");
    data.columnTitle = GradientTab::tr("Path");
    data.low = -1;
    data.high = 1;
    data.diverging = true;
    for (const int path : module.paths) data.rows.append(QString::number(path));
    data.columns = data.rows;
    for (const int a : module.paths) {
        for (const int b : module.paths) {
            HeatCell cell;
            cell.value = step.between(a, b);
            cell.kind = std::isnan(cell.value) ? HeatCell::Kind::Missing : HeatCell::Kind::Value;
            if (cell.kind == HeatCell::Kind::Missing) {
                cell.value = 0;
                cell.tip = GradientTab::tr("path %1 or path %2 did not train in this phase").arg(a).arg(b);
            } else {
                cell.text = QString::number(cell.value, 'f', 2);
                cell.tip = GradientTab::tr("paths %1 and %2: cosine %3").arg(a).arg(b).arg(cell.value, 0, 'f', 3);
            }
            data.cells.append(cell);
        }
    }
    return data;
}

HeatData confusionData(const RunHistory& run, const RoutingFacts& facts)
{
    HeatData data;
    data.title = GradientTab::tr("Sequences of %1 by path and domain").arg(run.name);
    data.rowTitle = GradientTab::tr("Path");
    data.columnTitle = GradientTab::tr("Share of each domain's sequences");
    data.columns = facts.domains;
    data.high = 0;
    data.barTitle = GradientTab::tr("Shard, training sequences");
    QVector<qint64> ofDomain(facts.domains.size(), 0);
    for (const auto& row : facts.counts)
        for (int domain = 0; domain < row.size() && domain < ofDomain.size(); ++domain) ofDomain[domain] += row[domain];
    qint64 largest = 1;
    for (const PathState& path : run.paths) largest = std::max(largest, path.sequences);
    for (int i = 0; i < facts.paths.size(); ++i) {
        const int path = facts.paths[i];
        data.rows.append(QString::number(path));
        qint64 all = 0;
        for (const qint64 count : facts.counts[i]) all += count;
        for (int domain = 0; domain < facts.domains.size(); ++domain) {
            const qint64 count = facts.counts[i].value(domain);
            HeatCell cell;
            cell.kind = HeatCell::Kind::Value;
            cell.value = ofDomain[domain] > 0 ? double(count) / double(ofDomain[domain]) : 0;
            data.high = std::max(data.high, cell.value);  // the strongest cell ends the scale: most shares are far from 1
            cell.text = QStringLiteral("%1%").arg(qRound(cell.value * 100));
            cell.tip = GradientTab::tr("path %1, %2: %3 sequences, %4 of the domain, %5 of the path")
                           .arg(path)
                           .arg(facts.domains[domain])
                           .arg(count)
                           .arg(percentText(cell.value), percentText(all > 0 ? double(count) / double(all) : 0));
            data.cells.append(cell);
        }
        qint64 shard = 0;
        for (const PathState& state : run.paths)
            if (state.path == path) shard = state.sequences;
        data.bars.append(countText(double(shard)));
        data.shares.append(double(shard) / double(largest));
    }
    return data;
}

GradientTab::GradientTab(ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_modules(new QComboBox)
    , m_step(new QSlider(Qt::Horizontal))
    , m_stepText(new QLabel)
    , m_note(note(QStringLiteral("router.gradients.note")))
    , m_matrix(new HeatMap(QStringLiteral("router.gradients"), tr("Pseudo-gradient cosines of the paths"), theme))
{
    m_modules->setObjectName(QStringLiteral("router.gradients.module"));
    m_modules->setAccessibleName(tr("Module"));
    m_modules->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_modules->setToolTip(tr("Module whose contributions are compared"));
    m_step->setObjectName(QStringLiteral("router.gradients.step"));
    m_step->setAccessibleName(tr("Outer step"));
    m_step->setToolTip(tr("Outer step: drag to see how agreement changed"));
    m_stepText->setFont(Theme::labelFont());
    m_stepText->setMinimumWidth(90);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(12, 4, 12, 0);
    row->setSpacing(12);
    row->addWidget(m_modules);
    row->addWidget(m_step, 1);
    row->addWidget(m_stepText);
    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("router.gradients.scroll"));
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(m_matrix);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 4, 0, 0);
    column->setSpacing(0);
    column->addLayout(row);
    column->addWidget(m_note);
    column->addWidget(scroll, 1);
    connect(m_modules, &QComboBox::currentIndexChanged, this, [this] {
        m_follow = true;
        showStep();
    });
    connect(m_step, &QSlider::valueChanged, this, [this](int value) {
        m_follow = value == m_step->maximum();
        showStep();
    });
}

void GradientTab::setHistory(const RunHistory* run)
{
    m_run = run;
    QStringList names;
    if (run)
        for (const ModuleState& module : run->modules)
            if (!module.cosines.empty()) names.append(module.name);
    const qint64 id = run ? run->id : 0;
    if (id != m_shown || names.size() != m_modules->count()) {
        const QSignalBlocker quiet(m_modules);
        const QString chosen = id == m_shown ? m_modules->currentText() : QString();
        m_modules->clear();
        m_modules->addItems(names);
        if (names.contains(chosen)) m_modules->setCurrentText(chosen);
        m_follow = true;
    }
    m_shown = id;
    showStep();
}

const ModuleState* GradientTab::module() const
{
    if (!m_run) return nullptr;
    for (const ModuleState& module : m_run->modules)
        if (!module.cosines.empty() && module.name == m_modules->currentText()) return &module;
    return nullptr;
}

void GradientTab::showStep()
{
    const ModuleState* shown = module();
    m_modules->setEnabled(shown != nullptr);
    m_step->setEnabled(shown != nullptr && shown->cosines.size() > 1);
    m_matrix->setVisible(shown != nullptr);
    if (!shown) {
        m_stepText->clear();
        m_note->setText(tr("No module has taken an outer step with two or more paths yet."));
        return;
    }
    {
        const QSignalBlocker quiet(m_step);
        m_step->setRange(0, int(shown->cosines.size()) - 1);
        if (m_follow) m_step->setValue(m_step->maximum());
    }
    const CosineStep& step = shown->cosines[std::size_t(m_step->value())];
    m_stepText->setText(tr("outer step %1").arg(step.version));
    double sum = 0;
    for (const float cosine : step.cosines) sum += double(cosine);
    m_note->setText(
        tr("Cosine of the pseudo-gradients of every two paths through %1, mean %2. Orange: they agree; blue: they pull "
           "apart.")
            .arg(shown->name)
            .arg(step.cosines.isEmpty() ? 1.0 : sum / double(step.cosines.size()), 0, 'f', 2));
    m_matrix->setData(cosineData(*m_run, *shown, step));
}

TextTab::TextTab(Session& session, ThemeController& theme, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_text(new QPlainTextEdit)
    , m_note(note(QStringLiteral("router.text.note")))
    , m_bars(new ShareBars(QStringLiteral("router.text.shares"), tr("Probability of each path"), theme))
{
    m_text->setObjectName(QStringLiteral("router.text"));
    m_text->setAccessibleName(tr("Text to route"));
    m_text->setPlaceholderText(tr("Type or paste a text to see which path it would go to"));
    m_text->setTabChangesFocus(true);
    m_text->setMaximumHeight(120);
    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("router.text.scroll"));
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setFocusPolicy(Qt::NoFocus);
    auto* host = new QWidget;
    auto* hostColumn = new QVBoxLayout(host);
    hostColumn->setContentsMargins(0, 0, 0, 0);
    hostColumn->addWidget(m_bars);
    hostColumn->addStretch(1);
    scroll->setWidget(host);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 8, 0, 0);
    column->setSpacing(4);
    auto* box = new QHBoxLayout;
    box->setContentsMargins(12, 0, 12, 0);
    box->addWidget(m_text);
    column->addLayout(box);
    column->addWidget(m_note);
    column->addWidget(scroll, 1);
    m_delay.setSingleShot(true);
    m_delay.setInterval(typingPauseMs);
    connect(&m_delay, &QTimer::timeout, this, &TextTab::ask);
    connect(m_text, &QPlainTextEdit::textChanged, this, [this] { m_delay.start(); });
}

void TextTab::setRun(qint64 run)
{
    if (run == m_run) return;
    m_run = run;
    ask();
}

void TextTab::ask()
{
    const quint64 generation = ++m_generation;
    const QString text = m_text->toPlainText();
    if (m_run == 0 || text.trimmed().isEmpty()) {
        m_note->setText(tr("Only the routing prefix is looked at, as for a document of the corpus."));
        m_bars->setBars({});
        m_text->setExtraSelections({});
        Q_EMIT routed(-1);
        return;
    }
    m_session.client().routeText(this, m_run, text, [this, generation](const Result<RouteFacts>& facts) {
        if (generation == m_generation) show(facts);  // an older answer is no answer any more
    });
}

void TextTab::show(const Result<RouteFacts>& facts)
{
    if (!facts) {
        m_note->setText(QString::fromStdString(facts.error().message));
        m_bars->setBars({});
        return;
    }
    QVector<ShareBar> bars;
    for (const RouteShare& share : facts->shares)
        bars.append({tr("path %1").arg(share.path), share.probability, percentText(share.probability), share.path});
    m_bars->setBars(bars);
    if (facts->shares.isEmpty()) {
        m_note->setText(tr("The %1 router does not look at the text.").arg(facts->router));
    } else {
        m_note->setText(facts->tokens < facts->prefix
                ? tr("%1 of %2 prefix tokens typed; the answer may change.").arg(facts->tokens).arg(facts->prefix)
                : tr("The underlined %1 tokens decide; what follows does not matter.").arg(facts->tokens));
    }
    QTextEdit::ExtraSelection read;
    read.cursor = QTextCursor(m_text->document());
    read.cursor.setPosition(
        std::min<int>(int(facts->read.size()), m_text->document()->characterCount() - 1), QTextCursor::KeepAnchor);
    read.format.setUnderlineStyle(QTextCharFormat::SingleUnderline);
    read.format.setUnderlineColor(palette().color(QPalette::Highlight));
    m_text->setExtraSelections({read});
    Q_EMIT routed(facts->shares.isEmpty() ? -1 : facts->shares.first().path);
}

}  // namespace pathloom
