// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/cli/bench_engine.h"
#include "engine/cli/private_engine.h"
#include "engine/core/bench.h"
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/isa.h"
#include "engine/core/rpc.h"
#include "engine/worker/grpc_link.h"
#include "pathloom/v1/engine.grpc.pb.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace pathloom {

namespace {

using Time = std::chrono::steady_clock::time_point;

/// A few thousand short documents: more training sequences than paths.
std::string small_corpus()
{
    const char* const words[] = {"loom", "thread", "warp", "weft", "cloth", "spin", "path", "module", "level", "shard"};
    std::string text;
    std::uint32_t state = 7;
    for (int document = 0; document < 1200; ++document) {
        std::string line;
        for (int i = 0; i < 60; ++i) {
            state = state * 1664525U + 1013904223U;
            line += std::string(words[(state >> 16) % 10]) + (i % 9 == 8 ? ". " : " ");
        }
        text += nlohmann::json{{"text", line + std::to_string(document)}, {"domain", "bench"}}.dump() + "\n";
    }
    return text;
}

std::string small_run(const OverheadBenchOptions& options)
{
    return nlohmann::json{{"name", "overhead"},
        {"model", {{"vocabulary", 300}, {"d_model", 8}, {"heads", 1}, {"head_dim", 8}, {"blocks", {"full", "full"}}}},
        {"topology",
            {{"levels", {{{"modules", options.modules}, {"blocks", {0}}}, {{"modules", options.modules}, {"blocks", {1}}}}}}},
        {"routing", {{"router", "random"}, {"prefix", 8}}}, {"data", {{"corpus", "bench"}, {"sequence", 32}, {"batch", 1}}},
        {"training", {{"warm_start_steps", 0}, {"phases", options.phases}, {"tau", 1}, {"warmup_steps", 0}}},
        {"evaluation", {{"valid_sequences", 1}, {"every", 0}, {"test_sequences", 1}}}}
        .dump();
}

/// One worker that has its answers ready: the module blobs themselves serve as pseudo-gradients, made different for every task.
class FakeWorker {
public:
    FakeWorker(std::unique_ptr<GrpcLink> link, int number, std::filesystem::path folder)
        : m_link(std::move(link))
        , m_number(number)
        , m_file(std::move(folder))
    {
        m_file /= "upload-" + std::to_string(number);
    }
    Result<void> enrol()
    {
        v1::RegisterRequest request;
        request.set_protocol(protocol_version);
        request.set_name("fake-" + std::to_string(m_number));
        request.set_host("bench");
        request.set_pid(::getpid());
        request.set_isa(cpu_isa());
        request.set_instance("fake-" + std::to_string(m_number));
        PATHLOOM_TRY(const auto response, m_link->enrol(request));
        m_worker = response.worker();
        return {};
    }
    /// Until the run has no more training to give or `left` reaches zero.
    Result<void> work(std::atomic<std::int64_t>& left)
    {
        while (left.load() > 0) {
            v1::LeaseRequest request;
            request.set_worker(m_worker);
            request.set_wait_ms(100);
            PATHLOOM_TRY(const auto lease, m_link->lease(request));
            if (!lease.has_task()) continue;
            const Time begin = std::chrono::steady_clock::now();
            m_first = m_first.time_since_epoch().count() == 0 ? begin : m_first;
            PATHLOOM_CHECK(finish(lease.task()));
            m_last = std::chrono::steady_clock::now();
            if (lease.task().spec().kind() == v1::TASK_KIND_TRAIN) --left;
        }
        return {};
    }
    [[nodiscard]] Time first() const { return m_first; }
    [[nodiscard]] Time last() const { return m_last; }
    [[nodiscard]] std::int64_t bytes() const { return m_bytes; }
    [[nodiscard]] int blobs() const { return m_blobs; }

private:
    /// Keeps it for the upload that goes before the commit, as a worker does.
    Result<std::string> store(std::string bytes)
    {
        // The last parameter becomes a small number nobody else has.
        const float unique = float(m_number + 1) * 1e-6F + float(++m_counter) * 1e-4F;
        if (bytes.size() >= sizeof unique) std::memcpy(bytes.data() + bytes.size() - sizeof unique, &unique, sizeof unique);
        const std::string hash = sha256_hex(bytes);
        const auto file = m_file.string() + "-" + std::to_string(m_outputs.size());
        const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!fd) return fail(system_error("cannot write", file, errno));
        PATHLOOM_CHECK(write_all(fd.get(), std::as_bytes(std::span(bytes)), file));
        m_outputs.push_back({hash, file});
        m_bytes += std::int64_t(bytes.size());
        ++m_blobs;
        return hash;
    }
    Result<const std::string*> module_of(const std::string& column, const std::string& hash)
    {
        const auto known = m_modules.find(column);
        if (known != m_modules.end()) return &known->second;
        std::string bytes;
        PATHLOOM_CHECK(m_link->download(hash, 0, false, [&](const BlobPiece& part) -> Result<void> {
            bytes.append(reinterpret_cast<const char*>(part.bytes.data()), part.bytes.size());
            return {};
        }));
        return &(m_modules[column] = std::move(bytes));
    }
    Result<void> finish(const v1::Task& task)
    {
        v1::CommitRequest commit;
        commit.set_worker(m_worker);
        commit.set_task(task.id());
        commit.set_fence(task.fence());
        v1::TaskResult& result = *commit.mutable_result();
        m_bytes = 0;
        m_blobs = 0;
        m_outputs.clear();
        if (task.spec().kind() == v1::TASK_KIND_TRAIN) {
            for (const auto& column : task.spec().columns()) {
                PATHLOOM_TRY(const std::string* module, module_of(column.name(), column.module_hash()));
                auto* delta = result.add_deltas();
                delta->set_name(column.name());
                PATHLOOM_TRY(*delta->mutable_delta_hash(), store(*module));
            }
            PATHLOOM_TRY(*result.mutable_inner_state_hash(), store(m_modules.begin()->second));
            for (int step = 0; step < task.spec().steps(); ++step) result.add_losses(1.0F);
        }
        if (task.spec().kind() == v1::TASK_KIND_SCORE) {
            auto* score = result.add_scores();
            score->set_nll(1.0);
            score->set_tokens(1);
            score->set_sequences(1);
        }
        result.set_tokens(1);
        if (!m_outputs.empty()) PATHLOOM_CHECK(m_link->upload_all(m_outputs));
        PATHLOOM_TRY(const auto response, m_link->commit(commit));
        if (!response.accepted()) return fail(ErrorCode::Failed, "task {} was not counted: {}", task.id(), response.reason());
        return {};
    }

    std::unique_ptr<GrpcLink> m_link;
    int m_number;
    std::filesystem::path m_file;
    std::int64_t m_worker = 0;
    int m_counter = 0;
    std::map<std::string, std::string> m_modules;
    std::int64_t m_bytes = 0;
    int m_blobs = 0;
    std::vector<EngineLink::Outgoing> m_outputs;
    Time m_first{};
    Time m_last{};
};

Result<void> import_corpus(v1::Engine::Stub& engine, const Caller& caller, const std::filesystem::path& file)
{
    v1::ImportCorpusRequest request;
    request.set_name("bench");
    request.add_paths(file.string());
    request.set_vocabulary(300);
    const auto context = caller.context(std::chrono::minutes(5));
    const auto reader = engine.ImportCorpus(context.get(), request);
    v1::ImportProgress progress;
    while (reader->Read(&progress)) { }
    if (const auto status = reader->Finish(); !status.ok()) return fail(to_error(status));
    return {};
}

/// One run in a project of its own.
Result<void> one_run(const OverheadBenchOptions& options, OverheadBench& bench)
{
    PATHLOOM_TRY(const BenchFolder folder, BenchFolder::make(options.folder));
    const auto project = folder.path() / "project";
    PATHLOOM_TRY(const auto process, PrivateEngine::start(project, 0));
    PATHLOOM_TRY(const std::string token, read_token(token_file(project, "operator")));
    PATHLOOM_TRY(const auto channel, make_channel(process.address()));
    const Caller caller(token);
    const auto engine = v1::Engine::NewStub(channel);
    PATHLOOM_CHECK(write_file_atomic(folder.path() / "bench.jsonl", std::string_view(small_corpus())));
    PATHLOOM_CHECK(import_corpus(*engine, caller, folder.path() / "bench.jsonl"));
    v1::StartRunRequest start;
    start.set_spec_json(small_run(options));
    v1::Run run;
    if (const auto status = engine->StartRun(caller.context(std::chrono::minutes(5)).get(), start, &run); !status.ok())
        return fail(to_error(status));

    PATHLOOM_TRY(const std::string worker_token, read_token(token_file(project, "worker")));
    std::vector<std::unique_ptr<FakeWorker>> workers;
    for (int i = 0; i < options.workers; ++i) {
        PATHLOOM_TRY(auto link, GrpcLink::open(process.address(), worker_token));
        workers.push_back(std::make_unique<FakeWorker>(std::move(link), i, folder.path()));
        PATHLOOM_CHECK(workers.back()->enrol());
    }
    std::atomic<std::int64_t> left = std::int64_t(run.paths()) * options.phases;
    const std::int64_t tasks = left;
    std::mutex mutex;
    std::optional<Error> first_error;
    std::vector<std::thread> threads;
    for (const auto& worker : workers)
        threads.emplace_back([&] {
            if (auto done = worker->work(left); !done) {
                const std::lock_guard lock(mutex);
                first_error = done.error();
                left = 0;
            }
        });
    for (auto& thread : threads) thread.join();
    if (first_error) return fail(*first_error);
    Time first = Time::max();
    Time last{};
    for (const auto& worker : workers) {
        if (worker->last().time_since_epoch().count() == 0) continue;  // it found nothing to do
        first = std::min(first, worker->first());
        last = std::max(last, worker->last());
    }
    bench.workers = options.workers;
    bench.paths = run.paths();
    bench.tasks = tasks;
    bench.blob_bytes = workers.front()->bytes();
    bench.blobs = workers.front()->blobs();
    bench.seconds.push_back(std::chrono::duration<double>(last - first).count());
    bench.rates.push_back(double(tasks) / bench.seconds.back());
    return {};
}

}  // namespace

Result<OverheadBench> bench_overhead(const OverheadBenchOptions& options)
{
    OverheadBench bench;
    for (int repeat = 0; repeat < options.repeats; ++repeat) PATHLOOM_CHECK(one_run(options, bench));
    return bench;
}

BenchReport describe(const OverheadBench& bench)
{
    BenchReport report;
    report.json = nlohmann::json{{"bench", "overhead"}, {"isa", cpu_isa()}, {"workers", bench.workers}, {"paths", bench.paths},
        {"tasks", bench.tasks}, {"blobs_a_task", bench.blobs}, {"blob_bytes_a_task", bench.blob_bytes},
        {"tasks_per_second", median(bench.rates)}, {"tasks_per_second_all", bench.rates}, {"seconds", bench.seconds}}
                      .dump();
    report.table = fmt::format("workers           {} that return at once, {} paths\n"
                               "tasks             {} a run, {} blobs of {} bytes in all uploaded for each\n"
                               "committed         {:.0f} tasks/s (median of {}; {:.0f} to {:.0f})\n",
        bench.workers, bench.paths, bench.tasks, bench.blobs, bench.blob_bytes, median(bench.rates), bench.rates.size(),
        std::ranges::min(bench.rates), std::ranges::max(bench.rates));
    return report;
}

}  // namespace pathloom
