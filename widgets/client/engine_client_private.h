// SPDX-License-Identifier: GPL-3.0-or-later
// What the parts of EngineClient share: the channel with its calls in flight, and how a call is made. Private to this folder.
#pragma once

#include "widgets/client/engine_client.h"

#include "pathloom/v1/engine.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace pathloom {

constexpr int callDeadlineMs = 10'000;
constexpr int connectDeadlineMs = 5'000;

/// The engine's status as one of our errors, with a sentence for each.
Error toError(const grpc::Status& status);

/// What a call needs until gRPC is through with it.
struct EngineClient::Flight {
    grpc::ClientContext context;
    virtual ~Flight() = default;
};

/// One channel and the calls in flight on it. close() waits until none is left, so what runs on gRPC's threads may point here.
///
/// Flights are let go on the GUI thread only: a context shares the channel, and a channel whose last owner goes on a thread of
/// gRPC's own has that thread wait for its own end (gRPC 1.51 then aborts).
struct EngineClient::Wire {
    std::unique_ptr<v1::Engine::Stub> stub;
    std::string token;
    std::mutex mutex;
    std::condition_variable idle;
    std::map<Flight*, std::shared_ptr<Flight>> flying;
    std::vector<std::shared_ptr<Flight>> landed;  ///< until the GUI thread sweeps
    bool closed = false;
    std::map<qint64, Flight*> imports;

    void add(std::shared_ptr<Flight> flight)
    {
        flight->context.AddMetadata("authorization", "Bearer " + token);
        const std::lock_guard lock(mutex);
        Flight* key = flight.get();
        flying.emplace(key, std::move(flight));
    }
    /// The last thing that a flight does on gRPC's thread. `post(owner)` hands it to the GUI thread.
    template <class Post>
    void land(Flight* flight, const Post& post)
    {
        const std::lock_guard lock(mutex);
        const auto at = flying.find(flight);
        post(at->second);
        landed.push_back(std::move(at->second));
        flying.erase(at);
        std::erase_if(imports, [flight](const auto& entry) { return entry.second == flight; });
        idle.notify_all();
    }
    void sweep()
    {
        std::unique_lock lock(mutex);
        const auto gone = std::exchange(landed, {});
        lock.unlock();  // before `gone` goes
    }
    void close()
    {
        {
            std::unique_lock lock(mutex);
            closed = true;
            for (const auto& [flight, owner] : flying) flight->context.TryCancel();
            idle.wait(lock, [this] { return flying.empty(); });
        }
        sweep();
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
    struct Call final : Flight {
        Request request;
        Response response;
        QPointer<QObject> guard;
        Handler<T> handler;
    };
    const auto made = std::make_shared<Call>();
    made->request = std::move(request);
    made->guard = guard;
    made->handler = std::move(handler);
    made->context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(deadlineMs));
    m_wire->add(made);
    start(m_wire->stub->async(), &made->context, &made->request, &made->response,
        [this, wire = m_wire.get(), flight = made.get(), generation = m_generation, convert](grpc::Status status) {
            // On a gRPC thread: only hand over. `this` and `wire` outlive us, because closeWire() waits for land().
            wire->land(flight, [&](const std::shared_ptr<Flight>& owner) {
                QMetaObject::invokeMethod(
                    this,
                    [this, owner, flight, generation, convert, status] {
                        if (generation != m_generation) return;
                        m_wire->sweep();
                        if (!flight->guard) return;
                        if (!status.ok())
                            flight->handler(fail(toError(status)));
                        else
                            flight->handler(convert(flight->response));
                    },
                    Qt::QueuedConnection);
            });
        });
}

}  // namespace pathloom
