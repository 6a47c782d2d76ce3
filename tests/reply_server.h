// SPDX-License-Identifier: GPL-3.0-or-later
// An HTTP server for tests of what asks one.
#pragma once

#include <fmt/format.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace pathloom {

/// A server on a real socket that gives out the replies it was made with, one a connection, and keeps what it was asked.
class ReplyServer {
public:
    explicit ReplyServer(std::vector<std::string> replies)
        : m_socket(::socket(AF_INET, SOCK_STREAM, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(m_socket, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(m_socket, 8) != 0) std::abort();
        ::getsockname(m_socket, reinterpret_cast<sockaddr*>(&address), &size);
        m_port = ntohs(address.sin_port);
        m_thread = std::jthread([this, replies = std::move(replies)] {
            for (const std::string& reply : replies) serve(reply);
        });
    }
    ~ReplyServer()
    {
        ::shutdown(m_socket, SHUT_RDWR);
        if (m_thread.joinable()) m_thread.join();
        ::close(m_socket);
    }
    [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}/v1", m_port); }
    /// What was asked, once every reply is given out.
    const std::vector<std::string>& requests()
    {
        m_thread.join();
        return m_requests;
    }

private:
    void serve(const std::string& reply)
    {
        const int client = ::accept(m_socket, nullptr, nullptr);
        if (client < 0) return;
        std::string request;
        char piece[4096];
        std::size_t wanted = std::string::npos;
        while (request.size() < wanted) {
            const ssize_t n = ::recv(client, piece, sizeof piece, 0);
            if (n <= 0) break;
            request.append(piece, std::size_t(n));
            const std::size_t head = request.find("\r\n\r\n"), length = request.find("Content-Length: ");
            if (head != std::string::npos && length != std::string::npos)
                wanted = head + 4 + std::stoul(request.substr(length + 16));
        }
        m_requests.push_back(request);
        ::send(client, reply.data(), reply.size(), MSG_NOSIGNAL);
        ::close(client);
    }
    int m_socket;
    int m_port = 0;
    std::vector<std::string> m_requests;
    std::jthread m_thread;
};

inline std::string http(const std::string& status, const std::string& body, const std::string& more = {})
{
    return fmt::format("HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}",
        status, body.size(), more, body);
}

}  // namespace pathloom
