// SPDX-License-Identifier: GPL-3.0-or-later
// TranslatePane.
#include "widgets/views/translate/translate_pane.h"

#include "widgets/models/formats.h"
#include "widgets/theme/icons.h"
#include "widgets/theme/painting.h"
#include "widgets/views/common/exports.h"
#include "widgets/views/common/messages.h"
#include "widgets/views/translate/curve_page.h"
#include "widgets/views/translate/endpoint_choice.h"
#include "widgets/views/translate/evaluate_page.h"
#include "widgets/views/translate/pack_dialog.h"
#include "widgets/views/translate/translate_page.h"

#include <QAction>
#include <QComboBox>
#include <QDir>
#include <QJsonArray>
#include <QLocale>
#include <QSignalBlocker>
#include <QTabBar>
#include <QTabWidget>

namespace pathloom {

TranslatePane::TranslatePane(ThemeController& theme, QWidget* parent)
    : PaneFrame(tr("Translate"), theme, parent)
    , m_theme(theme)
    , m_session(QStringLiteral("pathloom-probe"), {QStringLiteral("translate-session")})
    , m_scoring(QStringLiteral("pathloom-probe"), {QStringLiteral("translate-session")})
    , m_packs(new QComboBox)
    , m_direction(new QComboBox)
    , m_tabs(new QTabWidget)
    , m_page(new TranslatePage(m_session, m_choices, theme))
    , m_evaluation(new EvaluatePage(m_scoring, m_choices, theme))
    , m_curve(new CurvePage(m_scoring, m_choices, theme))
    , m_cancelAction(new QAction(icon(u"stop"), tr("Cancel"), this))
{
    setObjectName(QStringLiteral("translate"));
    m_packs->setObjectName(QStringLiteral("translate.pack"));
    m_packs->setAccessibleName(tr("Language pack"));
    m_packs->setToolTip(tr("Language pack"));
    m_packs->setMinimumWidth(120);
    m_direction->setObjectName(QStringLiteral("translate.direction"));
    m_direction->setAccessibleName(tr("Direction"));
    m_direction->setToolTip(tr("From which language into which"));
    m_direction->setMinimumWidth(110);
    for (QComboBox* box : {m_packs, m_direction}) box->setFixedHeight(24);
    addToolWidget(m_packs);
    addToolWidget(m_direction);
    auto* open = new QAction(icon(u"open"), tr("Open Pack\u2026"), this);
    open->setObjectName(QStringLiteral("translate.open"));
    open->setToolTip(tr("Open Pack\u2026: a folder with sentences.train.tsv and, if there is one, a dictionary and a grammar"));
    addToolAction(open);
    auto* make = new QAction(icon(u"add"), tr("New Pack\u2026"), this);
    make->setObjectName(QStringLiteral("translate.new"));
    make->setToolTip(tr("New Pack\u2026: out of your own sentences, dictionary and grammar"));
    addToolAction(make);
    connect(make, &QAction::triggered, this, &TranslatePane::newPack);
    m_cancelAction->setObjectName(QStringLiteral("translate.cancel"));
    addToolAction(m_cancelAction);
    m_tabs->setObjectName(QStringLiteral("translate.tabs"));
    m_tabs->setAccessibleName(tr("Parts of the translation lab"));
    m_tabs->tabBar()->setAccessibleName(tr("Parts of the translation lab"));
    m_tabs->setDocumentMode(true);
    m_tabs->addTab(m_page, tr("Translate"));
    m_tabs->addTab(m_evaluation, tr("Evaluate"));
    m_tabs->addTab(m_curve, tr("Many-Shot Curve"));
    setContent(m_tabs);
    auto* endpoint = new QAction(icon(u"settings"), tr("Endpoint\u2026"), this);
    endpoint->setObjectName(QStringLiteral("translate.endpoint"));
    connect(endpoint, &QAction::triggered, this, [this] { askForEndpoint(m_choices, m_theme, this); });
    addOverflowAction(endpoint);
    addExports(*this, [this] { return shownExport(); });
    connect(open, &QAction::triggered, this, &TranslatePane::choosePack);
    connect(m_cancelAction, &QAction::triggered, &m_scoring, &HelperSession::cancel);
    connect(this, &PaneFrame::emptyActionTriggered, this, &TranslatePane::choosePack);
    connect(this, &PaneFrame::retryRequested, this, [this] {
        if (m_wanted.isEmpty())
            listPacks();
        else
            openPack(m_wanted);
    });
    connect(m_packs, &QComboBox::activated, this, [this](int index) { openPack(m_packs->itemData(index).toString()); });
    connect(m_direction, &QComboBox::currentIndexChanged, this, &TranslatePane::showPack);
    connect(m_evaluation, &EvaluatePage::busyChanged, this, &TranslatePane::updateStatus);
    connect(m_curve, &CurvePage::busyChanged, this, &TranslatePane::updateStatus);
    connect(&m_session, &HelperSession::died, this, [this](const QString& why, const QString& details) {
        showError(tr("The translator stopped"), why, tr("Try again; the pack is read anew."), details);
    });
    showEmpty(tr("No language pack is open."), tr("Open Pack\u2026"));
    updateStatus();
}

void TranslatePane::showEvent(QShowEvent* event)
{
    PaneFrame::showEvent(event);
    if (!std::exchange(m_listed, true)) listPacks();  // nothing is started for a pane that nobody looks at
}

void TranslatePane::listPacks()
{
    showLoading(tr("Looking for language packs"));
    m_session.request({{QStringLiteral("do"), QStringLiteral("translators")}}, [this](const QJsonObject& event) {
        if (event.value(QLatin1String("event")) == QLatin1String("done")) m_choices.setKnown(event);
    });
    m_session.request({{QStringLiteral("do"), QStringLiteral("packs")}}, [this](const QJsonObject& event) {
        if (event.value(QLatin1String("event")) == QLatin1String("error"))
            return showError(
                tr("No language packs"), event.value(QLatin1String("message")).toString(), tr("Open a folder that is a pack."));
        for (const auto& folder : event.value(QLatin1String("packs")).toArray())
            m_packs->addItem(QDir(folder.toString()).dirName(), folder.toString());
        if (m_packs->count() == 0) return showEmpty(tr("No language pack is open."), tr("Open Pack\u2026"));
        if (m_pack.folder.isEmpty() && m_wanted.isEmpty()) openPack(m_packs->itemData(0).toString());
    });
}

void TranslatePane::choosePack()
{
    const QString folder = Messages::chooseFolder(this, tr("Open Language Pack"), QDir::homePath());
    if (!folder.isEmpty()) openPack(folder);
}

void TranslatePane::newPack()
{
    auto* dialog = new PackDialog(m_theme, window());
    connect(dialog, &PackDialog::made, this, &TranslatePane::openPack);
    dialog->open();
}

void TranslatePane::openPack(const QString& folder)
{
    m_wanted = folder;
    m_page->setPack({}, {});  // nothing is asked of a pack that is being read
    showLoading(tr("Reading the pack %1").arg(QDir(folder).dirName()));
    m_session.request({{QStringLiteral("do"), QStringLiteral("pack")}, {QStringLiteral("folder"), folder}},
        [this, folder](const QJsonObject& event) {
            if (folder == m_wanted) hearPack(folder, event);
        });
}

void TranslatePane::hearPack(const QString& folder, const QJsonObject& event)
{
    if (event.value(QLatin1String("event")) == QLatin1String("error"))
        return showError(tr("The pack %1 cannot be read").arg(QDir(folder).dirName()),
            event.value(QLatin1String("message")).toString(), tr("Mend it, or open another one."));
    m_pack = toPack(event);
    if (m_packs->findData(folder) < 0) m_packs->addItem(m_pack.name, folder);
    m_packs->setCurrentIndex(m_packs->findData(folder));
    {
        const QSignalBlocker quiet(m_direction);
        m_direction->clear();
        for (int from = 0; from < m_pack.languages.size(); ++from)
            m_direction->addItem(QStringLiteral("%1 \u2192 %2").arg(m_pack.languages[from], m_pack.languages.value(1 - from)),
                m_pack.languages[from]);
    }
    showContent();
    showPack();
}

void TranslatePane::showPack()
{
    const QString from = m_direction->currentData().toString();
    m_page->setPack(m_pack, from);
    m_evaluation->setPack(m_pack, from);
    m_curve->setPack(m_pack);
    updateStatus();
}

void TranslatePane::updateStatus()
{
    m_cancelAction->setEnabled(isBusy());
    if (m_pack.folder.isEmpty()) return;
    const QLocale numbers;
    setStatus(
        tr("%1: %2 sentence pairs to learn from, %3 dictionary lines%4")
            .arg(m_pack.name, numbers.toString(m_pack.splits.value(QStringLiteral("train"))), numbers.toString(m_pack.dictionary),
                m_pack.grammarBytes > 0 ? tr(", a grammar of %1").arg(bytesText(double(m_pack.grammarBytes)))
                                        : tr(", no grammar")));
}

bool TranslatePane::isBusy() const
{
    return m_evaluation->isRunning() || m_curve->isRunning();
}

ExportTarget TranslatePane::shownExport() const
{
    if (m_tabs->currentWidget() == m_page) return m_page->exports();
    return m_tabs->currentWidget() == m_curve ? m_curve->exports() : m_evaluation->exports();
}

}  // namespace pathloom
