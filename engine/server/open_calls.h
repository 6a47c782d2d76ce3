// SPDX-License-Identifier: GPL-3.0-or-later
// Counts the calls a gRPC server is answering, from their arrival until their status is on the wire.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_interceptor.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace pathloom {

/// Shared by the server's factory and whoever waits.
class OpenCalls {
public:
    void add(int change)
    {
        const std::lock_guard lock(m_mutex);
        m_count += change;
        if (m_count == 0) m_none.notify_all();
    }
    /// False when some were still open after `patience`.
    bool wait_for_none(std::chrono::milliseconds patience)
    {
        std::unique_lock lock(m_mutex);
        return m_none.wait_for(lock, patience, [this] { return m_count == 0; });
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_none;
    int m_count = 0;
};

/// Changes nothing about a call: gRPC makes one object a call and deletes it with the call.
class OpenCallsFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
public:
    explicit OpenCallsFactory(std::shared_ptr<OpenCalls> calls)
        : m_calls(std::move(calls))
    {
    }
    grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo*) override
    {
        return new Counted(m_calls);
    }

private:
    class Counted final : public grpc::experimental::Interceptor {
    public:
        explicit Counted(std::shared_ptr<OpenCalls> calls)
            : m_calls(std::move(calls))
        {
            m_calls->add(1);
        }
        ~Counted() override { m_calls->add(-1); }
        void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override { methods->Proceed(); }

    private:
        std::shared_ptr<OpenCalls> m_calls;
    };
    std::shared_ptr<OpenCalls> m_calls;
};

}  // namespace pathloom
