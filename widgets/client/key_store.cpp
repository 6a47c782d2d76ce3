// SPDX-License-Identifier: GPL-3.0-or-later
// KeyStore: QtKeychain's jobs.
#include "widgets/client/key_store.h"

#include "plugins/api/model_endpoint.h"

#include <qt6keychain/keychain.h>

namespace pathloom {
namespace {

QString problemOf(const QKeychain::Job& job)
{
    switch (job.error()) {
    case QKeychain::NoError:
    case QKeychain::EntryNotFound:
        return {};
    case QKeychain::AccessDeniedByUser:
    case QKeychain::AccessDenied:
        return KeyStore::tr("The keyring is locked: %1").arg(job.errorString());
    default:
        return KeyStore::tr("No keyring can be reached (%1). Set PATHLOOM_ENDPOINT_KEY before starting Pathloom instead.")
            .arg(job.errorString().trimmed());
    }
}

}  // namespace

KeyStore::KeyStore(QObject* parent)
    : QObject(parent)
{
}

void KeyStore::write(const QString& address, const QString& key, const Done& done)
{
    QKeychain::Job* job = nullptr;
    if (key.isEmpty()) {
        job = new QKeychain::DeletePasswordJob(QLatin1String(KeyringService), this);
    } else {
        auto* writing = new QKeychain::WritePasswordJob(QLatin1String(KeyringService), this);
        writing->setTextData(key);
        job = writing;
    }
    job->setInsecureFallback(false);
    job->setKey(address);
    connect(job, &QKeychain::Job::finished, this, [done](QKeychain::Job* ended) { done(problemOf(*ended)); });
    job->start();
}

void KeyStore::find(const QString& address, const Found& found)
{
    auto* job = new QKeychain::ReadPasswordJob(QLatin1String(KeyringService), this);
    job->setInsecureFallback(false);
    job->setKey(address);
    connect(job, &QKeychain::Job::finished, this, [found](QKeychain::Job* ended) {
        const auto* reading = static_cast<QKeychain::ReadPasswordJob*>(ended);
        found(ended->error() == QKeychain::NoError && !reading->textData().isEmpty(), problemOf(*ended));
    });
    job->start();
}

}  // namespace pathloom
