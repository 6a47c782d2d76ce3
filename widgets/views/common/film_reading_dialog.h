// SPDX-License-Identifier: GPL-3.0-or-later
// How films are read: pictures a second, the languages of the text in them, speech. Languages are those this computer has models
// of; what cannot be had says why.
#pragma once

#include "widgets/client/film_reading.h"
#include "widgets/client/media_reader.h"
#include "widgets/views/common/form_dialog.h"

class QCheckBox;
class QDoubleSpinBox;
class QListWidget;

namespace pathloom {

/// "Text in pictures (English), 1 a second; no speech".
QString filmReadingText(const FilmReading& reading);
/// "German (deu)"; the name alone when it is no language known.
QString textLanguageTitle(const QString& name);

class FilmReadingDialog final : public FormDialog {
    Q_OBJECT
public:
    enum class For { Import, Probe };  ///< only the probe asks pictures
    /// `program`: pathloom-read, for tests; empty: the one beside the app.
    FilmReadingDialog(
        const FilmReading& known, For purpose, ThemeController& theme, QWidget* parent = nullptr, const QString& program = {});

Q_SIGNALS:
    void chosen(const pathloom::FilmReading& reading);

private:
    void showLanguages(const QStringList& installed, bool known);
    void showSpeech(const QString& problem);
    void keep();

    FilmReading m_known;
    MediaReader m_reader;
    QDoubleSpinBox* m_rate;
    QCheckBox* m_text;
    QListWidget* m_languages;
    QCheckBox* m_speech;
    QCheckBox* m_pictures;
    QLabel* m_speechNote;
};

}  // namespace pathloom
