// SPDX-License-Identifier: GPL-3.0-or-later
// The small controls that pages of measurements are made of, named and styled alike.
#pragma once

#include <QString>

class QComboBox;
class QHBoxLayout;
class QLabel;
class QProgressBar;
class QWidget;

namespace pathloom {

/// `widget` behind its label, of which it is the buddy.
void addLabelled(QHBoxLayout* row, const QString& text, QWidget* widget, int stretch = 0);
QProgressBar* thinProgress(const QString& accessible);
/// An entry `id` of a list to choose one from. One that cannot be chosen says why, in the list and as its tip.
void addChoice(QComboBox* box, const QString& id, const QString& title, const QString& tip, const QString& problem);
/// A line in small print that wraps.
QLabel* noteLabel(const QString& name);

}  // namespace pathloom
