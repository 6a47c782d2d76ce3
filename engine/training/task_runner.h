// SPDX-License-Identifier: GPL-3.0-or-later
// Runs one task: a worker hands in a spec and a way to reach blobs, and gets hashes back. The door to other devices, too.
#pragma once

#include "engine/core/result.h"
#include "pathloom/v1/tasks.pb.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <utility>

namespace pathloom {

class DeviceBackend;

/// What a blob is for: decides which counter of WireBytes it lands in.
enum class BlobClass { Module, Delta, Inner, Data, Result };

/// A task's view of the world. Implemented by the worker (cache + gRPC) and by tests (a folder).
class TaskIo {
public:
    virtual ~TaskIo() = default;
    /// A local file whose bytes have been checked against `hash`.
    virtual Result<std::filesystem::path> fetch(const std::string& hash, BlobClass kind) = 0;
    /// Keep these bytes as a result; returns their sha256 (hex). They are uploaded by the worker before the commit.
    virtual Result<std::string> store(std::span<const std::byte> bytes, BlobClass kind) = 0;
    /// One inner step is finished. False = stop now (lease gone, run stopped): run_task returns Cancelled.
    virtual bool progress(std::int64_t step, float loss) = 0;
};

/// A computed task. Its large results may still be in memory: putting them into blobs (hashing and writing 12 bytes a parameter)
/// needs no model any more, so it can happen beside the next task's computing.
struct TaskOutcome {
    TaskOutcome() = default;
    TaskOutcome(v1::TaskResult finished)  // NOLINT(google-explicit-constructor): a result without more to store is an outcome
        : result(std::move(finished))
    {
    }
    v1::TaskResult result;
    /// Stores what is left and names it in `result`; empty when nothing is. On any thread, once.
    std::function<Result<void>(TaskIo&, v1::TaskResult&)> store;
};

/// Where tasks whose spec names "cuda" are computed.
struct TaskDevice {
    DeviceBackend* backend = nullptr;  ///< none: such tasks are Unsupported
    std::string name;  ///< "cuda:0"
};

/// Run `spec` to its last step. Same inputs give the same bytes on the same instruction set, device and number of threads.
/// wire counters and compute_seconds of the result: compute_seconds is filled here, wire by the worker.
Result<TaskOutcome> compute_task(const v1::TaskSpec& spec, TaskIo& io, const TaskDevice& device = {});
/// compute_task() and its store().
Result<v1::TaskResult> run_task(const v1::TaskSpec& spec, TaskIo& io, const TaskDevice& device = {});

}  // namespace pathloom
