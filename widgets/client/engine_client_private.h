// SPDX-License-Identifier: GPL-3.0-or-later
// What the parts of EngineClient share: the channel with its calls in flight, and how a call is made. Private to this folder.
#pragma once

#include "widgets/client/engine_client.h"

#include "pathloom/v1/engine.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

namespace pathloom {

constexpr int callDeadlineMs = 10'000;
constexpr int connectDeadlineMs = 5'000;

/// The engine's status as one of our errors, with a sentence for each.
Error toError(const grpc::Status& status);

/// One channel and the calls in flight on it. Callbacks hold it by shared_ptr; close() waits until none is left.
struct EngineClient::Wire {
    std::unique_ptr<v1::Engine::Stub> stub;
    std::string token;
    std::mutex mutex;
    std::condition_variable idle;
    std::set<grpc::ClientContext*> calls;
    bool closed = false;
    std::map<qint64, grpc::ClientContext*> imports;

    void add(grpc::ClientContext* context)
    {
        const std::lock_guard lock(mutex);
        calls.insert(context);
    }
    void remove(grpc::ClientContext* context)
    {
        const std::lock_guard lock(mutex);
        calls.erase(context);
        std::erase_if(imports, [context](const auto& entry) { return entry.second == context; });
        idle.notify_all();
    }
    void close()
    {
        std::unique_lock lock(mutex);
        closed = true;
        for (auto* context : calls) context->TryCancel();
        idle.wait(lock, [this] { return calls.empty(); });
    }
};

template <class Request, class Response, class Start, class Convert, class T>
void EngineClient::call(QObject* context, int deadlineMs, Request request, Start start, Convert convert, Handler<T> handler)
{
    QPointer<QObject> guard(context);
    if (!m_wire) {
        QMetaObject::invokeMethod(
            this,
            [guard, handler] {
                if (guard) handler(fail(ErrorCode::Unreachable, "no engine is connected; open a project first"));
            },
            Qt::QueuedConnection);
        return;
    }
    struct InFlight {
        grpc::ClientContext context;
        Request request;
        Response response;
    };
    auto flight = std::make_shared<InFlight>();
    flight->request = std::move(request);
    flight->context.AddMetadata("authorization", "Bearer " + m_wire->token);
    flight->context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(deadlineMs));
    auto wire = m_wire;
    wire->add(&flight->context);
    const quint64 generation = m_generation;
    start(wire->stub->async(), &flight->context, &flight->request, &flight->response,
        [this, wire, flight, generation, guard, handler, convert](grpc::Status status) {
            // On a gRPC thread: only hand over. `this` outlives us, because closeWire() waits for remove().
            QMetaObject::invokeMethod(
                this,
                [this, flight, generation, guard, handler, convert, status] {
                    if (!guard || generation != m_generation) return;
                    if (!status.ok())
                        handler(fail(toError(status)));
                    else
                        handler(convert(flight->response));
                },
                Qt::QueuedConnection);
            wire->remove(&flight->context);
        });
}

}  // namespace pathloom
