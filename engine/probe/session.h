// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation about documents: pathloom-probe keeps the reader and the memories open and answers one request after another.
// A request is a JSON object with "id" and "do"; every answer names the id and an "event". See docs/probes.md, "A session".
#pragma once

#include "engine/corpus/document_reader.h"
#include "engine/probe/needle_grid.h"
#include "engine/probe/session_io.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pathloom {

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
    Result<bool> open(ReaderPackage& package, const std::filesystem::path& file, const ReadLimits& limits);
    Result<void> remove(const nlohmann::json& request);
    Result<void> ask(const nlohmann::json& request);
    Result<void> needle(const nlohmann::json& request);
    Result<ReaderPackage*> reader();
    void say(const char* event, nlohmann::json fields);
    [[nodiscard]] MemoryProgress progress(const std::string& what);

    SessionOptions m_options;
    SessionIo m_io;
    std::int64_t m_id = 0;
    std::optional<ReaderPackage> m_reader;
    std::vector<std::unique_ptr<Document>> m_documents;
};

}  // namespace pathloom
