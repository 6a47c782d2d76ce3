// SPDX-License-Identifier: GPL-3.0-or-later
// Teaching a batch.
#include "engine/training/teacher.h"

#include "engine/corpus/sequences.h"
#include "engine/store/safetensors.h"

#include <algorithm>
#include <set>

namespace pathloom {

Result<TeacherModel> TeacherModel::load(const v1::TaskSpec& spec, TaskIo& io, std::size_t rows)
{
    const v1::Teacher& given = spec.teacher();
    PATHLOOM_TRY(const ModelSpec shape, parse_model_spec(given.model_json()));
    PATHLOOM_TRY(const ModelSpec student, parse_model_spec(spec.model_json()));
    PATHLOOM_TRY(const Precision precision, parse_precision(spec.precision()));
    if (shape.vocabulary != student.vocabulary)
        return fail(ErrorCode::Usage, "the teacher's vocabulary has {} tokens, the student's {}; teach on one tokenizer",
            shape.vocabulary, student.vocabulary);
    if (!(given.temperature() > 0.0) || given.mix() < 0.0 || given.mix() > 1.0)
        return fail(ErrorCode::Usage, "distillation needs a temperature above 0 and a mix from 0 to 1, got {} and {}",
            given.temperature(), given.mix());
    std::vector<Column> columns;
    for (const v1::ColumnRef& column : given.columns())
        columns.push_back(make_column(column.name(), {column.blocks().begin(), column.blocks().end()}));
    PATHLOOM_TRY(PathModel model, PathModel::create(shape, std::move(columns), precision));
    TeacherModel teacher(std::move(model));
    const ParameterLayout& layout = teacher.m_model.layout();
    teacher.m_columns.resize(layout.columns().size());
    for (const ParameterView& view : layout.tensors()) {
        Range& range = teacher.m_columns[std::size_t(view.column)];
        if (range.size == 0) range.offset = view.offset;
        range.size += view.size;
    }
    for (const v1::TeacherPath& path : given.paths()) {
        if (path.module_hashes_size() != given.columns_size())
            return fail(ErrorCode::Usage, "a path of the teacher has {} modules for {} columns", path.module_hashes_size(),
                given.columns_size());
        teacher.m_paths.emplace_back(path.module_hashes().begin(), path.module_hashes().end());
        for (int c = 0; c < path.module_hashes_size(); ++c) {
            const std::string& hash = path.module_hashes(c);
            if (teacher.m_modules.contains(hash)) continue;
            PATHLOOM_TRY(const std::filesystem::path file, io.fetch(hash, BlobClass::Data));
            PATHLOOM_TRY(const Safetensors blob, Safetensors::open(file));
            PATHLOOM_CHECK(layout.load_column(c, blob, teacher.m_model.parameters()));
            const Range& range = teacher.m_columns[std::size_t(c)];
            const auto values = teacher.m_model.parameters().subspan(range.offset, range.size);
            teacher.m_modules[hash].assign(values.begin(), values.end());
        }
    }
    PATHLOOM_TRY(const std::filesystem::path route, io.fetch(given.route_hash(), BlobClass::Data));
    PATHLOOM_TRY(teacher.m_route, read_subset(route));
    if (teacher.m_route.size() != rows)
        return fail(ErrorCode::Corrupt, "the teacher routes {} sequences, the task has {}", teacher.m_route.size(), rows);
    for (const std::int32_t path : teacher.m_route)
        if (path < 0 || path >= given.paths_size())
            return fail(
                ErrorCode::Corrupt, "the teacher has {} paths, but a sequence is routed to path {}", given.paths_size(), path);
    teacher.m_temperature = float(given.temperature());
    teacher.m_mix = float(given.mix());
    teacher.m_awake.resize(teacher.m_columns.size());
    return teacher;
}

void TeacherModel::wake(int path)
{
    const auto& wanted = m_paths[std::size_t(path)];
    for (std::size_t c = 0; c < wanted.size(); ++c) {
        if (m_awake[c] == wanted[c]) continue;
        std::ranges::copy(m_modules.at(wanted[c]), m_model.parameters().begin() + std::ptrdiff_t(m_columns[c].offset));
        m_awake[c] = wanted[c];
    }
}

SoftTargets TeacherModel::targets(std::span<const std::int32_t> rows, const TokenBatch& batch)
{
    const auto d = std::size_t(m_model.spec().d_model), width = std::size_t(batch.sequence);
    m_path_of_row.clear();
    for (const std::int32_t row : rows) m_path_of_row.push_back(m_route[std::size_t(row)]);
    m_hidden.resize(rows.size() * width * d);
    for (const int path : std::set<int>(m_path_of_row.begin(), m_path_of_row.end())) {
        TokenBatch part{0, batch.sequence, {}, {}};
        for (std::size_t r = 0; r < rows.size(); ++r) {
            if (m_path_of_row[r] != path) continue;
            const auto from = batch.inputs.begin() + std::ptrdiff_t(r * width);
            part.inputs.insert(part.inputs.end(), from, from + std::ptrdiff_t(width));
            ++part.rows;
        }
        part.targets.assign(part.inputs.size(), -1);
        wake(path);
        const auto hidden = m_model.hidden(part);
        std::size_t taken = 0;
        for (std::size_t r = 0; r < rows.size(); ++r) {
            if (m_path_of_row[r] != path) continue;
            std::ranges::copy(hidden.subspan(taken * width * d, width * d), m_hidden.begin() + std::ptrdiff_t(r * width * d));
            ++taken;
        }
    }
    const auto logits = [this, width, d](std::size_t first, int tokens, float* out) {
        const auto vocabulary = std::size_t(m_model.spec().vocabulary), end = first + std::size_t(tokens);
        while (first < end) {
            const std::size_t row = first / width, count = std::min(end, (row + 1) * width) - first;
            wake(m_path_of_row[row]);
            m_model.logits(std::span(m_hidden).subspan(first * d, count * d), std::span(out, count * vocabulary));
            out += count * vocabulary;
            first += count;
        }
    };
    return {logits, m_temperature, m_mix};
}

}  // namespace pathloom
