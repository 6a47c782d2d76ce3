// SPDX-License-Identifier: GPL-3.0-or-later
// Protobuf to plain values, field by field.
#include "widgets/client/values.h"

#include "pathloom/v1/engine.pb.h"

namespace pathloom {
namespace {
QString text(const std::string& s)
{
    return QString::fromStdString(s);
}
}  // namespace

EngineFacts toValue(const v1::EngineInfo& m)
{
    return {text(m.version()), m.protocol(), text(m.project()), text(m.project_path()), m.workers(), text(m.isa()), m.last_seq(),
        m.pid(), m.cores()};
}

PresetRow toValue(const v1::Preset& m)
{
    return {text(m.name()), text(m.title()), text(m.description()), text(m.spec_json())};
}

CorpusRow toValue(const v1::Corpus& m)
{
    CorpusRow row;
    row.name = text(m.name());
    row.documents = m.documents();
    row.tokens = m.tokens();
    row.bytes = m.bytes();
    for (const auto& domain : m.domains())
        row.domains.append({text(domain.name()), domain.documents(), domain.tokens(), domain.bytes()});
    for (const auto& rejected : m.rejected()) row.rejected.append({text(rejected.path()), text(rejected.reason())});
    row.exactDuplicates = m.exact_duplicates();
    row.nearDuplicates = m.near_duplicates();
    row.vocabulary = m.vocabulary();
    row.trainDocuments = m.train_documents();
    row.validDocuments = m.valid_documents();
    row.testDocuments = m.test_documents();
    row.createdMs = m.created_ms();
    return row;
}

DocumentRow toValue(const v1::Document& m)
{
    return {m.id(), text(m.source()), text(m.domain()), text(m.split()), m.bytes(), m.tokens(), text(m.opening())};
}

RunRow toValue(const v1::Run& m)
{
    RunRow row;
    row.id = m.id();
    row.name = text(m.name());
    row.preset = text(m.preset());
    row.state = RunPhase(int(m.state()));
    row.reason = text(m.reason());
    row.stage = text(m.stage());
    row.phase = m.phase();
    row.phases = m.phases();
    row.step = m.step();
    row.totalSteps = m.total_steps();
    row.trainLoss = m.train_loss();
    row.validLoss = m.valid_loss();
    row.bytesDown = m.bytes_down();
    row.bytesUp = m.bytes_up();
    row.faults = m.faults();
    row.goodput = m.goodput();
    row.createdMs = m.created_ms();
    row.finishedMs = m.finished_ms();
    row.specJson = text(m.spec_json());
    row.testPerplexity = m.test_perplexity();
    row.paths = m.paths();
    return row;
}

WorkerRow toValue(const v1::WorkerInfo& m)
{
    WorkerRow row;
    row.id = m.id();
    row.name = text(m.name());
    row.host = text(m.host());
    row.pid = m.pid();
    row.local = m.local();
    row.state = text(m.state());
    row.task = text(m.task());
    row.heartbeatAgeMs = m.heartbeat_age_ms();
    row.tasksDone = m.tasks_done();
    row.tasksLost = m.tasks_lost();
    row.tokensPerSecond = m.tokens_per_second();
    row.isa = text(m.isa());
    row.bytesDown = m.bytes_down();
    row.bytesUp = m.bytes_up();
    return row;
}

EstimateFacts toValue(const v1::RunEstimate& m)
{
    EstimateFacts e;
    e.specJson = text(m.spec_json());
    e.paths = m.paths();
    e.modules = m.modules();
    e.pathParameters = m.path_parameters();
    e.embeddingParameters = m.embedding_parameters();
    e.totalParameters = m.total_parameters();
    e.workerBytes = m.worker_bytes();
    e.weightBytes = m.weight_bytes();
    e.optimizerBytes = m.optimizer_bytes();
    e.activationBytes = m.activation_bytes();
    e.syncBytesPerPhase = m.sync_bytes_per_phase();
    e.dataParallelBytesPerPhase = m.data_parallel_bytes_per_phase();
    e.totalStepsPerPath = m.total_steps_per_path();
    e.flopsPerPath = m.flops_per_path();
    for (const auto& warning : m.warnings()) e.warnings.append(text(warning));
    e.explanation = text(m.explanation());
    return e;
}

RoutingFacts toValue(const v1::RoutingView& m)
{
    RoutingFacts facts;
    facts.router = text(m.router());
    facts.routing = m.routing();
    for (const auto& domain : m.domains()) facts.domains.append(text(domain));
    for (const auto& row : m.confusion()) {
        facts.paths.append(row.path());
        facts.counts.append(QVector<qint64>(row.by_domain().begin(), row.by_domain().end()));
    }
    for (const auto& point : m.points())
        facts.points.append(
            {double(point.x()), double(point.y()), point.path(), point.domain(), qint64(point.document()), text(point.split())});
    for (const double part : m.explained()) facts.explained.append(part);
    return facts;
}

RouteFacts toValue(const v1::RouteTextResponse& m)
{
    RouteFacts facts;
    facts.router = text(m.router());
    facts.tokens = m.tokens();
    facts.prefix = m.prefix();
    facts.read = text(m.read());
    for (const auto& cell : m.cells()) facts.shares.append({cell.path(), cell.score(), cell.probability()});
    return facts;
}

DocumentPage toValue(const v1::ListPathDocumentsResponse& m)
{
    DocumentPage page;
    page.total = m.total();
    for (const auto& found : m.documents()) {
        DocumentRow row = toValue(found.document());
        row.sequences = found.sequences();
        row.of = found.of();
        page.documents.append(row);
    }
    return page;
}

}  // namespace pathloom
