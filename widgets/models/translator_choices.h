// SPDX-License-Identifier: GPL-3.0-or-later
// Which translators there are and where the endpoint among them is: what the pages of the translation lab share.
#pragma once

#include "widgets/models/endpoint_facts.h"
#include "widgets/models/translate_facts.h"

#include <QObject>

namespace pathloom {

struct TranslatorFacts {
    QString id;  ///< ConditionFacts::model
    QString title, tip;
    QString problem;  ///< why it cannot be used here
    bool operator==(const TranslatorFacts&) const = default;
};

class TranslatorChoices final : public QObject {
    Q_OBJECT
public:
    explicit TranslatorChoices(QObject* parent = nullptr);
    /// From the answer to "translators".
    void setKnown(const QJsonObject& event);
    [[nodiscard]] const QVector<TranslatorFacts>& known() const { return m_known; }
    [[nodiscard]] QString title(const QString& id) const;
    /// "Lexical, no book, K = 4".
    [[nodiscard]] QString name(const ConditionFacts& condition) const;
    [[nodiscard]] const EndpointFacts& endpoint() const { return m_endpoint; }
    void setEndpoint(const EndpointFacts& endpoint);
    static bool isEndpoint(const QString& id) { return id == QLatin1String("endpoint"); }

Q_SIGNALS:
    void changed();

private:
    QVector<TranslatorFacts> m_known;
    EndpointFacts m_endpoint;
};

}  // namespace pathloom
