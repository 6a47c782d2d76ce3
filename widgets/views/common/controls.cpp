// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/common/controls.h"

#include "widgets/theme/theme.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QStandardItemModel>

namespace pathloom {

void addLabelled(QHBoxLayout* row, const QString& text, QWidget* widget, int stretch)
{
    auto* label = new QLabel(text);
    label->setFont(Theme::labelFont());
    label->setBuddy(widget);
    row->addWidget(label);
    row->addWidget(widget, stretch);
}

QProgressBar* thinProgress(const QString& accessible)
{
    auto* bar = new QProgressBar;
    bar->setAccessibleName(accessible);
    bar->setTextVisible(false);
    bar->setFixedHeight(4);
    return bar;
}

void addChoice(QComboBox* box, const QString& id, const QString& title, const QString& tip, const QString& problem)
{
    box->addItem(problem.isEmpty() ? title : QStringLiteral("%1 \u2013 %2").arg(title, problem), id);
    const int last = box->count() - 1;
    box->setItemData(last, problem.isEmpty() ? tip : problem, Qt::ToolTipRole);
    if (auto* items = qobject_cast<QStandardItemModel*>(box->model())) items->item(last)->setEnabled(problem.isEmpty());
    // The list is as wide as its longest reason, whatever the box is.
    box->view()->setMinimumWidth(box->view()->sizeHintForColumn(0) + 24);
}

QLabel* noteLabel(const QString& name)
{
    auto* label = new QLabel;
    label->setObjectName(name);
    label->setFont(Theme::labelFont());
    label->setWordWrap(true);
    return label;
}

}  // namespace pathloom
