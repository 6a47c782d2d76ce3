// SPDX-License-Identifier: GPL-3.0-or-later
// Hashes, random numbers, exit codes, instruction sets and look-ups of engine/core.
#include "engine/core/clock.h"
#include "engine/core/exit_code.h"
#include "engine/core/hash.h"
#include "engine/core/isa.h"
#include "engine/core/log.h"
#include "engine/core/resources.h"
#include "engine/core/rng.h"
#include "engine/core/version.h"
#include "tests/unit/temporary_folder.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <set>

namespace pathloom {
namespace {

using testing::AnyOf;

TEST(Sha256, KnownAnswers)  // FIPS 180-2 appendix B
{
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, StreamingEqualsWholeAndStartsOver)
{
    Sha256 hash;
    for (int round = 0; round < 2; ++round) {
        hash.update("a");
        hash.update("");
        hash.update("bc");
        EXPECT_EQ(hash.hex(), sha256_hex("abc"));
    }
}

TEST(Sha256, OfAFile)
{
    const test::TemporaryFolder folder;
    const std::string text(700000, 'x');
    std::ofstream(folder.path() / "f") << text;
    EXPECT_EQ(sha256_file(folder.path() / "f").value(), sha256_hex(text));
    EXPECT_EQ(sha256_file(folder.path() / "missing").error().code, ErrorCode::NotFound);
}

TEST(Sha256, HexIsChecked)
{
    EXPECT_TRUE(is_sha256_hex(sha256_hex("x")));
    EXPECT_FALSE(is_sha256_hex(""));
    EXPECT_FALSE(is_sha256_hex("../../etc/passwd"));
    EXPECT_FALSE(is_sha256_hex(std::string(64, 'G')));
    EXPECT_FALSE(is_sha256_hex(std::string(64, 'A')));
    EXPECT_FALSE(is_sha256_hex(std::string(65, 'a')));
}

TEST(Rng, IsSplitMix64)  // the published test vector of seed 1234567
{
    Rng rng(1234567);
    for (const std::uint64_t expected :
        {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL, 4593380528125082431ULL, 16408922859458223821ULL})
        EXPECT_EQ(rng.next(), expected);
}

TEST(Rng, NormalHasItsMomentsAndTheLogarithmIsRight)
{
    Rng rng(5);
    double sum = 0, squares = 0, fourth = 0;
    constexpr int n = 200000;
    for (int i = 0; i < n; ++i) {
        const double x = rng.normal();
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
    }
    EXPECT_NEAR(sum / n, 0.0, 0.01);
    EXPECT_NEAR(squares / n, 1.0, 0.015);
    EXPECT_NEAR(fourth / n, 3.0, 0.1);
    // Marsaglia's pair (x, y) has x^2 + y^2 = -2 ln s with s drawn as below: checks the hand-written logarithm against libm.
    Rng draws(77), normals(77);
    for (int pair = 0; pair < 1000; ++pair) {
        double s = 2;
        while (s >= 1 || s == 0) {
            const double u = 2 * draws.uniform() - 1, v = 2 * draws.uniform() - 1;
            s = u * u + v * v;
        }
        const double x = normals.normal(), y = normals.normal();
        ASSERT_NEAR(x * x + y * y, -2 * std::log(s), 1e-13 * std::max(1.0, -2 * std::log(s)));
    }
}

TEST(Rng, TruncatedNormalStaysInside)
{
    Rng rng(9);
    double squares = 0, largest = 0;
    constexpr int n = 100000;
    for (int i = 0; i < n; ++i) {
        const double x = rng.truncated_normal(2.0);
        largest = std::max(largest, std::abs(x));
        squares += x * x;
    }
    EXPECT_LE(largest, 2.0);
    EXPECT_GT(largest, 1.99);
    EXPECT_NEAR(std::sqrt(squares / n), 0.8796, 0.01);  // std of a normal cut at 2
}

TEST(Rng, BelowIsUnbiasedAndCoversItsRange)
{
    Rng rng(3);
    std::vector<int> count(7);
    for (int i = 0; i < 70000; ++i) ++count[rng.below(7)];
    for (const int c : count) EXPECT_NEAR(c, 10000, 400);
    // 3 * 2^62 is the worst case of the modulo bias: a third of the values would come up twice as often.
    const std::uint64_t n = 3ULL << 62;
    int low = 0;
    for (int i = 0; i < 30000; ++i) low += rng.below(n) < (1ULL << 62) ? 1 : 0;
    EXPECT_NEAR(low, 10000, 400);
    EXPECT_EQ(rng.below(1), 0u);
}

TEST(Rng, ShuffleIsAPermutationThatDependsOnlyOnTheSeed)
{
    std::vector<int> a(100), b(100);
    std::iota(a.begin(), a.end(), 0);
    b = a;
    const std::vector<int> sorted = a;
    Rng(11).shuffle(std::span(a));
    Rng(11).shuffle(std::span(b));
    EXPECT_EQ(a, b);
    EXPECT_NE(a, sorted);
    EXPECT_TRUE(std::is_permutation(a.begin(), a.end(), sorted.begin()));
}

TEST(Rng, KeysDifferByOrderAndArity)
{
    const std::set<std::uint64_t> keys{mix(1), mix(2), mix(1, 2), mix(2, 1), mix(1, 2, 0), mix(0, 1, 2), mix(0), mix(0, 0),
        text_key("a"), text_key("b"), text_key("")};
    EXPECT_EQ(keys.size(), 11u);
    static_assert(mix(1, 2, 3) == mix(1, 2, 3));
}

TEST(ExitCode, FollowsTheContract)
{
    EXPECT_EQ(exit_code(ErrorCode::Failed), 1);
    EXPECT_EQ(exit_code(ErrorCode::DiskFull), 1);
    EXPECT_EQ(exit_code(ErrorCode::Usage), 2);
    EXPECT_EQ(exit_code(ErrorCode::Unreachable), 3);
    EXPECT_EQ(exit_code(ErrorCode::Unauthorised), 4);
}

TEST(Isa, IsOneOfTheKnownClassesAndStable)
{
    EXPECT_THAT(cpu_isa(), AnyOf("amx-bf16", "avx512-bf16", "avx512", "avx2", "portable"));
    EXPECT_EQ(cpu_isa(), cpu_isa());
}

TEST(Clock, ManualClockMovesOnlyWhenTold)
{
    ManualClock clock(100);
    EXPECT_EQ(clock.now_ms(), 100);
    clock.advance(50);
    EXPECT_EQ(clock.now_ms(), 150);
    EXPECT_GT(SystemClock().now_ms(), 1'700'000'000'000);
}

class Environment {
public:
    Environment(const char* name, const char* value)
        : m_name(name)
    {
        ::setenv(name, value, 1);
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() { ::unsetenv(m_name); }

private:
    const char* m_name;
};

TEST(Resources, EnvironmentWinsAndAMissingOneIsNamed)
{
    const test::TemporaryFolder folder;
    std::filesystem::create_directory(folder.path() / "presets");
    const Environment chosen("PATHLOOM_RESOURCES", folder.path().c_str());
    EXPECT_EQ(resource_path("presets").value(), folder.path() / "presets");
    const auto missing = resource_path("no-such-thing");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
    EXPECT_THAT(missing.error().message, testing::HasSubstr("no-such-thing"));
}

TEST(Resources, SourceTreeIsTheLastResort)
{
    EXPECT_TRUE(std::filesystem::is_directory(resource_path("presets").value()));
}

TEST(Resources, SisterProgramsAreBesideThisOne)
{
    EXPECT_TRUE(std::filesystem::exists(exe_dir() / "unit_core"));
    EXPECT_EQ(sibling_program("unit_core").value(), exe_dir() / "unit_core");
    EXPECT_EQ(sibling_program("no-such-program").error().code, ErrorCode::NotFound);
}

TEST(Log, LevelComesFromTheEnvironment)
{
    {
        const Environment chosen("PATHLOOM_LOG", "warn");
        init_logging("test");
        EXPECT_EQ(spdlog::get_level(), spdlog::level::warn);
    }
    const Environment nonsense("PATHLOOM_LOG", "loud");
    init_logging("test", "error");
    EXPECT_EQ(spdlog::get_level(), spdlog::level::err);
}

}  // namespace
}  // namespace pathloom
