// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation about documents: pathloom-probe keeps the reader and the memories open and answers one request after another.
// A request is a JSON object with "id" and "do"; every answer names the id and an "event". See docs/probes.md, "A session".
#pragma once

#include "engine/corpus/document_reader.h"
#include "engine/probe/contestant.h"
#include "engine/probe/needle_grid.h"
#include "engine/probe/result_store.h"
#include "engine/probe/session_io.h"
#include "engine/probe/visual_memory.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

inline constexpr std::string_view MainReader = "reader";  ///< the one a session was started with

struct SessionOptions {
    std::string model = "shipped";
    std::filesystem::path memory;  ///< folder of encoded documents and of the texts shown
    int threads = 2;
    int max_tokens = 40;
};

class ProbeSession {
public:
    ProbeSession(SessionOptions options, SessionIo io);
    ~ProbeSession();
    /// One request; errors are said, never returned: the session goes on.
    void handle(const nlohmann::json& request);

private:
    struct Document;
    Result<void> dispatch(const nlohmann::json& request);
    Result<void> add(const nlohmann::json& request);
    /// False when it is open already or cannot be read, which is said.
    Result<bool> open(ReaderPackage& package, const std::filesystem::path& file, const ReadLimits& limits, bool pictures);
    /// When each stretch of a film's, a sound's or subtitles' text begins and ends; nothing for other documents.
    void say_places(const Document& document);
    Result<void> remove(const nlohmann::json& request);
    Result<void> contestants();
    Result<void> ask(const nlohmann::json& request);
    Result<void> beside(const nlohmann::json& request);
    Result<void> needle(const nlohmann::json& request);
    Result<void> nll(const nlohmann::json& request);
    Result<void> results(const nlohmann::json& request);
    /// One reader's answer to a question about all documents, with what its memories hold.
    Result<void> say_beside(const std::string& id, const nlohmann::json& request);
    Result<void> needle_by(
        const std::string& id, Document& document, NeedleGridRequest grid, const nlohmann::json& request, std::size_t& cells);
    /// The frame encoder, once it is needed.
    Result<VisionModel*> frames();
    /// Where an answer was read: in the texts, or in one picture.
    void add_text_places(const Answer& answer, nlohmann::json& marks, nlohmann::json& passages) const;
    void add_picture_place(const VisualAnswer& answer, nlohmann::json& marks, nlohmann::json& passages) const;
    Result<ReaderPackage*> reader() { return reader_named(std::string(MainReader)); }
    /// MainReader, or "reader:" and a folder or the name of a shipped one.
    Result<ReaderPackage*> reader_named(const std::string& id);
    Result<MemoryFile*> memory_of(Document& document, const std::string& reader);
    Result<Document*> document_named(const nlohmann::json& request);
    Result<std::vector<std::unique_ptr<Contestant>>> baselines_of(
        ReaderPackage& package, const nlohmann::json& request, const AnswerOptions& options);
    /// Where the project of the request keeps its results; nothing when it names none.
    Result<std::optional<ResultStore>> store_of(const nlohmann::json& request);
    [[nodiscard]] AnswerOptions answer_options() const;
    void say(const char* event, nlohmann::json fields);
    [[nodiscard]] MemoryProgress progress(const std::string& what);

    SessionOptions m_options;
    SessionIo m_io;
    std::int64_t m_id = 0;
    std::map<std::string, ReaderPackage> m_readers;
    std::optional<VisionModel> m_frames;
    std::vector<std::unique_ptr<Document>> m_documents;
};

}  // namespace pathloom
