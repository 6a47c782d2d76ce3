// SPDX-License-Identifier: GPL-3.0-or-later
// A connection to an engine: a running one, or a private one that lives as long as the call.
#pragma once

#include "engine/cli/private_engine.h"
#include "engine/core/rpc.h"
#include "engine/worker/retry.h"
#include "pathloom/v1/engine.grpc.pb.h"
#include "pathloom/v1/workers.grpc.pb.h"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace pathloom {

struct SessionOptions {
    std::string project;  ///< folder; or
    std::string engine;  ///< address, with
    std::string token_file;
    TlsFiles tls;
};

class Session {
public:
    /// Finds or starts the engine and asks it who it is. Usage when the options name no engine or two.
    static Result<std::unique_ptr<Session>> open(const SessionOptions& options, int workers, Interrupt& interrupted);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] const v1::EngineInfo& info() const { return m_info; }
    [[nodiscard]] bool is_private() const { return m_private.has_value(); }
    [[nodiscard]] Interrupt& interrupted() { return m_interrupted; }

    /// One unary call, cancelled by Ctrl-C. No time limit unless `timeout` is given.
    template <class Request, class Response>
    Result<Response> call(grpc::Status (v1::Engine::StubInterface::*method)(grpc::ClientContext*, const Request&, Response*),
        const Request& request, std::chrono::milliseconds timeout = std::chrono::milliseconds(0))
    {
        Running running(*this, timeout);
        Response response;
        PATHLOOM_CHECK(outcome((m_engine.get()->*method)(running.context(), request, &response)));
        return response;
    }
    /// A server stream; `each` returns false to end it early. Ends with the stream's error, Cancelled after Ctrl-C.
    template <class Request, class Response>
    Result<void> stream(std::unique_ptr<grpc::ClientReaderInterface<Response>> (v1::Engine::StubInterface::*method)(
                            grpc::ClientContext*, const Request&),
        const Request& request, const std::function<Result<bool>(const Response&)>& each)
    {
        Running running(*this, std::chrono::milliseconds(0));
        return drain<Response>(running, (m_engine.get()->*method)(running.context(), request), each);
    }
    /// All bytes of a blob, checked against its name.
    Result<std::string> blob(const std::string& hash);
    /// Ctrl-C: end whatever call is under way.
    void cancel();

private:
    /// A call under way, known to the session so that cancel() reaches it.
    class Running {
    public:
        Running(Session& session, std::chrono::milliseconds timeout);
        ~Running();
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        grpc::ClientContext* context() { return m_context.get(); }

    private:
        Session& m_session;
        std::unique_ptr<grpc::ClientContext> m_context;
    };
    template <class Response>
    Result<void> drain(Running& running, std::unique_ptr<grpc::ClientReaderInterface<Response>> reader,
        const std::function<Result<bool>(const Response&)>& each)
    {
        Response response;
        bool ended_early = false;
        Result<void> result;
        while (result && !ended_early && reader->Read(&response)) {
            auto more = each(response);
            if (!more)
                result = pathloom::fail(more.error());
            else
                ended_early = !*more;
        }
        if (ended_early || !result) running.context()->TryCancel();
        const grpc::Status status = reader->Finish();
        if (ended_early || !result) return result;
        return outcome(status);
    }
    Result<void> outcome(const grpc::Status& status) const;
    explicit Session(Interrupt& interrupted)
        : m_interrupted(interrupted)
    {
    }
    Result<void> connect(
        const std::string& address, const std::string& token, const TlsFiles& tls, std::chrono::milliseconds patience);
    Result<void> connect_project(const SessionOptions& options, int workers);

    Interrupt& m_interrupted;
    std::optional<PrivateEngine> m_private;
    std::string m_address;
    Caller m_caller;
    std::unique_ptr<v1::Engine::StubInterface> m_engine;
    std::unique_ptr<v1::Blobs::StubInterface> m_blobs;
    v1::EngineInfo m_info;
    std::mutex m_mutex;
    std::set<grpc::ClientContext*> m_contexts;
};

/// Ctrl-C: end the call of the session this process has open, if any.
void cancel_current_session();

}  // namespace pathloom
