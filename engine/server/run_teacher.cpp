// SPDX-License-Identifier: GPL-3.0-or-later
// Distillation: a finished run as the teacher of another one.
#include "engine/server/run_controller.h"

#include <google/protobuf/util/json_util.h>

namespace pathloom {

namespace {

constexpr const char* teacher_asset = "teacher";
constexpr const char* route_asset = "teacher.route";

}  // namespace

Result<TeacherJob> RunController::teacher_job() const
{
    if (m_row.state != v1::RUN_STATE_DONE || m_assignments.empty())
        return fail(ErrorCode::Usage,
            "run {} cannot teach before it is done; wait for it or name another in distillation.teacher", m_row.id);
    TeacherJob job;
    job.run = m_row.id;
    PATHLOOM_TRY(job.sequences, asset("sequences"));
    PATHLOOM_TRY(job.tokens, asset("tokens"));
    job.teacher.set_model_json(to_json(m_plan.spec.model));
    for (const Column& column : m_plan.topology.columns) {
        auto* ref = job.teacher.add_columns();
        ref->set_name(column.name);
        for (const int block : column.blocks) ref->add_blocks(block);
    }
    for (int path = 0; path < m_plan.topology.paths(); ++path) {
        PATHLOOM_TRY(const auto hashes, path_hashes(path, final_version(path)));
        auto* modules = job.teacher.add_paths();
        for (const auto& hash : hashes) modules->add_module_hashes(hash);
    }
    for (const int cell : m_assignments.back().cell_of_row) job.route.push_back(std::int32_t(scoring_path(m_plan, cell)));
    return job;
}

Result<void> hire_teacher(const TeacherJob& job, PreparedRun& student, BlobStore& blobs)
{
    const DistillationSpec& wanted = student.plan.spec.distillation;
    if (student.assets.at("tokens") != job.tokens || student.assets.at("sequences") != job.sequences)
        return fail(ErrorCode::Usage,
            "run {} cannot teach this one: it has other sequences; use its data.corpus, data.sequence and routing.prefix",
            job.run);
    PATHLOOM_TRY(const auto model, parse_model_spec(job.teacher.model_json()));
    if (model.vocabulary != student.plan.spec.model.vocabulary)
        return fail(ErrorCode::Usage, "run {} cannot teach this one: its model.vocabulary is {}, this one's {}", job.run,
            model.vocabulary, student.plan.spec.model.vocabulary);
    v1::Teacher teacher = job.teacher;
    teacher.set_temperature(wanted.temperature);
    teacher.set_mix(wanted.mix);
    PATHLOOM_TRY(student.assets[route_asset], blobs.put(write_subset(job.route)));
    teacher.set_route_hash(student.assets[route_asset]);
    std::string text;
    if (!google::protobuf::util::MessageToJsonString(teacher, &text).ok())
        return fail(ErrorCode::Failed, "the teacher of this run cannot be written down; report this");
    student.assets[teacher_asset] = text;
    return {};
}

Result<void> RunController::set_teacher(v1::TaskSpec& spec) const
{
    if (m_plan.spec.distillation.teacher == 0) return {};
    PATHLOOM_TRY(const auto text, asset(teacher_asset));
    if (!google::protobuf::util::JsonStringToMessage(text, spec.mutable_teacher()).ok())
        return fail(ErrorCode::Corrupt, "run {}'s teacher cannot be read from the project", m_row.id);
    return {};
}

}  // namespace pathloom
