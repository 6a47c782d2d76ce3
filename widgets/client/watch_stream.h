// SPDX-License-Identifier: GPL-3.0-or-later
// One Watch call: a callback-API reactor that fills a bounded mailbox. Lives until gRPC says OnDone.
#pragma once

#include "pathloom/v1/engine.grpc.pb.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace pathloom {

/// Reactions run on gRPC's threads and only move events into the mailbox; the GUI thread takes them out with drain().
/// When the mailbox is full the reactor stops reading (flow control reaches the engine), so nothing is ever dropped.
class WatchStream final : public grpc::ClientReadReactor<v1::WatchResponse> {
public:
    static constexpr std::size_t mailboxLimit = 50'000;  ///< events; about 30 MB at most

    /// `wake` is called from a gRPC thread when the mailbox goes from empty to filled, and once when the call has ended.
    WatchStream(v1::Engine::Stub& stub, const std::string& token, std::int64_t fromSeq, std::function<void()> wake);
    ~WatchStream() override;  ///< cancels and waits for OnDone

    struct Batch {
        std::vector<v1::Event> events;
        bool ended = false;
        grpc::Status status;
    };
    Batch drain();

private:
    void OnReadDone(bool ok) override;
    void OnDone(const grpc::Status& status) override;

    std::function<void()> m_wake;
    grpc::ClientContext m_context;
    v1::WatchRequest m_request;
    v1::WatchResponse m_response;
    std::mutex m_mutex;
    std::condition_variable m_finished;
    std::vector<v1::Event> m_mailbox;
    bool m_paused = false;
    bool m_closing = false;
    bool m_done = false;
    grpc::Status m_status;
};

}  // namespace pathloom
