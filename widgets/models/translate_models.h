// SPDX-License-Identifier: GPL-3.0-or-later
// The tables of the translation pane.
#pragma once

#include "widgets/models/rows_model.h"
#include "widgets/models/translate_facts.h"

#include <functional>

namespace pathloom {

/// What a person calls a translator.
using TranslatorTitle = std::function<QString(const QString& model)>;

class PartsModel final : public RowsModel<PartFacts> {
public:
    enum Column { Order, Target, Source, Origin };
    explicit PartsModel(QObject* parent = nullptr);
};

class ScoresModel final : public RowsModel<ScoreFacts> {
public:
    enum Column { Name, Context, Examples, Chrf, Chrfpp, Bleu };
    explicit ScoresModel(TranslatorTitle title, QObject* parent = nullptr);
};

class ShotsModel final : public RowsModel<ShotPoint> {
public:
    enum Column { Name, From, Examples, Seeds, Mean, Low, High };
    explicit ShotsModel(TranslatorTitle title, QObject* parent = nullptr);
};

}  // namespace pathloom
