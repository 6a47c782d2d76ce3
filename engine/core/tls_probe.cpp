// SPDX-License-Identifier: GPL-3.0-or-later
// One handshake over memory buffers, so that a peer that hangs up is an end of stream and never a SIGPIPE.
#include "engine/core/tls_probe.h"

#include "engine/core/files.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <memory>

namespace pathloom {

namespace {

using Clock = std::chrono::steady_clock;

template <auto Free>
struct Freer {
    template <class T>
    void operator()(T* object) const
    {
        Free(object);
    }
};
using Context = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Freer<SSL_free>>;
using AddressList = std::unique_ptr<addrinfo, Freer<::freeaddrinfo>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;

Result<Context> make_context(const TlsFiles& tls)
{
    Context context(SSL_CTX_new(TLS_client_method()));
    if (!context) return fail(ErrorCode::Failed, "OpenSSL cannot be used; check its installation");
    for (const std::string& file : {tls.ca, tls.cert, tls.key})
        if (!file.empty()) PATHLOOM_CHECK(read_file(file));  // says why a file cannot be read
    if (!tls.ca.empty() && SSL_CTX_load_verify_locations(context.get(), tls.ca.c_str(), nullptr) != 1)
        return fail(ErrorCode::Usage, "{} holds no certificate authority; give a PEM file", tls.ca);
    if (tls.ca.empty()) SSL_CTX_set_default_verify_paths(context.get());
    if (tls.cert.empty()) return context;
    if (SSL_CTX_use_certificate_chain_file(context.get(), tls.cert.c_str()) != 1)
        return fail(ErrorCode::Usage, "{} holds no certificate; give a PEM file", tls.cert);
    if (SSL_CTX_use_PrivateKey_file(context.get(), tls.key.c_str(), SSL_FILETYPE_PEM) != 1
        || SSL_CTX_check_private_key(context.get()) != 1)
        return fail(ErrorCode::Usage, "{} is not the key of {}; give the PEM key made with that certificate", tls.key, tls.cert);
    return context;
}

int left_ms(Clock::time_point deadline)
{
    return int(std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count()));
}

UniqueFd dial(const std::string& host, const std::string& port, Clock::time_point deadline)
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return UniqueFd();
    const AddressList list(found);
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        UniqueFd fd(::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, one->ai_protocol));
        if (!fd) continue;
        if (::connect(fd.get(), one->ai_addr, one->ai_addrlen) == 0) return fd;
        pollfd waiting{fd.get(), POLLOUT, 0};
        int error = 0;
        socklen_t size = sizeof error;
        if (errno == EINPROGRESS && ::poll(&waiting, 1, left_ms(deadline)) == 1
            && ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
            return fd;
    }
    return UniqueFd();
}

enum class Step { Done, Closed, TimedOut, Refused };

/// A TLS client on a socket. reason() is OpenSSL's for the last Refused.
class Client {
public:
    Client(SSL_CTX* context, const std::string& host, UniqueFd fd, Clock::time_point deadline)
        : m_ssl(SSL_new(context))
        , m_fd(std::move(fd))
        , m_deadline(deadline)
    {
        m_in = BIO_new(BIO_s_mem());
        m_out = BIO_new(BIO_s_mem());
        SSL_set_bio(m_ssl.get(), m_in, m_out);
        SSL_set_connect_state(m_ssl.get());
        SSL_set_verify(m_ssl.get(), SSL_VERIFY_NONE, nullptr);  // judged afterwards, so that the reason is known
        const std::array<unsigned char, 3> h2{2, 'h', '2'};
        SSL_set_alpn_protos(m_ssl.get(), h2.data(), h2.size());
        X509_VERIFY_PARAM* expected = SSL_get0_param(m_ssl.get());
        if (X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) != 1) {
            ERR_clear_error();
            SSL_set1_host(m_ssl.get(), host.c_str());
            SSL_set_tlsext_host_name(m_ssl.get(), host.c_str());
        }
    }
    Step shake_hands()
    {
        return run([this] { return SSL_do_handshake(m_ssl.get()); });
    }
    /// HTTP/2's greeting, and the first byte of the answer: a server that does not accept our certificate hangs up here.
    Step greet()
    {
        static constexpr char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
        const Step said = run([this] { return SSL_write(m_ssl.get(), preface, int(sizeof preface - 1)); });
        if (said != Step::Done) return said;
        char byte = 0;
        return run([this, &byte] { return SSL_read(m_ssl.get(), &byte, 1); });
    }
    [[nodiscard]] int reason() const { return m_reason; }
    [[nodiscard]] long verdict() const { return SSL_get_verify_result(m_ssl.get()); }

private:
    template <class Operation>
    Step run(Operation operation)
    {
        while (true) {
            ERR_clear_error();
            const int done = operation();
            const int error = done > 0 ? SSL_ERROR_NONE : SSL_get_error(m_ssl.get(), done);
            if (!flush()) return Step::Closed;
            if (error == SSL_ERROR_NONE) return Step::Done;
            if (error == SSL_ERROR_ZERO_RETURN) return Step::Closed;
            if (error != SSL_ERROR_WANT_READ) {
                m_reason = ERR_GET_REASON(ERR_peek_error());
                return Step::Refused;
            }
            pollfd waiting{m_fd.get(), POLLIN, 0};
            if (::poll(&waiting, 1, left_ms(m_deadline)) != 1) return Step::TimedOut;
            std::array<char, 16384> bytes;
            const ssize_t count = ::recv(m_fd.get(), bytes.data(), bytes.size(), 0);
            if (count <= 0) return Step::Closed;
            BIO_write(m_in, bytes.data(), int(count));
        }
    }
    bool flush()
    {
        std::array<char, 16384> bytes;
        for (int count = 0; (count = BIO_read(m_out, bytes.data(), int(bytes.size()))) > 0;) {
            for (int sent = 0; sent < count;) {
                const ssize_t now = ::send(m_fd.get(), bytes.data() + sent, std::size_t(count - sent), MSG_NOSIGNAL);
                if (now > 0) {
                    sent += int(now);
                    continue;
                }
                pollfd waiting{m_fd.get(), POLLOUT, 0};
                if (errno != EAGAIN || ::poll(&waiting, 1, left_ms(m_deadline)) != 1) return false;
            }
        }
        return true;
    }

    Ssl m_ssl;
    UniqueFd m_fd;
    Clock::time_point m_deadline;
    BIO* m_in = nullptr;  // both belong to m_ssl
    BIO* m_out = nullptr;
    int m_reason = 0;
};

std::optional<Error> judge_engine(long verdict, const std::string& address, const std::string& host, const TlsFiles& tls)
{
    const auto refused = [&](const std::string& what) { return Error{ErrorCode::Unauthorised, what}; };
    switch (verdict) {
    case X509_V_OK:
        return {};
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return refused(fmt::format("the certificate of the engine at {} has expired; give the engine a new one", address));
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return refused(fmt::format("the certificate of the engine at {} is not valid yet; check both clocks", address));
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return refused(fmt::format("the certificate of the engine at {} is not made out to '{}'; dial a name that stands in it, "
                                   "or make one for this name",
            address, host));
    default:
        return refused(
            fmt::format("the certificate of the engine at {} is not signed by {}; give the authority that signed it with "
                        "--tls-ca ({})",
                address, tls.ca.empty() ? "an authority this machine trusts" : tls.ca, X509_verify_cert_error_string(verdict)));
    }
}

bool has_expired(const std::string& file)
{
    const Bio bio(BIO_new_file(file.c_str(), "r"));
    const Certificate certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
    return certificate && X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0;
}

Error judge_us(const std::string& address, const TlsFiles& tls)
{
    if (tls.cert.empty())
        return {ErrorCode::Unauthorised,
            fmt::format("the engine at {} wants a client certificate; give --tls-cert and --tls-key", address)};
    if (has_expired(tls.cert))
        return {ErrorCode::Unauthorised, fmt::format("the certificate {} has expired; get a new one", tls.cert)};
    return {ErrorCode::Unauthorised,
        fmt::format("the engine at {} does not accept the certificate {}; get one signed by the authority it was given", address,
            tls.cert)};
}

}  // namespace

Result<void> check_tls_files(const TlsFiles& tls)
{
    if (tls.cert.empty() != tls.key.empty())
        return fail(ErrorCode::Usage, "mutual TLS needs a certificate and its key; give both --tls-cert and --tls-key");
    PATHLOOM_CHECK(make_context(tls));
    return {};
}

std::optional<Error> explain_refusal(const std::string& address, const TlsFiles& tls, std::chrono::milliseconds patience)
{
    const auto colon = address.rfind(':');
    if (address.starts_with("unix:") || colon == std::string::npos) return {};
    std::string host = address.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto context = make_context(tls);
    if (!context) return context.error();
    const auto deadline = Clock::now() + patience;
    UniqueFd fd = dial(host, address.substr(colon + 1), deadline);
    if (!fd) return {};
    Client client(context->get(), host, std::move(fd), deadline);
    const Step shaken = client.shake_hands();
    if (shaken == Step::TimedOut) return {};
    if (shaken == Step::Done) {
        if (tls.empty())
            return Error{ErrorCode::Unauthorised,
                fmt::format("the engine at {} speaks only TLS; give --tls-ca, --tls-cert and --tls-key", address)};
        if (auto verdict = judge_engine(client.verdict(), address, host, tls)) return verdict;
        const Step greeted = client.greet();
        if (greeted == Step::Closed || greeted == Step::Refused) return judge_us(address, tls);
        return {};
    }
    if (tls.empty()) return {};  // no TLS on either side: the trouble is another one
    switch (shaken == Step::Refused ? client.reason() : 0) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        return judge_us(address, tls);
    default:
        return Error{ErrorCode::Unreachable,
            fmt::format(
                "the program at {} does not speak TLS; leave out the --tls options, or give the engine its own", address)};
    }
}

}  // namespace pathloom
