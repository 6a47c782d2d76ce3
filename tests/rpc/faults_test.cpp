// SPDX-License-Identifier: GPL-3.0-or-later
// Wrong inputs and broken surroundings, with the real programs: one clear line, the exit code of the contract, nothing
// half-written, and whatever was running goes on.
#include "tests/rpc/live_engine.h"

#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "tests/unit/small_disk.h"

#include <nlohmann/json.hpp>
#include <sqlite3.h>

#include <signal.h>
#include <sys/mount.h>

#include <algorithm>
#include <fstream>
#include <regex>

namespace pathloom::test {
namespace {

#if defined(HAVE_PATHLOOM_WORKER) && defined(HAVE_PATHLOOM_ENGINE) && defined(HAVE_PATHLOOMCTL)

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

/// pathloomctl refuses: this exit code, one line on stderr that holds `needle`, and the same message as JSON.
std::string refused(const fs::path& project, std::vector<std::string> arguments, int code, const std::string& needle)
{
    for (const std::string& extra : {std::string("--json"), std::string("--project"), project.string()})
        arguments.push_back(extra);
    const auto result = run_program("pathloomctl", arguments);
    EXPECT_EQ(result.code, code) << result.out << result.err;
    EXPECT_TRUE(contains(result.err, needle)) << "no '" << needle << "' in: " << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << "one line: " << result.err;
    const auto document = nlohmann::json::parse(result.out, nullptr, false);
    EXPECT_TRUE(document.is_object() && document.contains("error")) << result.out;
    return result.err;
}

std::vector<std::string> blobs_of(const fs::path& project)
{
    return must(BlobStore::open(project / "blobs")).hashes();
}

/// Use up the disk but for `left` bytes.
void fill_disk(const fs::path& file, std::uintmax_t left)
{
    const std::uintmax_t free = fs::space(file.parent_path()).available;
    ASSERT_GT(free, left);
    std::ofstream out(file, std::ios::binary);
    const std::string page(4096, 'x');
    // An engine at work may take the last pages itself: then the write fails, and the disk is as full as it was to be.
    for (std::uintmax_t written = 0; out && written + page.size() <= free - left; written += page.size()) out << page;
    out.flush();
    ASSERT_LT(fs::space(file.parent_path()).available, left + (256 << 10));
}

struct Faults : testing::Test {
    static void SetUpTestSuite()
    {
        s_folder = new TempFolder;
        write_two_domains(*s_folder / "two.jsonl");
        must(write_file_atomic(*s_folder / "spec.json", std::string_view(small_spec)));
        import(*s_folder / "shared");
    }
    static void TearDownTestSuite() { delete s_folder; }
    static std::string text_file() { return (*s_folder / "two.jsonl").string(); }
    static std::string spec_file() { return (*s_folder / "spec.json").string(); }
    /// A project with the corpus "two"; nothing of its runs.
    static fs::path shared() { return *s_folder / "shared"; }
    static void import(const fs::path& project)
    {
        ctl_json(project, {"corpus", "import", text_file(), "--name", "two", "--vocabulary", "300"});
    }
    /// A copy of the shared project.
    static fs::path project(const std::string& name)
    {
        const fs::path folder = *s_folder / name;
        fs::copy(shared(), folder, fs::copy_options::recursive);
        return folder;
    }
    static std::string digest(const fs::path& folder, const std::string& run)
    {
        return ctl_json(folder, {"run", "digest", run})["sha256"];
    }
    /// What the run gives when nothing goes wrong.
    static const std::string& quiet_digest()
    {
        static const std::string known = [] {
            const fs::path quiet = project("quiet");
            ctl_json(quiet, {"run", "start", spec_file(), "--workers", "2", "--wait"});
            return digest(quiet, "1");
        }();
        return known;
    }

    static TempFolder* s_folder;
};
TempFolder* Faults::s_folder = nullptr;

// --- wrong inputs

TEST_F(Faults, NothingToImportIsAFailureThatNamesTheFile)
{
    fs::create_directory(*s_folder / "empty");
    must(write_file_atomic(*s_folder / "binary.txt", std::string_view("a\0b", 3)));
    must(write_file_atomic(*s_folder / "latin.txt", std::string_view("caf\xe9 au lait")));
    must(write_file_atomic(*s_folder / "nothing.md", std::string_view("")));
    must(write_file_atomic(*s_folder / "picture.png", std::string_view("\x89PNG\r\n")));
    const auto before = blobs_of(shared());
    for (const auto& [name, reason] : {std::pair("nowhere", "no such file or folder"), std::pair("empty", "an empty folder"),
             std::pair("binary.txt", "binary"), std::pair("latin.txt", "UTF-8"), std::pair("nothing.md", "empty"),
             std::pair("picture.png", "of a kind that is not read"), std::pair("none*.txt", "no file matches")}) {
        const std::string path = (*s_folder / name).string();
        const auto message = refused(shared(), {"corpus", "import", path, "--name", "bad"}, 1, path);
        EXPECT_TRUE(contains(message, reason)) << message;
        EXPECT_TRUE(contains(message, "give UTF-8 files ending in .txt, .md or .jsonl")) << "what to do: " << message;
    }
    EXPECT_EQ(blobs_of(shared()), before);
    EXPECT_EQ(ctl_json(shared(), {"corpus", "list"})["corpora"].size(), 1U);
    refused(shared(), {"corpus", "import", text_file(), "--name", "two"}, 1, "'two' exists already");
}

TEST_F(Faults, ACorpusIsAHaystackAndTheProjectKeepsWhatWasFound)
{
    ASSERT_EQ(::setenv("XDG_CACHE_HOME", (*s_folder / "cache").c_str(), 1), 0);
    const fs::path folder = project("probed");
    const std::vector<std::string> probe{
        "probe", "needle", "--corpus", "two", "--lengths", "600", "--depths", "2", "--threads", "1", "--baselines", "window"};
    const auto first = ctl_json(folder, probe), second = ctl_json(folder, probe);
    ASSERT_EQ(first["cells"].size(), 2U);
    EXPECT_GT(first["summary"]["document_tokens"].get<int>(), 600);
    EXPECT_EQ(second["cells"][0]["seconds_answer"], first["cells"][0]["seconds_answer"]) << "asked again";
    const auto kept = ctl_json(folder, {"probe", "show"})["results"];
    ASSERT_EQ(kept.size(), 4U);
    EXPECT_TRUE(fs::exists(folder / "probes.sqlite"));
    // The whole text of the corpus went through, and the prompt comes back from it.
    const auto shown = ctl_json(folder, {"probe", "show", "--id", "1", "--corpus", "two"});
    EXPECT_TRUE(contains(shown["context"], shown["recipe"]["insertions"][0]["text"]));
    const auto part = ctl_json(
        folder, {"probe", "needle", "--corpus", "two", "--split", "test", "--lengths", "200", "--depths", "1", "--threads", "1"});
    EXPECT_LT(part["summary"]["document_tokens"], first["summary"]["document_tokens"]);
    refused(folder, {"probe", "needle", "--corpus", "nine", "--lengths", "600"}, 1, "no corpus named 'nine'");
    refused(folder, {"probe", "needle", "--corpus", "two", "--split", "all", "--lengths", "600"}, 2, "--split is");
    refused(folder, {"probe", "needle", "--split", "test", "--lengths", "600"}, 2, "--corpus NAME");
    must(write_file_atomic(*s_folder / "some.txt", std::string_view("Some words to hide a needle in.")));
    const auto stray = run_program("pathloomctl",
        {"--project", (*s_folder / "no-project").string(), "probe", "needle", "--doc", (*s_folder / "some.txt").string(),
            "--lengths", "600"});
    EXPECT_EQ(stray.code, 2);
    EXPECT_TRUE(contains(stray.err, "is no project")) << stray.err;
}

TEST_F(Faults, AGoodFileIsImportedBesideBadOnes)
{
    const fs::path mixed = *s_folder / "mixed";
    fs::create_directory(mixed);
    fs::copy(text_file(), mixed / "good.jsonl");
    must(write_file_atomic(mixed / "binary.txt", std::string_view("a\0b", 3)));
    std::ofstream(mixed / "good.jsonl", std::ios::app) << "{\"text\":\n";
    const auto corpus = ctl_json(
        *s_folder / std::string("mixed-project"), {"corpus", "import", mixed.string(), "--name", "m", "--vocabulary", "300"});
    EXPECT_GE(corpus["documents"], 150);
    std::map<std::string, std::string> rejected;
    for (const auto& file : corpus["rejected"]) rejected[file["path"]] = file["reason"];
    ASSERT_EQ(rejected.size(), 2U) << corpus["rejected"].dump();
    EXPECT_TRUE(contains(rejected[(mixed / "binary.txt").string()], "binary"));
    EXPECT_TRUE(rejected.contains((mixed / "good.jsonl").string() + ":161")) << corpus["rejected"].dump();
    EXPECT_EQ(ctl_json(*s_folder / std::string("mixed-project"), {"corpus", "show", "m"})["rejected"], corpus["rejected"]);
}

TEST_F(Faults, AWrongSpecIsUsageThatNamesTheKey)
{
    const auto before = blobs_of(shared());
    const auto set = [&](const std::string& change, const std::string& needle) {
        refused(shared(), {"run", "start", spec_file(), "--set", change}, 2, needle);
    };
    set("topology.levels[0].modules=0", "topology.levels[0].modules");
    set("training.tua=3", "tua");
    set("training.tau=many", "training.tau");
    set("data.corpus=nothing", "'nothing'");
    set("topology.replicas=60000", "paths");
    set("topology.replicas=2500", "10000 paths");
    set("model.vocabulary=301", "vocabulary");
    must(write_file_atomic(*s_folder / "typo.json", std::string_view(R"({"model":{"blocks":["full"]},"trainig":{}})")));
    refused(shared(), {"run", "start", (*s_folder / "typo.json").string()}, 2, "trainig");
    must(write_file_atomic(*s_folder / "broken.json", std::string_view(R"({"model":)")));
    refused(shared(), {"run", "start", (*s_folder / "broken.json").string()}, 2, "JSON");
    refused(shared(), {"run", "show", "99"}, 1, "99");
    EXPECT_EQ(ctl_json(shared(), {"run", "list"})["runs"].size(), 0U);
    EXPECT_EQ(blobs_of(shared()), before) << "a refused run leaves no blobs";
}

TEST_F(Faults, TooLargeAVocabularyNamesTheLargestThatWorks)
{
    const fs::path folder = *s_folder / "large";
    const auto import_with = [&](int vocabulary) {
        return std::vector<std::string>{
            "corpus", "import", text_file(), "--name", "big", "--vocabulary", std::to_string(vocabulary)};
    };
    const auto message = refused(folder, import_with(30000), 2, "30000");
    std::smatch found;
    ASSERT_TRUE(std::regex_search(message, found, std::regex("use ([0-9]+) or less"))) << message;
    const int largest = std::stoi(found[1]);
    refused(folder, import_with(largest + 1), 2, std::to_string(largest));
    EXPECT_TRUE(blobs_of(folder).empty());
    EXPECT_EQ(ctl_json(folder, {"corpus", "list"})["corpora"].size(), 0U);
    EXPECT_EQ(ctl_json(folder, import_with(largest))["vocabulary"], largest);
}

// --- a project that cannot be opened, an address that cannot be had

TEST_F(Faults, AProjectOfANewerSchemaIsLeftAlone)
{
    const fs::path folder = project("newer");
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((folder / "project.sqlite").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, "PRAGMA user_version = 99", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
    const std::string before = must(sha256_file(folder / "project.sqlite"));
    const auto engine = run_program("pathloom-engine", {"--project", folder.string()});
    EXPECT_EQ(engine.code, 1);
    EXPECT_TRUE(contains(engine.err, "schema 99")) << engine.err;
    EXPECT_TRUE(contains(engine.err, "update Pathloom")) << engine.err;
    EXPECT_EQ(std::count(engine.err.begin(), engine.err.end(), '\n'), 1) << engine.err;
    refused(folder, {"run", "list"}, 1, "schema 99");
    EXPECT_EQ(must(sha256_file(folder / "project.sqlite")), before);
}

TEST_F(Faults, APortInUseIsNamedAndTheFirstEngineGoesOn)
{
    LiveEngine first(project("port-1"), 0, "127.0.0.1:0");
    const fs::path folder = project("port-2");
    const auto second = run_program("pathloom-engine", {"--project", folder.string(), "--listen", first.address()});
    EXPECT_EQ(second.code, 1);
    EXPECT_TRUE(contains(second.err, first.address())) << second.err;
    EXPECT_TRUE(contains(second.err, "--listen")) << second.err;
    EXPECT_EQ(ctl_json(*s_folder / "port-1", {"corpus", "list"})["corpora"].size(), 1U);
    EXPECT_EQ(ctl_json(folder, {"corpus", "list"})["corpora"].size(), 1U) << "the refused engine has let go of its project";
    first.stop();
}

TEST_F(Faults, ASecondEngineOfAProjectNamesTheFirst)
{
    const fs::path folder = project("twice");
    LiveEngine first(folder, 0);
    const auto second = run_program("pathloom-engine", {"--project", folder.string()});
    EXPECT_EQ(second.code, 1);
    EXPECT_TRUE(contains(second.err, "pid " + std::to_string(first.pid()))) << second.err;
    EXPECT_EQ(ctl_json(folder, {"engine", "info"})["pid"], first.pid());
    first.stop();
}

TEST_F(Faults, WrongTokensAreFourAndAbsentEnginesThree)
{
    const fs::path folder = project("tokens");
    LiveEngine engine(folder, 0, "127.0.0.1:0");
    const auto run = [&](const std::string& program, std::vector<std::string> arguments, const fs::path& token) {
        for (const std::string& extra : {std::string("--engine"), engine.address(), std::string("--token-file"), token.string()})
            arguments.push_back(extra);
        return run_program(program, arguments);
    };
    const fs::path wrong = *s_folder / "wrong.token";
    must(write_private_file(wrong, std::string(64, 'a') + "\n"));
    EXPECT_EQ(run("pathloomctl", {"engine", "info"}, token_file(folder, "viewer")).code, 0);
    EXPECT_EQ(run("pathloomctl", {"engine", "info"}, wrong).code, 4);
    EXPECT_EQ(run("pathloomctl", {"run", "stop", "1"}, token_file(folder, "viewer")).code, 4);
    EXPECT_EQ(run("pathloom-worker", {}, wrong).code, 4);
    EXPECT_EQ(run("pathloom-worker", {}, token_file(folder, "operator")).code, 4);
    engine.kill();
    const auto absent = run("pathloomctl", {"engine", "info"}, token_file(folder, "operator"));
    EXPECT_EQ(absent.code, 3);
    EXPECT_TRUE(contains(absent.err, engine.address())) << absent.err;
    EXPECT_EQ(run("pathloom-worker", {"--patience", "0"}, token_file(folder, "worker")).code, 3);
}

TEST_F(Faults, AWorkerOfAnotherProtocolIsTurnedAway)
{
    const fs::path folder = project("protocol");
    LiveEngine engine(folder, 0);
    const Caller caller(must(read_token(token_file(folder, "worker"))));
    const auto workers = v1::Workers::NewStub(engine.channel());
    v1::RegisterRequest request;
    request.set_protocol(protocol_version + 1);
    request.set_name("newer");
    request.set_instance("n");
    v1::RegisterResponse response;
    const auto status = workers->Register(caller.context().get(), request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_TRUE(contains(status.error_message(), "'newer' speaks protocol " + std::to_string(protocol_version + 1)))
        << status.error_message();
    EXPECT_TRUE(contains(status.error_message(), "same version")) << status.error_message();
    EXPECT_EQ(ctl_json(folder, {"engine", "info"})["workers"], 0);
    request.set_protocol(protocol_version);
    EXPECT_TRUE(workers->Register(caller.context().get(), request, &response).ok());
    engine.stop();
}

TEST_F(Faults, AKilledRemoteWorkerIsToldToLeave)
{
    const fs::path folder = project("killed-worker");
    LiveEngine engine(folder, 0);
    const std::vector<std::string> arguments{"--engine", engine.address(), "--token-file", token_file(folder, "worker").string()};
    Program worker("pathloom-worker", arguments);
    v1::WorkerRequest request;
    ASSERT_TRUE(engine.follow([&](const v1::Event& event) {
        request.set_worker(event.worker_joined().worker());
        return event.has_worker_joined();
    }));
    v1::ListWorkersResponse response;
    ASSERT_TRUE(engine.stub().KillWorker(engine.caller().context().get(), request, &response).ok());
    const auto end = worker.finish();
    EXPECT_EQ(end.code, 1);
    EXPECT_TRUE(contains(end.err, "was killed by an operator")) << end.err;
    EXPECT_EQ(ctl_json(folder, {"engine", "info"})["workers"], 0) << "it did not slip back in";
    const Program anew("pathloom-worker", arguments);
    EXPECT_TRUE(engine.follow(
        [&](const v1::Event& event) { return event.has_worker_joined() && event.worker_joined().worker() != request.worker(); }));
    engine.stop();
}

// --- a full disk

TEST_F(Faults, AnImportOntoAFullDiskLeavesNothing)
{
    const SmallDisk disk("size=2m");
    if (!disk.mounted()) GTEST_SKIP() << disk.reason();
    const fs::path folder = disk.path() / "project";
    LiveEngine engine(folder, 0);
    fill_disk(disk.path() / "filler", 320 << 10);
    refused(folder, {"corpus", "import", text_file(), "--name", "two", "--vocabulary", "300"}, 1, "no space left");
    EXPECT_EQ(ctl_json(folder, {"corpus", "list"})["corpora"].size(), 0U);
    EXPECT_TRUE(fs::is_empty(folder / "blobs" / "tmp"));
    fs::remove(disk.path() / "filler");
    import(folder);
    EXPECT_EQ(ctl_json(folder, {"corpus", "list"})["corpora"].size(), 1U);
    engine.stop();
    EXPECT_EQ(ctl_json(folder, {"corpus", "list"})["corpora"].size(), 1U) << "it opens again";
}

TEST_F(Faults, ARunOnAFullDiskStopsWithTheReasonAndGoesOnLater)
{
    const SmallDisk disk("size=192m");  // the run itself and both caches need some 50 MB
    if (!disk.mounted()) GTEST_SKIP() << disk.reason();
    const fs::path folder = disk.path() / "project";
    fs::copy(shared(), folder, fs::copy_options::recursive);
    {
        LiveEngine engine(folder, 2);
        ctl_json(folder, {"run", "start", spec_file()});
        ASSERT_TRUE(engine.follow([](const v1::Event& event) { return event.has_module_stepped(); }));
        fill_disk(disk.path() / "filler", 0);
        // The log is on the same disk: until there is room, the engine can only answer.
        nlohmann::json run;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        do run = ctl_json(folder, {"run", "show", "1"});
        while (run["state"] == "running" && std::chrono::steady_clock::now() < deadline);
        EXPECT_EQ(run["state"], "failed");
        EXPECT_TRUE(contains(run["reason"], "no space left")) << run["reason"];
        fs::remove(disk.path() / "filler");
        std::string reason;
        ASSERT_TRUE(engine.follow([&](const v1::Event& event) {
            reason = event.run_state().reason();
            return event.has_run_state() && event.run_state().state() == v1::RUN_STATE_FAILED;
        })) << "the log hears of it once there is room";
        EXPECT_TRUE(contains(reason, "no space left")) << reason;
        EXPECT_EQ(ctl_json(folder, {"run", "resume", "1"})["state"], "running");
        ASSERT_TRUE(engine.follow([](const v1::Event& event) { return event.has_module_stepped(); }));
        fill_disk(disk.path() / "filler", 0);
        EXPECT_EQ(ctl_json(folder, {"engine", "info"})["pid"], engine.pid());
        engine.kill();
    }
    fs::remove(disk.path() / "filler");
    LiveEngine engine(folder, 2);
    if (ctl_json(folder, {"run", "show", "1"})["state"] == "failed") ctl_json(folder, {"run", "resume", "1"});
    ASSERT_TRUE(engine.follow(is_done)) << ctl_json(folder, {"run", "show", "1"}).dump();
    EXPECT_EQ(digest(folder, "1"), quiet_digest());
    engine.stop();
}

// --- flipped bits

/// Train until the first module has stepped; the hash of its new version.
std::string train_to_the_first_step(const fs::path& folder, const std::string& spec)
{
    LiveEngine engine(folder, 2);
    ctl_json(folder, {"run", "start", spec});
    std::string hash;
    EXPECT_TRUE(engine.follow([&](const v1::Event& event) {
        hash = event.module_stepped().hash();
        return event.has_module_stepped();
    }));
    engine.kill();  // at once: the version is still the newest
    return hash;
}

/// What a project's database says in the first column, for tests that have to know which blob is which.
std::vector<std::string> column_of(const fs::path& project, const std::string& sql)
{
    std::vector<std::string> found;
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open_v2((project / "project.sqlite").c_str(), &database, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    while (sqlite3_step(statement) == SQLITE_ROW)
        found.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return found;
}

fs::path blob_file(const fs::path& project, const std::string& hash)
{
    return must(BlobStore::open(project / "blobs")).path_of(hash);
}

/// Number of the last event an engine that is not running any more has written.
std::int64_t last_event(const fs::path& project)
{
    return std::stoll(column_of(project, "SELECT MAX(seq) FROM events").at(0));
}

/// Follow a run from `seq` on to its end; gives the blobs that were found damaged.
std::vector<v1::BlobDamaged> damage_met_until_done(LiveEngine& engine, std::int64_t seq)
{
    engine.start_at(seq, {});
    std::vector<v1::BlobDamaged> met;
    std::string end;
    EXPECT_TRUE(engine.follow([&](const v1::Event& event) {
        if (event.has_blob_damaged()) met.push_back(event.blob_damaged());
        if (!event.has_run_state() || event.run_state().state() == v1::RUN_STATE_RUNNING) return false;
        end = is_done(event) ? "done" : event.run_state().reason();
        return true;
    }));
    EXPECT_EQ(end, "done");
    return met;
}

TEST_F(Faults, ADamagedContributionIsComputedAgain)
{
    const fs::path folder = project("contribution");
    v1::TaskCommitted commit;
    {
        LiveEngine engine(folder, 1);
        ctl_json(folder, {"run", "start", spec_file()});
        ASSERT_TRUE(engine.follow([&](const v1::Event& event) {
            commit = event.task_committed();
            return commit.stage() == "train";
        }));
        engine.kill();  // an engine that lives has added it up already and does not need its bytes any more
    }
    const auto hashes = column_of(folder,
        "SELECT delta_hash FROM contributions WHERE stage = 'train' AND phase = 0 AND "
        "module = 'head.0' AND path = "
            + std::to_string(commit.path()));
    ASSERT_EQ(hashes.size(), 1U);
    flip_a_bit(blob_file(folder, hashes[0]));
    const std::int64_t next = last_event(folder) + 1;
    LiveEngine engine(folder, 1);
    const auto met = damage_met_until_done(engine, next);
    ASSERT_EQ(met.size(), 1U);
    EXPECT_EQ(met[0].hash(), hashes[0]);
    EXPECT_EQ(met[0].task(), commit.task());
    EXPECT_TRUE(contains(met[0].what(), "pseudo-gradient of path")) << met[0].what();
    const auto run = ctl_json(folder, {"run", "show", "1"});
    EXPECT_EQ(run["state"], "done") << run["reason"];
    EXPECT_GE(run["faults"].get<int>(), 1);
    EXPECT_EQ(digest(folder, "1"), quiet_digest());
    EXPECT_TRUE(fs::is_empty(folder / "blobs" / "corrupt")) << "the damaged bytes are deleted";
    engine.stop();
}

TEST_F(Faults, ADamagedInnerStateIsComputedAgain)
{
    const fs::path folder = project("inner");
    train_to_the_first_step(folder, spec_file());
    const auto hashes = column_of(
        folder, "SELECT inner_state_hash FROM checkpoints WHERE stage = 'train' AND phase < 3 ORDER BY phase DESC, path LIMIT 1");
    ASSERT_EQ(hashes.size(), 1U);
    flip_a_bit(blob_file(folder, hashes[0]));
    fs::remove_all(folder / ".engine" / "cache");  // or a worker would go on with its own good copy
    const std::int64_t next = last_event(folder) + 1;
    LiveEngine engine(folder, 2);  // whose workers have no copies of their own
    const auto met = damage_met_until_done(engine, next);
    ASSERT_EQ(met.size(), 1U);
    EXPECT_EQ(met[0].hash(), hashes[0]);
    EXPECT_TRUE(contains(met[0].what(), "inner optimiser state of path")) << met[0].what();
    EXPECT_TRUE(contains(met[0].task(), "1/train/")) << met[0].task();
    EXPECT_EQ(digest(folder, "1"), quiet_digest());
    engine.stop();
}

TEST_F(Faults, ADamagedModuleIsMadeAgainFromWhatIsKept)
{
    const fs::path folder = project("flipped");
    const std::string hash = train_to_the_first_step(folder, spec_file());
    flip_a_bit(blob_file(folder, hash));
    fs::remove_all(folder / ".engine" / "cache");
    const std::int64_t next = last_event(folder) + 1;
    LiveEngine engine(folder, 2);  // whose workers have no copies of their own
    const auto met = damage_met_until_done(engine, next);
    ASSERT_EQ(met.size(), 1U);
    EXPECT_EQ(met[0].hash(), hash);
    EXPECT_EQ(met[0].task(), "") << "no task has to be done again";
    EXPECT_TRUE(contains(met[0].what(), ", version 1")) << met[0].what();
    EXPECT_EQ(digest(folder, "1"), quiet_digest());
    engine.stop();
}

TEST_F(Faults, AModuleThatNothingKeptGivesBackIsReported)
{
    const fs::path folder = project("lost");
    const std::string hash = train_to_the_first_step(folder, spec_file());
    const std::string whole = must(read_file(blob_file(folder, hash)));
    flip_a_bit(blob_file(folder, hash));
    const auto deltas = column_of(folder,
        "SELECT delta_hash FROM contributions AS c JOIN module_versions AS v ON c.run = v.run AND c.stage = v.stage AND c.module "
        "= "
        "v.module AND c.phase = v.version - 1 WHERE v.hash = '"
            + hash + "'");
    ASSERT_GE(deltas.size(), 2U) << "what the step was made from is kept";
    flip_a_bit(blob_file(folder, deltas[0]));
    fs::remove_all(folder / ".engine" / "cache");

    const std::int64_t next = last_event(folder) + 1;
    LiveEngine engine(folder, 2);
    engine.start_at(next, {});
    std::string reason;
    ASSERT_TRUE(engine.follow([&](const v1::Event& event) {
        reason = event.run_state().reason();
        return event.has_run_state() && event.run_state().state() != v1::RUN_STATE_RUNNING;
    }));
    EXPECT_EQ(ctl_json(folder, {"run", "show", "1"})["state"], "failed");
    EXPECT_TRUE(contains(reason, hash)) << reason;
    EXPECT_TRUE(contains(reason, "damaged")) << reason;
    EXPECT_TRUE(contains(reason, "put a good copy at")) << reason;
    auto store = must(BlobStore::open(folder / "blobs"));
    EXPECT_FALSE(store.has(hash)) << "the damaged bytes are out of the way";

    // With the bytes back from a copy the run goes on to the same bits.
    EXPECT_EQ(must(store.put(as_bytes(whole))), hash);
    ctl_json(folder, {"run", "resume", "1"});
    ASSERT_TRUE(engine.follow(is_done));
    EXPECT_EQ(digest(folder, "1"), quiet_digest());
    engine.stop();
}

TEST_F(Faults, FlippedBitsInWorkersCachesAreFetchedAgain)
{
    const fs::path folder = project("caches");
    train_to_the_first_step(folder, spec_file());
    int flipped = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder / ".engine" / "cache")) {
        if (!entry.is_regular_file() || !is_sha256_hex(entry.path().filename().string())) continue;
        flip_a_bit(entry.path());
        ++flipped;
    }
    ASSERT_GT(flipped, 4);
    LiveEngine engine(folder, 2);
    ASSERT_TRUE(engine.follow(is_done));
    EXPECT_EQ(digest(folder, "1"), quiet_digest());
    engine.stop();
    int set_aside = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder / ".engine" / "cache"))
        set_aside += entry.path().parent_path().filename() == "corrupt" ? 1 : 0;
    EXPECT_GT(set_aside, 0) << "a damaged copy was met and set aside";
}

#endif

}  // namespace
}  // namespace pathloom::test
