// SPDX-License-Identifier: GPL-3.0-or-later
// What an engine answers, as plain Qt values: nothing above this floor needs to know protobuf.
#pragma once

#include "widgets/client/film_reading.h"

#include <QMetaType>
#include <QString>
#include <QStringList>
#include <QVector>

namespace pathloom::v1 {
class Corpus;
class Document;
class EngineInfo;
class Preset;
class Run;
class ListPathDocumentsResponse;
class RouteTextResponse;
class RoutingView;
class RunEstimate;
class WorkerInfo;
}  // namespace pathloom::v1

namespace pathloom {

/// Where an engine is and how to be let in. The three PEM files are those of mutual TLS; all empty = none.
struct EngineTarget {
    QString address;  ///< "unix:/path" or "host:port"
    QString token;
    QString tlsCa;
    QString tlsCert;
    QString tlsKey;
};

struct EngineFacts {
    QString version;
    int protocol = 0;
    QString project;  ///< folder name
    QString projectPath;
    int workers = 0;
    QString isa;
    qint64 lastSeq = 0;
    qint64 pid = 0;
    int cores = 0;
    bool operator==(const EngineFacts&) const = default;
};

struct PresetRow {
    QString name;
    QString title;
    QString description;
    QString specJson;
    bool operator==(const PresetRow&) const = default;
};

struct DomainRow {
    QString name;
    qint64 documents = 0;
    qint64 tokens = 0;
    qint64 bytes = 0;
    bool operator==(const DomainRow&) const = default;
};

struct RejectedRow {
    QString path;
    QString reason;
    bool operator==(const RejectedRow&) const = default;
};

struct CorpusRow {
    QString name;
    qint64 documents = 0;
    qint64 tokens = 0;
    qint64 bytes = 0;
    QVector<DomainRow> domains;
    QVector<RejectedRow> rejected;
    qint64 exactDuplicates = 0;
    qint64 nearDuplicates = 0;
    int vocabulary = 0;
    qint64 trainDocuments = 0;
    qint64 validDocuments = 0;
    qint64 testDocuments = 0;
    qint64 createdMs = 0;
    bool operator==(const CorpusRow&) const = default;
};

struct DocumentRow {
    qint64 id = 0;
    QString source;
    QString domain;
    QString split;
    qint64 bytes = 0;
    qint64 tokens = 0;
    QString opening;
    qint64 sequences = 0;  ///< on the path that was asked about
    qint64 of = 0;  ///< of so many in all; 0 = no path was asked about
    bool operator==(const DocumentRow&) const = default;
};

struct DocumentPage {
    QVector<DocumentRow> documents;
    qint64 total = 0;
};

enum class RunPhase { Unknown = 0, Running = 1, Stopped = 2, Done = 3, Failed = 4 };  ///< values of v1::RunState

struct RunRow {
    qint64 id = 0;
    QString name;
    QString preset;
    RunPhase state = RunPhase::Unknown;
    QString reason;
    QString stage;
    int phase = 0;
    int phases = 0;
    qint64 step = 0;
    qint64 totalSteps = 0;
    double trainLoss = 0;
    double validLoss = 0;
    quint64 bytesDown = 0;
    quint64 bytesUp = 0;
    qint64 faults = 0;
    double goodput = 0;
    qint64 createdMs = 0;
    qint64 finishedMs = 0;
    QString specJson;
    double testPerplexity = 0;
    int paths = 0;
    bool operator==(const RunRow&) const = default;
};

struct WorkerRow {
    qint64 id = 0;
    QString name;
    QString host;
    qint64 pid = 0;
    bool local = false;
    QString state;
    QString task;
    qint64 heartbeatAgeMs = 0;
    qint64 tasksDone = 0;
    qint64 tasksLost = 0;
    double tokensPerSecond = 0;
    QString isa;
    quint64 bytesDown = 0;
    quint64 bytesUp = 0;
    bool operator==(const WorkerRow&) const = default;
};

struct EstimateFacts {
    QString specJson;
    int paths = 0;
    int modules = 0;
    qint64 pathParameters = 0;
    qint64 embeddingParameters = 0;
    qint64 totalParameters = 0;
    qint64 workerBytes = 0;
    qint64 weightBytes = 0;
    qint64 optimizerBytes = 0;
    qint64 activationBytes = 0;
    qint64 syncBytesPerPhase = 0;
    qint64 dataParallelBytesPerPhase = 0;
    qint64 totalStepsPerPath = 0;
    double flopsPerPath = 0;
    QStringList warnings;
    QString explanation;
};

/// One sequence on the two main axes of the prefix features.
struct RoutingPoint {
    double x = 0, y = 0;
    int path = 0;
    int domain = 0;
    qint64 document = 0;
    QString split;
    bool operator==(const RoutingPoint&) const = default;
};

struct RoutingFacts {
    QString router;
    int routing = 0;  ///< 0 = the first
    QStringList domains;
    QVector<int> paths;  ///< of each row of `counts`
    QVector<QVector<qint64>> counts;  ///< sequences by path and domain
    QVector<RoutingPoint> points;  ///< empty when the router looks at no features
    QVector<double> explained;  ///< part of the variance on each axis
    bool operator==(const RoutingFacts&) const = default;
};

struct RouteShare {
    int path = 0;
    double score = 0;
    double probability = 0;
    bool operator==(const RouteShare&) const = default;
};

/// Where a typed text would go.
struct RouteFacts {
    QString router;
    int tokens = 0;
    int prefix = 0;
    QString read;  ///< the part of the text that was looked at
    QVector<RouteShare> shares;  ///< best first; empty when the router does not look at the text
    bool operator==(const RouteFacts&) const = default;
};

struct ImportOrder {
    QString name;
    QStringList paths;
    QString domain;
    int vocabulary = 0;  ///< 0 = the engine's default
    QString tokenizerModel;
    quint64 seed = 1;
    FilmReading films;
};

struct StartOrder {
    QString specJson;
    QString preset;
    QStringList set;
    QString name;
};

EngineFacts toValue(const v1::EngineInfo& m);
PresetRow toValue(const v1::Preset& m);
CorpusRow toValue(const v1::Corpus& m);
DocumentRow toValue(const v1::Document& m);
RunRow toValue(const v1::Run& m);
WorkerRow toValue(const v1::WorkerInfo& m);
EstimateFacts toValue(const v1::RunEstimate& m);
RoutingFacts toValue(const v1::RoutingView& m);
RouteFacts toValue(const v1::RouteTextResponse& m);
DocumentPage toValue(const v1::ListPathDocumentsResponse& m);

}  // namespace pathloom

Q_DECLARE_METATYPE(pathloom::RunRow)
