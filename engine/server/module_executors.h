// SPDX-License-Identifier: GPL-3.0-or-later
// Module executors (DiPaCo 3.3): each module adds its pseudo-gradients as they arrive and steps when the last one is in. What
// they hold is only a head start: the rows and blobs of the contributions decide, so an engine that restarts simply adds them
// again.
#pragma once

#include "engine/cluster/run_facts.h"
#include "engine/model/spec.h"
#include "engine/store/blobs.h"
#include "engine/training/outer.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pathloom {

/// The work of one outer step, free of the controller. While contributions are still to come their `deltas` are empty.
struct OuterJob {
    OuterStepWanted step;
    OuterSpec outer;
    std::string module_hash;
    std::string momentum_hash;
    std::vector<int> paths;  ///< every path through the module that trains in this phase, ascending; none: the module stays
    std::vector<std::string> deltas;  ///< [path]
    std::vector<double> weights;  ///< [path]
};
struct OuterDone {
    OuterStepWanted step;
    std::string module_hash;
    std::string momentum_hash;
    double gradient_norm = 0;
    double mean_cosine = 1;
    std::vector<int> paths;
    std::vector<double> path_norms;
    std::vector<float> path_cosines;  ///< of each pair of `paths`, see OuterResult
    double seconds = 0;  ///< from the last contribution to the new version on disk
};

/// A whole outer step without a head start: to make a module that was lost again.
Result<OuterDone> do_outer_step(const OuterJob& job, BlobStore& blobs);

/// Any thread may call any function.
class ModuleExecutors {
public:
    using Post = std::function<void(std::function<void()>)>;
    /// `post` runs jobs on other threads in the order given. Sums take at most `budget_bytes` together (12 bytes a parameter of a
    /// module); a module that does not fit any more is added up when it steps, with the same bits.
    ModuleExecutors(BlobStore& blobs, Post post, std::uint64_t budget_bytes);

    /// More contributions of this module are in than before: adds them in the background.
    void arrived(std::int64_t run, const OuterJob& so_far);
    /// The outer step of a module whose contributions are all in: adds what is missing and stores the new version. Call it from a
    /// job posted after those of arrived(). Errors name the path or the blob.
    Result<OuterDone> step(std::int64_t run, const OuterJob& job);
    /// The sums of a run that goes no further for now; should it go on, they are taken again.
    void forget(std::int64_t run);
    /// What sums hold now.
    [[nodiscard]] std::uint64_t held_bytes() const;

private:
    struct Executor;
    using Key = std::pair<std::int64_t, OuterStepWanted>;
    void absorb(const Key& key, const std::shared_ptr<Executor>& executor);
    std::shared_ptr<Executor> take(const Key& key);

    BlobStore& m_blobs;
    Post m_post;
    std::uint64_t m_budget;
    mutable std::mutex m_mutex;
    std::condition_variable m_idle;
    std::uint64_t m_held = 0;
    std::map<Key, std::shared_ptr<Executor>> m_executors;
};

}  // namespace pathloom
