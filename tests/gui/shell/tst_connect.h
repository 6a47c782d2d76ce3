// SPDX-License-Identifier: GPL-3.0-or-later
// Connecting to an engine elsewhere: the dialog, its certificates, and what it says when something does not fit.
#pragma once

#include "app/main_window.h"
#include "tests/gui/shell/fake_engine.h"
#include "tests/rpc/certificates.h"
#include "widgets/theme/theme.h"

#include <QObject>
#include <QTemporaryDir>

#include <memory>

class QDialog;

namespace pathloom {

class TestConnect final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void anEngineIsReachedWithCertificates();
    void wrongValuesAreToldInTheDialog_data();
    void wrongValuesAreToldInTheDialog();
    void aCallIsLetGoOnTheGuiThread();

private:
    [[nodiscard]] QString file(const QString& name, const QByteArray& bytes) const;
    [[nodiscard]] QString port() const;
    QDialog* openDialog();
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<test::Authority> m_ours;
    std::unique_ptr<test::Authority> m_strangers;
    TlsFiles m_client;
    TlsFiles m_foreign;
    TlsFiles m_expired;
    std::unique_ptr<FakeEngine> m_engine;
    std::unique_ptr<ThemeController> m_theme;
    std::unique_ptr<MainWindow> m_window;
};

}  // namespace pathloom
