// SPDX-License-Identifier: GPL-3.0-or-later
// The teacher of a distillation task: a whole routed mixture, of which one path at a time is awake.
#pragma once

#include "engine/model/path_model.h"
#include "engine/training/task_runner.h"
#include "pathloom/v1/tasks.pb.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

class TeacherModel {
public:
    /// Fetches every module once, however many paths share it. `rows` is the length of the task's sequence table. Corrupt or
    /// Usage when the teacher does not fit: another vocabulary, a path without a module a column, a row routed to no path.
    static Result<TeacherModel> load(const v1::TaskSpec& spec, TaskIo& io, std::size_t rows);

    /// Runs each row of `batch`, which are the rows `rows` of the sequence table, through the path it is routed to. What comes
    /// back asks this object for logits until the next call.
    [[nodiscard]] SoftTargets targets(std::span<const std::int32_t> rows, const TokenBatch& batch);

private:
    explicit TeacherModel(PathModel model)
        : m_model(std::move(model))
    {
    }
    void wake(int path);

    struct Range {
        std::size_t offset = 0;
        std::size_t size = 0;
    };
    PathModel m_model;
    std::vector<Range> m_columns;  ///< of the model's parameters
    std::map<std::string, std::vector<float>> m_modules;  ///< by hash
    std::vector<std::vector<std::string>> m_paths;  ///< a hash a column
    std::vector<std::int32_t> m_route;  ///< by row of the sequence table
    std::vector<std::string> m_awake;  ///< hashes in the model now
    float m_temperature = 1.0f;
    float m_mix = 0.5f;

    std::vector<int> m_path_of_row;  ///< of the batch
    std::vector<float> m_hidden;  ///< of the batch, [rows * sequence, d_model]
};

}  // namespace pathloom
