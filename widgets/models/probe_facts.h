// SPDX-License-Identifier: GPL-3.0-or-later
// What pathloom-probe says about documents, as plain values; and the models of the probe pane over them.
#pragma once

#include "widgets/models/rows_model.h"

#include <QJsonObject>
#include <QString>

namespace pathloom {

struct ProbeDocument {
    QString name;  ///< the file that was given
    QString file;  ///< the text as it is shown and counted; empty until known
    qint64 bytes = 0;
    qint64 tokens = 0;  ///< 0 = not encoded yet
    double progress = 0;  ///< of the encoding, 0..1
    QString problem;  ///< why it was left out
    bool reading = false;  ///< a film is looked through: the progress is of that
    int pictures = 0;  ///< of a film that is asked by what it shows, too: one a second
    bool operator==(const ProbeDocument&) const = default;
};

/// Mass an answer drew from some bytes of a document, or from one picture of a film; all marks of an answer add up to 1 at most.
struct EvidenceMark {
    QString document;
    qint64 byte = 0;
    qint64 end = 0;
    double mass = 0;
    QString text;  ///< of passages: what stands there
    QString place;  ///< of passages: "page 12", "Chapter 2", "byte 77"
    double seconds = -1;  ///< of a film's picture, which stands at no byte; below 0 for text
    bool operator==(const EvidenceMark&) const = default;
};

struct ProbeAnswer {
    QString text;
    double found = 0;  ///< 1 - mass of "nothing found"
    double secondsFirst = 0;
    double seconds = 0;
    qint64 memoryTokens = 0;
    bool byPicture = false;  ///< read from a film's picture, not from text
    QVector<EvidenceMark> marks;
    QVector<EvidenceMark> passages;
};

struct RecallCell {
    QString contestant;  ///< who answered: "reader", another reader, a baseline
    qint64 length = 0;
    int depthIndex = 0;
    double depth = 0;  ///< percent
    qint64 position = 0;
    QString needle, value, question, prefix, answer;
    bool found = false;
    bool repeated = false;
    bool noNeedle = false;
    bool cold = false;  ///< its whole context was encoded from nothing
    int distractors = 0;
    QString seed;  ///< 64 bits do not fit a JSON number's reader everywhere
    double seconds = 0;
    QString error;  ///< why it did not run
};

ProbeAnswer toAnswer(const QJsonObject& event);
RecallCell toRecallCell(const QJsonObject& event);

class ProbeDocumentsModel final : public RowsModel<ProbeDocument> {
public:
    enum Column { Name, Tokens };
    explicit ProbeDocumentsModel(QObject* parent = nullptr);
};

class PassagesModel final : public RowsModel<EvidenceMark> {
public:
    enum Column { Share, Place, Text };
    explicit PassagesModel(QObject* parent = nullptr);
};

}  // namespace pathloom
