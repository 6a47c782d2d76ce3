// SPDX-License-Identifier: GPL-3.0-or-later
// EngineClient: connecting, losing, finding again, and the event stream. The calls are in engine_calls.cpp.
#include "widgets/client/engine_client.h"

#include "engine/core/tls_probe.h"
#include "engine/core/version.h"
#include "widgets/client/engine_client_private.h"
#include "widgets/client/watch_stream.h"

#include <QRandomGenerator>
#include <QThreadPool>

#include <algorithm>

namespace pathloom {
namespace {

constexpr int frameMs = 33;

TlsFiles tlsOf(const EngineTarget& target)
{
    return {target.tlsCa.toStdString(), target.tlsCert.toStdString(), target.tlsKey.toStdString()};
}

}  // namespace

Error toError(const grpc::Status& status)
{
    using Code = grpc::StatusCode;
    ErrorCode code = ErrorCode::Failed;
    switch (status.error_code()) {
    case Code::INVALID_ARGUMENT:
        code = ErrorCode::Usage;
        break;
    case Code::NOT_FOUND:
        code = ErrorCode::NotFound;
        break;
    case Code::ALREADY_EXISTS:
        code = ErrorCode::Exists;
        break;
    case Code::DATA_LOSS:
        code = ErrorCode::Corrupt;
        break;
    case Code::RESOURCE_EXHAUSTED:
        code = ErrorCode::DiskFull;
        break;
    case Code::UNIMPLEMENTED:
        code = ErrorCode::Unsupported;
        break;
    case Code::UNAUTHENTICATED:
    case Code::PERMISSION_DENIED:
        code = ErrorCode::Unauthorised;
        break;
    case Code::UNAVAILABLE:
    case Code::DEADLINE_EXCEEDED:
        code = ErrorCode::Unreachable;
        break;
    case Code::CANCELLED:
        code = ErrorCode::Cancelled;
        break;
    default:
        break;
    }
    std::string message = status.error_message();
    if (code == ErrorCode::Unreachable) message = "the engine does not answer (" + message + "); check that it is running";
    if (message.empty()) message = "the engine gave no reason";
    return {code, message};
}

EngineClient::EngineClient(QObject* parent)
    : QObject(parent)
{
    m_retryTimer.setSingleShot(true);
    connect(&m_retryTimer, &QTimer::timeout, this, &EngineClient::attempt);
    m_retryTickTimer.setInterval(1000);
    connect(&m_retryTickTimer, &QTimer::timeout, this, &EngineClient::retryTick);
    m_frameTimer.setSingleShot(true);
    m_frameTimer.setInterval(frameMs);
    connect(&m_frameTimer, &QTimer::timeout, this, &EngineClient::drainMailbox);
}

EngineClient::~EngineClient()
{
    closeWire();
}

void EngineClient::closeWire()
{
    ++m_generation;
    m_frameTimer.stop();
    m_watch.reset();
    if (m_wire) m_wire->close();
    m_wire.reset();
}

void EngineClient::setState(State state, const QString& reason)
{
    m_state = state;
    m_reason = reason;
    if (state == State::Lost)
        m_retryTickTimer.start();
    else
        m_retryTickTimer.stop();
    Q_EMIT stateChanged();
}

int EngineClient::retryInSeconds() const
{
    return m_retryTimer.isActive() ? (m_retryTimer.remainingTime() + 999) / 1000 : 0;
}

void EngineClient::connectTo(const EngineTarget& target, qint64 lastSeqSeen)
{
    m_retryTimer.stop();
    m_target = target;
    m_once = false;
    m_lastSeq = lastSeqSeen;
    m_attempts = 0;
    setState(State::Connecting);
    attempt();
}

void EngineClient::tryOnce(const EngineTarget& target)
{
    connectTo(target);
    m_once = true;  // before any answer: they come by the event loop
}

void EngineClient::disconnectFromEngine()
{
    m_retryTimer.stop();
    closeWire();
    m_target = {};
    setState(State::Disconnected);
}

void EngineClient::retryNow()
{
    if (m_state != State::Lost && m_state != State::Refused) return;
    m_retryTimer.stop();
    setState(State::Connecting);
    attempt();
}

void EngineClient::attempt()
{
    closeWire();
    grpc::ChannelArguments arguments;
    // A subchannel of our own: a fresh attempt must not wait out the back-off of the one before.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
    arguments.SetMaxReceiveMessageSize(64 << 20);
    const auto credentials = channel_credentials(tlsOf(m_target));
    if (!credentials) return setState(State::Refused, QString::fromStdString(credentials.error().message));
    auto wire = std::make_shared<Wire>();
    wire->token = m_target.token.toStdString();
    wire->stub = v1::Engine::NewStub(grpc::CreateCustomChannel(m_target.address.toStdString(), *credentials, arguments));
    m_wire = wire;
    call<v1::GetInfoRequest, v1::EngineInfo>(
        this, connectDeadlineMs, v1::GetInfoRequest(), [](auto* stub, auto... a) { stub->GetInfo(a...); },
        [](const v1::EngineInfo& m) { return toValue(m); }, Handler<EngineFacts>([this](Result<EngineFacts> facts) {
            if (!facts) {
                const QString why = QString::fromStdString(facts.error().message);
                if (facts.error().code == ErrorCode::Unauthorised)
                    setState(State::Refused, tr("The engine refused the token: %1").arg(why));
                else if (facts.error().code == ErrorCode::Unreachable)
                    explainThenLose(why);
                else
                    lose(why);
                return;
            }
            if (facts->protocol != protocol_version) {
                setState(State::Refused,
                    tr("The engine speaks protocol %1 and this app %2; install the same version of both")
                        .arg(facts->protocol)
                        .arg(protocol_version));
                return;
            }
            if (!m_projectPath.isEmpty() && m_projectPath != facts->projectPath) {
                m_lastSeq = 0;
                m_lastEventMs = 0;
                Q_EMIT engineChanged();
            }
            m_projectPath = facts->projectPath;
            m_facts = *facts;
            m_attempts = 0;
            if (!m_once) startWatch();
            setState(State::Connected);
        }));
}

void EngineClient::explainThenLose(const QString& why)
{
    // gRPC says "unavailable" for certificates that do not fit as well. Finding out takes a handshake: not on this thread.
    QThreadPool::globalInstance()->start(
        [this, wire = m_wire, why, address = m_target.address.toStdString(), tls = tlsOf(m_target)] {
            const auto found = explain_refusal(address, tls);
            const QString refusal = found ? QString::fromStdString(found->message) : QString();
            const std::lock_guard lock(wire->mutex);
            if (wire->closed) return;  // given up, or the client is gone: it closes its wire first, and not while we hold this
            QMetaObject::invokeMethod(
                this,
                [this, wire, why, refusal] {
                    if (wire != m_wire) return;
                    if (refusal.isEmpty())
                        lose(why);
                    else
                        setState(State::Refused, refusal);
                },
                Qt::QueuedConnection);
        });
}

void EngineClient::lose(const QString& why)
{
    m_frameTimer.stop();
    m_watch.reset();
    if (m_once) return setState(State::Lost, why);
    const double plain = std::min<double>(m_backoff.maxMs, m_backoff.firstMs * double(1 << std::min(m_attempts, 10)));
    ++m_attempts;
    const double jitter = 1.0 + m_backoff.jitter * (2.0 * QRandomGenerator::global()->generateDouble() - 1.0);
    m_retryTimer.start(int(plain * jitter));
    setState(State::Lost, why);
}

void EngineClient::startWatch()
{
    const quint64 generation = m_generation;
    m_watch = std::make_unique<WatchStream>(*m_wire->stub, m_target.token.toStdString(), m_lastSeq + 1, [this, generation] {
        QMetaObject::invokeMethod(
            this,
            [this, generation] {
                if (generation == m_generation && !m_frameTimer.isActive()) m_frameTimer.start();
            },
            Qt::QueuedConnection);
    });
}

void EngineClient::drainMailbox()
{
    if (!m_watch) return;
    const WatchStream::Batch batch = m_watch->drain();
    int fresh = 0;
    for (const auto& event : batch.events) {
        if (event.seq() <= m_lastSeq) continue;
        m_lastSeq = event.seq();
        m_lastEventMs = event.time_ms();
        ++fresh;
        if (m_onEvent) m_onEvent(event);
    }
    if (fresh > 0) Q_EMIT eventsArrived(fresh);
    if (!batch.ended) return;
    const Error error = toError(batch.status);
    if (error.code == ErrorCode::Unauthorised)
        setState(State::Refused, QString::fromStdString(error.message));
    else
        lose(batch.status.ok() ? tr("the engine closed the event stream") : QString::fromStdString(error.message));
}

}  // namespace pathloom
