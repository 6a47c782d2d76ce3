// SPDX-License-Identifier: GPL-3.0-or-later
// Who translates: by name.
#pragma once

#include "engine/probe/translate/endpoint_translator.h"
#include "engine/probe/translate/reader_translator.h"

#include <map>
#include <memory>
#include <string>

namespace pathloom {

struct TranslatorChoice {
    /// "lexical", "nearest", "reader" (the shipped translator), "shipped" (the shipped reader of documents), "endpoint", or the
    /// folder of a reader.
    std::string model;
    EndpointOptions endpoint;  ///< its key comes from $PATHLOOM_ENDPOINT_KEY
    std::int64_t endpoint_window = 128'000;  ///< tokens
};

class Translators {
public:
    /// Usage for what cannot be meant, NotFound for a model that is not there.
    Result<std::unique_ptr<Translator>> make(
        const TranslatorChoice& choice, const TranslationMaterial& material, const MemoryProgress& progress);

private:
    std::map<std::string, std::shared_ptr<ReaderPackage>> m_readers;  // loaded once
};

}  // namespace pathloom
