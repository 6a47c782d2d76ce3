// SPDX-License-Identifier: GPL-3.0-or-later
// FilmReadingDialog.
#include "widgets/views/common/film_reading_dialog.h"

#include "widgets/theme/theme.h"
#include "widgets/views/common/controls.h"

#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLabel>
#include <QListWidget>
#include <QLocale>
#include <QPushButton>

#include <algorithm>

namespace pathloom {
namespace {

constexpr int languageRows = 5;  // shown without scrolling

QString languageName(const QString& name)
{
    const QLocale::Language language = QLocale::codeToLanguage(name.section(QLatin1Char('_'), 0, 0), QLocale::AnyLanguageCode);
    return language == QLocale::AnyLanguage ? QString() : QLocale::languageToString(language);
}

}  // namespace

QString textLanguageTitle(const QString& name)
{
    const QString known = languageName(name);
    return known.isEmpty() ? name : QStringLiteral("%1 (%2)").arg(known, name);
}

QString filmReadingText(const FilmReading& reading)
{
    QStringList languages;
    for (const QString& name : reading.languages) {
        const QString known = languageName(name);
        languages.append(known.isEmpty() ? name : known);
    }
    const QString text = reading.pictureText
        ? FilmReadingDialog::tr("text in pictures (%1), %2 a second")
              .arg(languages.join(QStringLiteral(", ")), QLocale().toString(reading.framesPerSecond, 'g', 4))
        : FilmReadingDialog::tr("no text in pictures");
    return reading.speech ? FilmReadingDialog::tr("Subtitles, %1, speech").arg(text)
                          : FilmReadingDialog::tr("Subtitles, %1, no speech").arg(text);
}

FilmReadingDialog::FilmReadingDialog(
    const FilmReading& known, For purpose, ThemeController& theme, QWidget* parent, const QString& program)
    : FormDialog(QStringLiteral("films"), tr("How Films Are Read"), 460, theme, parent)
    , m_known(known)
    , m_rate(new QDoubleSpinBox)
    , m_text(new QCheckBox(tr("Read the text in pictures")))
    , m_languages(new QListWidget)
    , m_speech(new QCheckBox(tr("Recognise what is said (English)")))
    , m_pictures(new QCheckBox(tr("Ask what films show, too")))
    , m_speechNote(noteLabel(QStringLiteral("films.speech.note")))
{
    addHint(tr("Subtitles are always read. For films and recordings opened from now on; each choice gives a reading of its own, "
               "which is kept."));
    m_text->setChecked(known.pictureText);
    m_text->setToolTip(tr("Pictures that changed are read; an hour of film takes minutes"));
    addField(m_text, QStringLiteral("text"), tr("Pictures"));
    m_rate->setRange(0.1, 60);
    m_rate->setDecimals(1);
    m_rate->setSingleStep(0.5);
    m_rate->setValue(known.framesPerSecond);
    m_rate->setToolTip(tr("How many pictures are looked at for each second of film"));
    addField(m_rate, QStringLiteral("rate"), tr("Pictures a second"));
    m_languages->setToolTip(
        tr("Languages of the text in pictures that Tesseract has models of here; one more each makes it slower"));
    addField(m_languages, QStringLiteral("languages"), tr("Languages of the text"));
    m_speech->setChecked(known.speech);
    m_speech->setToolTip(tr("About as long as the recording itself"));
    addField(m_speech, QStringLiteral("speech"), tr("Sound"));
    m_speechNote->setForegroundRole(QPalette::PlaceholderText);
    form()->addRow(QString(), m_speechNote);
    m_pictures->setChecked(known.pictures);
    m_pictures->setToolTip(
        tr("A frame encoder writes tokens of each second's picture; questions are compared with text and pictures "
           "alike. It spells one line of English letters a picture"));
    addField(m_pictures, QStringLiteral("pictures"), tr("Picture tokens"));
    form()->setRowVisible(m_pictures, purpose == For::Probe);
    QPushButton* keep = addButtons(QStringLiteral("keep"), tr("Use Options"));
    connect(keep, &QPushButton::clicked, this, &FilmReadingDialog::keep);
    const auto follow = [this] {
        m_rate->setEnabled(m_text->isChecked());
        m_languages->setEnabled(m_text->isChecked());
    };
    connect(m_text, &QCheckBox::toggled, this, follow);
    follow();
    showLanguages({}, false);
    showSpeech({});
    if (!program.isEmpty()) m_reader.setProgram(program);
    connect(&m_reader, &MediaReader::modelsRead, this, [this](const InstalledModels& models) {
        showLanguages(models.textLanguages, true);
        showSpeech(models.speechProblem);
    });
    const auto unknown = [this](const QString& why) { showProblem(tr("What is installed here is not known: %1").arg(why)); };
    connect(&m_reader, &MediaReader::refused, this, unknown);
    connect(&m_reader, &MediaReader::unavailable, this, unknown);
    m_reader.readModels();
}

void FilmReadingDialog::showLanguages(const QStringList& installed, bool known)
{
    QStringList all = installed;
    for (const QString& name : std::as_const(m_known.languages))
        if (!all.contains(name)) all.append(name);
    m_languages->clear();
    for (const QString& name : std::as_const(all)) {
        const bool missing = known && !installed.contains(name);
        auto* item
            = new QListWidgetItem(missing ? tr("%1 \u2013 not installed").arg(textLanguageTitle(name)) : textLanguageTitle(name));
        item->setData(Qt::UserRole, name);
        item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
        item->setCheckState(m_known.languages.contains(name) ? Qt::Checked : Qt::Unchecked);
        if (missing)
            item->setToolTip(
                tr("Install %1")
                    .arg(QStringLiteral("tesseract-ocr-") + QString(name).replace(QLatin1Char('_'), QLatin1Char('-'))));
        m_languages->addItem(item);
    }
    const int row = std::max(m_languages->sizeHintForRow(0), 20);
    m_languages->setFixedHeight(row * std::clamp(int(all.size()), 2, languageRows) + 2 * m_languages->frameWidth());
    fitLater();
}

void FilmReadingDialog::showSpeech(const QString& problem)
{
    m_speech->setEnabled(problem.isEmpty());
    if (!problem.isEmpty()) m_speech->setChecked(false);
    m_speechNote->setText(problem.isEmpty() ? QString() : tr("Speech is off: %1.").arg(problem));
    m_speechNote->setVisible(!problem.isEmpty());
    fitLater();
}

void FilmReadingDialog::keep()
{
    FilmReading reading = m_known;
    reading.framesPerSecond = m_rate->value();
    reading.pictureText = m_text->isChecked();
    reading.speech = m_speech->isChecked();
    reading.pictures = m_pictures->isChecked();
    reading.languages.clear();
    for (int i = 0; i < m_languages->count(); ++i)
        if (m_languages->item(i)->checkState() == Qt::Checked)
            reading.languages.append(m_languages->item(i)->data(Qt::UserRole).toString());
    if (reading.languages.isEmpty()) {
        if (reading.pictureText) return showProblem(tr("Tick a language, or leave the text in pictures out."));
        reading.languages = m_known.languages;
    }
    Q_EMIT chosen(reading);
    accept();
}

}  // namespace pathloom
