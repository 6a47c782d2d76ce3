// SPDX-License-Identifier: GPL-3.0-or-later
// Tokens, roles, error mapping and connection files.
#include "tests/rpc/support.h"

#include "engine/core/files.h"

#include <sys/stat.h>
#include <unistd.h>

namespace pathloom::test {
namespace {

grpc::Status lease_with(const TestEngine& engine, const std::string& token)
{
    const auto stub = v1::Workers::NewStub(must(make_channel(engine.address())));
    v1::LeaseRequest request;
    v1::LeaseResponse response;
    return stub->Lease(Caller(token).context().get(), request, &response);
}

TEST(Auth, RefusesCallsWithoutOrWithAWrongToken)
{
    const TestEngine engine;
    const auto none = lease_with(engine, "");
    EXPECT_EQ(none.error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_NE(none.error_message().find("--token-file"), std::string::npos);
    EXPECT_EQ(lease_with(engine, std::string(64, '0')).error_code(), grpc::StatusCode::UNAUTHENTICATED);
    std::string near = engine.token(Role::Worker);
    near.back() = near.back() == 'a' ? 'b' : 'a';
    EXPECT_EQ(lease_with(engine, near).error_code(), grpc::StatusCode::UNAUTHENTICATED);
    near = engine.token(Role::Worker).substr(0, 20);
    EXPECT_EQ(lease_with(engine, near).error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_TRUE(lease_with(engine, engine.token(Role::Worker)).ok());
}

TEST(Auth, RefusesTheWrongRoleAndNamesTheRightOne)
{
    const TestEngine engine;
    for (const Role role : {Role::Viewer, Role::Operator}) {
        const auto status = lease_with(engine, engine.token(role));
        EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
        EXPECT_NE(status.error_message().find("worker token"), std::string::npos) << status.error_message();
        EXPECT_EQ(to_error(status).code, ErrorCode::Unauthorised);
    }
}

TEST(Auth, EachCreationHasTokensOfItsOwn)
{
    const auto one = must(TokenAuth::create());
    const auto other = must(TokenAuth::create());
    EXPECT_EQ(one.token(Role::Worker).size(), 64U);
    EXPECT_NE(one.token(Role::Worker), other.token(Role::Worker));
    EXPECT_NE(one.token(Role::Worker), one.token(Role::Operator));
}

TEST(Auth, ProjectTokensSurviveARestartAndArePrivate)
{
    const TempFolder project;
    const auto first = must(TokenAuth::open(project.path()));
    const auto second = must(TokenAuth::open(project.path()));
    for (const Role role : {Role::Viewer, Role::Worker, Role::Operator}) {
        EXPECT_EQ(first.token(role), second.token(role));
        const auto file = token_file(project.path(), role_name(role));
        EXPECT_EQ(must(read_token(file)), first.token(role));
        struct stat status { };
        ASSERT_EQ(::stat(file.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777, 0600U);
    }
}

TEST(Rpc, ErrorsKeepTheirCodeAcrossTheWire)
{
    for (const auto code : {ErrorCode::Usage, ErrorCode::NotFound, ErrorCode::Exists, ErrorCode::Corrupt, ErrorCode::DiskFull,
             ErrorCode::Unsupported, ErrorCode::Unauthorised, ErrorCode::Unreachable, ErrorCode::Cancelled, ErrorCode::Failed})
        EXPECT_EQ(to_error(to_status({code, "reason"})).code, code) << int(code);
    EXPECT_EQ(to_error(to_status({ErrorCode::NotFound, "no run 3;\nsee run list"})).message, "no run 3; see run list");
    EXPECT_EQ(to_error({grpc::StatusCode::UNKNOWN, "Stream removed"}).code, ErrorCode::Unreachable);
}

TEST(Rpc, RefusesAddressesThatMakeNoSense)
{
    for (const char* address : {"", "unix:", "host", "host:", ":80", "host:0", "host:70000", "host:12x"}) {
        const auto channel = make_channel(address);
        ASSERT_FALSE(channel) << address;
        EXPECT_EQ(channel.error().code, ErrorCode::Usage);
    }
    EXPECT_TRUE(make_channel("127.0.0.1:4711"));
    EXPECT_EQ(make_channel("127.0.0.1:4711", {"", "cert.pem", ""}).error().code, ErrorCode::Usage);
    EXPECT_EQ(make_channel("127.0.0.1:4711", {"/no/such/ca.pem", "", ""}).error().code, ErrorCode::NotFound);
}

TEST(Rpc, ConnectionFilesRoundTripAndDamagedOnesAreRefused)
{
    const TempFolder project;
    EXPECT_EQ(read_connection(project.path()).error().code, ErrorCode::NotFound);
    const Connection connection{"unix:/run/x", 4711, protocol_version, "0.1.0"};
    must(write_connection(project.path(), connection));
    EXPECT_EQ(must(read_connection(project.path())), connection);
    struct stat status { };
    ASSERT_EQ(::stat((engine_folder(project.path()) / "engine.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    must(write_private_file(engine_folder(project.path()) / "engine.json", "{\"address\": 3}"));
    EXPECT_EQ(read_connection(project.path()).error().code, ErrorCode::Corrupt);
    must(remove_connection(project.path()));
    EXPECT_EQ(read_connection(project.path()).error().code, ErrorCode::NotFound);
    EXPECT_TRUE(process_exists(::getpid()));
    EXPECT_FALSE(process_exists(0));
}

}  // namespace
}  // namespace pathloom::test
