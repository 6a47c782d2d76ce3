// SPDX-License-Identifier: GPL-3.0-or-later
// ImportDialog.
#include "widgets/views/corpora/import_dialog.h"

#include "widgets/models/formats.h"
#include "widgets/theme/icons.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/film_reading_dialog.h"
#include "widgets/views/common/messages.h"

#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QShortcut>
#include <QSpinBox>
#include <QStackedWidget>
#include <QUrl>
#include <QVBoxLayout>

namespace pathloom {
namespace {

constexpr qint64 showTimeLeftAfterMs = 3000;

QString stageTitle(const QString& stage)
{
    if (stage == QLatin1String("read")) return ImportDialog::tr("Reading files");
    if (stage == QLatin1String("film")) return ImportDialog::tr("Looking through a film (seconds of it)");
    if (stage == QLatin1String("dedup")) return ImportDialog::tr("Looking for duplicates");
    if (stage == QLatin1String("tokenizer")) return ImportDialog::tr("Training the tokenizer");
    if (stage == QLatin1String("encode")) return ImportDialog::tr("Encoding documents");
    if (stage == QLatin1String("store")) return ImportDialog::tr("Storing");
    return stage.isEmpty() ? ImportDialog::tr("Starting") : stage;
}

}  // namespace

QStringList droppedPaths(const QMimeData* data)
{
    QStringList paths;
    const QList<QUrl> urls = data->urls();
    for (const QUrl& url : urls)
        if (url.isLocalFile()) paths.append(url.toLocalFile());
    return paths;
}

ImportDialog::ImportDialog(Session& session, ThemeController& theme, QWidget* parent)
    : QDialog(parent)
    , m_session(session)
    , m_theme(theme)
    , m_pages(new QStackedWidget)
    , m_paths(new QListWidget)
    , m_name(new QLineEdit)
    , m_domain(new QLineEdit)
    , m_vocabulary(new QSpinBox)
    , m_tokenizer(new QLineEdit)
    , m_films(new QLabel)
    , m_problem(new QLabel)
    , m_stage(new QLabel)
    , m_left(new QLabel)
    , m_bar(new QProgressBar)
    , m_start(new QPushButton(tr("Import")))
    , m_cancel(new QPushButton(tr("Cancel")))
{
    setObjectName(QStringLiteral("import"));
    setWindowTitle(tr("Import Corpus"));
    setAcceptDrops(true);
    setAttribute(Qt::WA_DeleteOnClose);
    resize(640, 460);
    m_pages->addWidget(makeForm());
    m_pages->addWidget(makeProgress());
    m_start->setObjectName(QStringLiteral("import.start"));
    m_start->setDefault(true);
    m_cancel->setObjectName(QStringLiteral("import.cancel"));
    auto* buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(m_cancel);
    buttons->addWidget(m_start);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 12);
    column->setSpacing(12);
    column->addWidget(m_pages, 1);
    column->addLayout(buttons);
    m_start->setProperty("primary", true);
    connect(m_start, &QPushButton::clicked, this, &ImportDialog::start);
    connect(m_cancel, &QPushButton::clicked, this, &ImportDialog::reject);
    connect(m_name, &QLineEdit::textChanged, this, &ImportDialog::updateButtons);
    connect(&session.client(), &EngineClient::stateChanged, this, &ImportDialog::updateButtons);
    updateButtons();
}

QWidget* ImportDialog::makeForm()
{
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    auto* hint
        = new QLabel(tr("Text, Markdown, JSON Lines, HTML, EPUB, PDF, subtitles and films, or folders of them, on the engine's "
                        "machine. Drop them here."));
    hint->setWordWrap(true);
    column->addWidget(hint);
    m_paths->setObjectName(QStringLiteral("import.paths"));
    m_paths->setAccessibleName(tr("Files and folders to import"));
    m_paths->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_paths->setTextElideMode(Qt::ElideMiddle);
    column->addWidget(m_paths, 1);
    auto* files = new QPushButton(icon(u"document"), tr("Add Files\u2026"));
    files->setObjectName(QStringLiteral("import.files"));
    auto* folder = new QPushButton(icon(u"open"), tr("Add Folder\u2026"));
    folder->setObjectName(QStringLiteral("import.folder"));
    auto* remove = new QPushButton(icon(u"close"), tr("Remove"));
    remove->setObjectName(QStringLiteral("import.remove"));
    auto* row = new QHBoxLayout;
    row->addWidget(files);
    row->addWidget(folder);
    row->addStretch(1);
    row->addWidget(remove);
    column->addLayout(row);
    connect(files, &QPushButton::clicked, this, [this] {
        addPaths(Messages::chooseFiles(this, tr("Add Files"), {},
            tr("Documents (*.txt *.md *.jsonl *.zst *.html *.htm *.epub *.pdf *.srt *.vtt *.mp4 *.mkv *.webm *.mov *.avi *.mpg "
               "*.mp3 *.wav *.flac *.ogg *.m4a);;All files (*)")));
    });
    connect(folder, &QPushButton::clicked, this, [this] {
        const QString path = Messages::chooseFolder(this, tr("Add Folder"));
        if (!path.isEmpty()) addPaths({path});
    });
    const auto removeSelected = [this] {
        qDeleteAll(m_paths->selectedItems());
        updateButtons();
    };
    connect(remove, &QPushButton::clicked, this, removeSelected);
    auto* deleteKey = new QShortcut(QKeySequence::Delete, m_paths, nullptr, nullptr, Qt::WidgetShortcut);
    connect(deleteKey, &QShortcut::activated, this, removeSelected);

    auto* form = new QFormLayout;
    form->setHorizontalSpacing(12);
    form->setVerticalSpacing(6);
    const auto add = [form](const QString& title, QWidget* field, const QString& name, const QString& tip) {
        field->setObjectName(name);
        field->setAccessibleName(title);
        field->setToolTip(tip);
        form->addRow(title, field);
    };
    add(tr("Name"), m_name, QStringLiteral("import.name"), tr("How runs refer to this corpus"));
    m_domain->setPlaceholderText(tr("from the files: their \u201cdomain\u201d field, folder or name"));
    add(tr("Domain"), m_domain, QStringLiteral("import.domain"), tr("One domain for everything imported now"));
    m_vocabulary->setRange(256, 256'000);
    m_vocabulary->setSingleStep(1024);
    m_vocabulary->setValue(8192);
    m_vocabulary->setAlignment(Qt::AlignRight);
    add(tr("Vocabulary (pieces)"), m_vocabulary, QStringLiteral("import.vocabulary"),
        tr("Size of the tokenizer trained on this corpus"));
    m_tokenizer->setPlaceholderText(tr("train one on this corpus"));
    m_tokenizer->setClearButtonEnabled(true);
    auto* browse = new QPushButton(tr("Choose\u2026"));
    browse->setObjectName(QStringLiteral("import.tokenizer.choose"));
    browse->setAccessibleName(tr("Choose a tokenizer model"));
    connect(browse, &QPushButton::clicked, this, [this] {
        const QString path = Messages::chooseFile(this, tr("Choose a Tokenizer Model"), {}, tr("SentencePiece models (*.model)"));
        if (!path.isEmpty()) m_tokenizer->setText(path);
    });
    connect(
        m_tokenizer, &QLineEdit::textChanged, this, [this](const QString& text) { m_vocabulary->setEnabled(text.isEmpty()); });
    auto* tokenizerRow = new QWidget;
    auto* inner = new QHBoxLayout(tokenizerRow);
    inner->setContentsMargins(0, 0, 0, 0);
    m_tokenizer->setObjectName(QStringLiteral("import.tokenizer"));
    m_tokenizer->setAccessibleName(tr("Tokenizer model"));
    inner->addWidget(m_tokenizer, 1);
    inner->addWidget(browse);
    form->addRow(tr("Tokenizer model"), tokenizerRow);
    form->addRow(tr("Films"), makeFilmRow());
    setFilmReading({});
    column->addLayout(form);
    m_problem->setObjectName(QStringLiteral("import.problem"));
    m_problem->setWordWrap(true);
    m_problem->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_problem->hide();
    column->addWidget(m_problem);
    return page;
}

QWidget* ImportDialog::makeFilmRow()
{
    m_films->setObjectName(QStringLiteral("import.films"));
    m_films->setAccessibleName(tr("How films are read"));
    m_films->setWordWrap(true);
    auto* change = new QPushButton(tr("Options\u2026"));
    change->setObjectName(QStringLiteral("import.films.options"));
    change->setAccessibleName(tr("How films are read: options"));
    connect(change, &QPushButton::clicked, this, [this] {
        auto* dialog = new FilmReadingDialog(m_filmReading, FilmReadingDialog::For::Import, m_theme, this);
        connect(dialog, &FilmReadingDialog::chosen, this, [this](const FilmReading& reading) {
            setFilmReading(reading);
            Q_EMIT filmReadingChosen(reading);
        });
        dialog->show();
    });
    auto* row = new QWidget;
    auto* inner = new QHBoxLayout(row);
    inner->setContentsMargins(0, 0, 0, 0);
    inner->addWidget(m_films, 1);
    inner->addWidget(change);
    return row;
}

void ImportDialog::setFilmReading(const FilmReading& reading)
{
    m_filmReading = reading;
    m_films->setText(filmReadingText(reading));
}

QWidget* ImportDialog::makeProgress()
{
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setSpacing(8);
    column->addStretch(1);
    m_stage->setObjectName(QStringLiteral("import.stage"));
    m_stage->setFont(Theme::titleFont());
    m_bar->setObjectName(QStringLiteral("import.bar"));
    m_bar->setAccessibleName(tr("Progress of the import"));
    m_bar->setTextVisible(false);
    m_left->setObjectName(QStringLiteral("import.left"));
    column->addWidget(m_stage);
    column->addWidget(m_bar);
    column->addWidget(m_left);
    column->addStretch(2);
    return page;
}

void ImportDialog::addPaths(const QStringList& paths)
{
    for (const QString& path : paths) {
        if (!m_paths->findItems(path, Qt::MatchExactly).isEmpty()) continue;
        m_paths->addItem(path);
        m_paths->item(m_paths->count() - 1)->setToolTip(path);
    }
    if (m_name->text().isEmpty() && !paths.isEmpty()) m_name->setText(QFileInfo(paths.first()).baseName());
    updateButtons();
}

void ImportDialog::updateButtons()
{
    m_start->setEnabled(
        !isImporting() && m_paths->count() > 0 && !m_name->text().trimmed().isEmpty() && m_session.client().isConnected());
    m_start->setVisible(!isImporting());
    m_cancel->setText(isImporting() ? tr("Cancel Import") : tr("Cancel"));
}

void ImportDialog::start()
{
    ImportOrder order;
    order.name = m_name->text().trimmed();
    for (int i = 0; i < m_paths->count(); ++i) order.paths.append(m_paths->item(i)->text());
    order.domain = m_domain->text().trimmed();
    order.tokenizerModel = m_tokenizer->text().trimmed();
    order.vocabulary = order.tokenizerModel.isEmpty() ? m_vocabulary->value() : 0;
    order.films = m_filmReading;
    m_problem->hide();
    m_pages->setCurrentIndex(1);
    m_import = m_session.client().importCorpus(
        this, order, [this](const EngineClient::ImportProgressFacts& facts) { showProgress(facts); },
        [this](Result<CorpusRow> corpus) { finish(corpus); });
    showProgress({});
    updateButtons();
}

void ImportDialog::showProgress(const EngineClient::ImportProgressFacts& facts)
{
    if (facts.stage != m_lastStage || !m_stageClock.isValid()) {
        m_lastStage = facts.stage;
        m_stageClock.start();
    }
    m_stage->setText(stageTitle(facts.stage));
    if (facts.total <= 0) {
        m_bar->setRange(0, 0);
        m_left->setText(facts.done > 0 ? tr("%1 so far").arg(countText(double(facts.done))) : QString());
        return;
    }
    m_bar->setRange(0, 1000);
    m_bar->setValue(int(1000.0 * double(facts.done) / double(facts.total)));
    QString text = tr("%1 of %2").arg(countText(double(facts.done)), countText(double(facts.total)));
    const qint64 spent = m_stageClock.elapsed();
    if (spent > showTimeLeftAfterMs && facts.done > 0 && facts.done < facts.total)
        text += tr(", about %1 left in this step").arg(ageText(spent * (facts.total - facts.done) / facts.done));
    m_left->setText(text);
}

void ImportDialog::finish(const Result<CorpusRow>& corpus)
{
    m_import = 0;
    m_stageClock.invalidate();
    if (corpus) {
        m_session.refreshCorpora();
        Q_EMIT imported(corpus->name);
        accept();
        return;
    }
    m_pages->setCurrentIndex(0);
    QPalette palette = m_problem->palette();
    const bool cancelled = corpus.error().code == ErrorCode::Cancelled;
    palette.setColor(QPalette::WindowText, cancelled ? m_theme.theme().tokens().muted : m_theme.theme().tokens().fail);
    m_problem->setPalette(palette);
    m_problem->setText(
        cancelled ? tr("The import was cancelled; nothing was kept.") : QString::fromStdString(corpus.error().message));
    m_problem->show();
    updateButtons();
}

void ImportDialog::reject()
{
    if (isImporting()) {
        m_session.client().cancelImport(m_import);  // finish() follows with Cancelled
        return;
    }
    QDialog::reject();
}

void ImportDialog::dragEnterEvent(QDragEnterEvent* event)
{
    if (!isImporting() && !droppedPaths(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void ImportDialog::dropEvent(QDropEvent* event)
{
    addPaths(droppedPaths(event->mimeData()));
    event->acceptProposedAction();
}

}  // namespace pathloom
