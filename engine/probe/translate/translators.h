// SPDX-License-Identifier: GPL-3.0-or-later
// Who translates: by name.
#pragma once

#include "engine/probe/translate/endpoint_translator.h"
#include "engine/probe/translate/reader_translator.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace pathloom {

struct TranslatorChoice {
    /// "lexical", "nearest", "reader" (the shipped translator), "shipped" (the shipped reader of documents), "endpoint", or the
    /// folder of a reader.
    std::string model;
    EndpointOptions endpoint;  ///< its key comes from $PATHLOOM_ENDPOINT_KEY
    std::int64_t endpoint_window = 128'000;  ///< tokens
};

/// A translator that can be named, and what it reads with or why it cannot be used here.
struct KnownTranslator {
    std::string id;  ///< TranslatorChoice::model
    std::string reader;  ///< name of the reader behind it; empty for the others
    std::string problem;  ///< empty when it can be used
};
/// lexical, nearest, reader, shipped, every other reader among the resources (its folder is its id), endpoint.
std::vector<KnownTranslator> known_translators();

class Translators {
public:
    /// Usage for what cannot be meant, NotFound for a model that is not there.
    Result<std::unique_ptr<Translator>> make(
        const TranslatorChoice& choice, const TranslationMaterial& material, const MemoryProgress& progress);

    /// The next endpoint starts with a whole budget: it counts what is asked between two calls of this.
    void renew_budget() { m_endpoint.reset(); }

private:
    std::map<std::string, std::shared_ptr<ReaderPackage>> m_readers;  // loaded once
    std::shared_ptr<Endpoint> m_endpoint;
};

}  // namespace pathloom
