// SPDX-License-Identifier: GPL-3.0-or-later
// Connect to an engine that runs already, here or elsewhere.
#pragma once

#include <QDialog>

class QLineEdit;
class QPushButton;

namespace pathloom {

class ConnectDialog final : public QDialog {
    Q_OBJECT
public:
    explicit ConnectDialog(QWidget* parent = nullptr);
    [[nodiscard]] QString address() const;
    [[nodiscard]] QString token() const;

Q_SIGNALS:
    void connectRequested(const QString& address, const QString& token);

private:
    void readTokenFile();
    QLineEdit* m_address;
    QLineEdit* m_token;
    QPushButton* m_connect;
};

}  // namespace pathloom
