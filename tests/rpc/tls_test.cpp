// SPDX-License-Identifier: GPL-3.0-or-later
// Mutual TLS with real certificates and the real programs: who may come in, and one clear line for everybody else.
#include "tests/rpc/certificates.h"
#include "tests/rpc/live_engine.h"

#include "engine/core/files.h"
#include "engine/core/tls_probe.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace pathloom::test {
namespace {

#if defined(HAVE_PATHLOOM_WORKER) && defined(HAVE_PATHLOOM_ENGINE) && defined(HAVE_PATHLOOMCTL)

/// Certificates of one authority, and of one nobody asked.
struct Pki {
    TempFolder folder;
    Authority ours{folder.path() / "ca", "Pathloom test authority"};
    Authority strangers{folder.path() / "other", "Somebody else"};
    TlsFiles server = ours.issue("server", {.dns = "localhost", .ip = "127.0.0.1"});
    TlsFiles client = ours.issue("client", {});
    TlsFiles expired = ours.issue("expired", {.days_from = -3, .days_to = -1});
    TlsFiles foreign = strangers.issue("foreign", {});
    /// The engine's options.
    [[nodiscard]] std::vector<std::string> engine(const TlsFiles& files) const
    {
        return {"--tls-ca", ours.file(), "--tls-cert", files.cert, "--tls-key", files.key};
    }
};

struct Tls : testing::Test {
    static void SetUpTestSuite() { s_pki = new Pki; }
    static void TearDownTestSuite() { delete s_pki; }
    static Pki* s_pki;

    /// An engine with this certificate; dial() gives its port under another name of this machine.
    void start(const TlsFiles& certificate, int workers = 0)
    {
        m_engine.emplace(m_folder / "project", workers, "127.0.0.1:0", s_pki->engine(certificate));
        m_address = must(read_connection(m_folder / "project")).remote;
    }
    [[nodiscard]] std::string dial(const std::string& host) const { return host + m_address.substr(m_address.rfind(':')); }
    ProgramResult ctl(
        const std::string& address, const TlsFiles& tls, const std::string& ca, const std::string& role = "operator")
    {
        return run_program("pathloomctl", with({"engine", "info", "--json"}, address, tls, ca, role));
    }
    ProgramResult worker(const std::string& address, const TlsFiles& tls, const std::string& ca)
    {
        return run_program("pathloom-worker", with({}, address, tls, ca, "worker"));
    }
    std::vector<std::string> with(std::vector<std::string> arguments, const std::string& address, const TlsFiles& tls,
        const std::string& ca, const std::string& role)
    {
        const auto add = [&](const std::string& name, const std::string& value) {
            if (value.empty()) return;
            arguments.push_back(name);
            arguments.push_back(value);
        };
        add("--engine", address);
        add("--token-file", token_file(m_folder / "project", role).string());
        add("--tls-ca", ca);
        add("--tls-cert", tls.cert);
        add("--tls-key", tls.key);
        return arguments;
    }
    static void refused(const ProgramResult& result, int code, const std::string& needle)
    {
        EXPECT_EQ(result.code, code) << result.out << result.err;
        EXPECT_NE(result.err.find(needle), std::string::npos) << "no '" << needle << "' in: " << result.err;
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << "one line: " << result.err;
    }

    TempFolder m_folder;
    std::optional<LiveEngine> m_engine;
    std::string m_address;
};
Pki* Tls::s_pki = nullptr;

TEST_F(Tls, BothSidesWithCertificatesOfOneAuthorityTalk)
{
    start(s_pki->server, 1);
    const auto info = ctl(dial("localhost"), s_pki->client, s_pki->ours.file());
    ASSERT_EQ(info.code, 0) << info.err;
    EXPECT_EQ(nlohmann::json::parse(info.out)["pid"], m_engine->pid());
    EXPECT_EQ(ctl(m_address, s_pki->client, s_pki->ours.file(), "viewer").code, 0)
        << "the address itself stands in the certificate";
    const Program remote(
        "pathloom-worker", with({"--name", "remote"}, dial("localhost"), s_pki->client, s_pki->ours.file(), "worker"));
    bool local = false;
    bool other = false;
    EXPECT_TRUE(m_engine->follow([&](const v1::Event& event) {
        local = local || (event.has_worker_joined() && event.worker_joined().local());
        other = other || event.worker_joined().name() == "remote";
        return local && other;
    })) << "the engine's own worker comes in without a certificate, the other one with it";
    EXPECT_EQ(ctl_json(m_folder / "project", {"engine", "info"})["pid"], m_engine->pid()) << "--project needs no certificates";
    m_engine->stop();
}

TEST_F(Tls, ATokenIsStillNeeded)
{
    start(s_pki->server);
    const auto wrong = m_folder / "wrong.token";
    must(write_private_file(wrong, std::string(64, 'a') + "\n"));
    const auto result = run_program("pathloomctl",
        {"engine", "info", "--engine", m_address, "--token-file", wrong.string(), "--tls-ca", s_pki->ours.file(), "--tls-cert",
            s_pki->client.cert, "--tls-key", s_pki->client.key});
    refused(result, 4, "not one of this engine's");
}

TEST_F(Tls, WhoeverDoesNotFitIsToldWhy)
{
    start(s_pki->server);
    const std::string& ca = s_pki->ours.file();
    refused(ctl(m_address, {}, ca), 4, "wants a client certificate");
    refused(ctl(m_address, s_pki->expired, ca), 4, "has expired");
    refused(ctl(m_address, s_pki->foreign, ca), 4, "does not accept the certificate");
    refused(ctl(m_address, s_pki->client, s_pki->strangers.file()), 4, "is not signed by");
    refused(ctl(m_address, {}, ""), 4, "speaks only TLS");
    refused(worker(m_address, {}, ca), 4, "wants a client certificate");
    refused(worker(m_address, s_pki->foreign, ca), 4, "does not accept the certificate");
    refused(worker(m_address, s_pki->client, s_pki->strangers.file()), 4, "is not signed by");
    refused(worker(m_address, {}, ""), 4, "speaks only TLS");
    m_engine->kill();
    refused(ctl(m_address, s_pki->client, ca), 3, m_address);
}

TEST_F(Tls, AnEngineUnderAnotherNameIsNotTrusted)
{
    const auto elsewhere = s_pki->ours.issue("elsewhere", {.dns = "engine.example"});
    start(elsewhere);
    refused(ctl(dial("localhost"), s_pki->client, s_pki->ours.file()), 4, "is not made out to 'localhost'");
    refused(ctl(m_address, s_pki->client, s_pki->ours.file()), 4, "is not made out to '127.0.0.1'");
    refused(worker(dial("localhost"), s_pki->client, s_pki->ours.file()), 4, "is not made out to 'localhost'");
}

TEST_F(Tls, AnEngineWhoseCertificateHasExpiredIsNotTrusted)
{
    start(s_pki->ours.issue("old-server", {.dns = "localhost", .ip = "127.0.0.1", .days_from = -3, .days_to = -1}));
    refused(ctl(dial("localhost"), s_pki->client, s_pki->ours.file()), 4, "has expired; give the engine a new one");
}

TEST_F(Tls, TlsToAnEngineWithoutItIsThree)
{
    m_engine.emplace(m_folder / "project", 0, "127.0.0.1:0");
    m_address = m_engine->address();
    refused(ctl(m_address, s_pki->client, s_pki->ours.file()), 3, "does not speak TLS");
    EXPECT_FALSE(explain_refusal(m_address, {})) << "nothing is wrong without it";
}

TEST_F(Tls, FilesThatAreNoCertificatesAreWrongUsage)
{
    const auto junk = (m_folder / "junk.pem").string();
    must(write_file_atomic(junk, std::string_view("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")));
    EXPECT_EQ(check_tls_files({junk, "", ""}).error().code, ErrorCode::Usage);
    EXPECT_EQ(check_tls_files({"", junk, s_pki->client.key}).error().code, ErrorCode::Usage);
    EXPECT_EQ(check_tls_files({"", s_pki->client.cert, s_pki->foreign.key}).error().code, ErrorCode::Usage);
    EXPECT_EQ(check_tls_files({"", s_pki->client.cert, ""}).error().code, ErrorCode::Usage);
    EXPECT_TRUE(check_tls_files(s_pki->client));
    const auto project = (m_folder / "project").string();
    const auto engine = [&](const std::string& listen, std::vector<std::string> tls) {
        tls.insert(tls.begin(), {"--project", project, "--listen", listen});
        return run_program("pathloom-engine", tls);
    };
    refused(engine("127.0.0.1:0", {"--tls-cert", s_pki->server.cert, "--tls-key", s_pki->server.key}), 2, "all three");
    refused(
        engine("127.0.0.1:0", {"--tls-ca", s_pki->ours.file(), "--tls-cert", s_pki->server.cert, "--tls-key", s_pki->client.key}),
        2, "is not the key of");
    refused(engine("unix", s_pki->engine(s_pki->server)), 2, "--listen HOST:PORT");
}

#endif

}  // namespace
}  // namespace pathloom::test
