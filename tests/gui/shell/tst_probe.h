// SPDX-License-Identifier: GPL-3.0-or-later
// The probe pane with the real reader in its own process: contestants side by side, curves, and what a project keeps.
#pragma once

#include "widgets/theme/theme.h"
#include "widgets/views/probe/probe_pane.h"

#include <QObject>
#include <QTemporaryDir>

#include <memory>

namespace pathloom {

class TestProbe final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void aRefusedQuestionLeavesOnlyItsReason();
    void contestantsStandSideBySide();
    void lossIsDrawnWithItsLawAndKept();
    void theProjectsResultsComeBack();
    void anEndpointWithoutAKeyringSaysSo();
    void groupsOfAHeatMapAreOnePicture();

private:
    QString writeFile(const QString& name, const QByteArray& bytes) const;
    void openProse(int words);
    void exportAll(const QString& name);
    void picture(const QString& name);

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<ThemeController> m_theme;
    std::unique_ptr<ProbePane> m_pane;
};

}  // namespace pathloom
