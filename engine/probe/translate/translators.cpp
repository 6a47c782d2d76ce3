// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/translators.h"

#include "engine/core/resources.h"

#include <algorithm>

namespace pathloom {

namespace {

/// "reader" is the one trained to translate, where there is one (resources/readers/translator-s.json).
Result<std::filesystem::path> folder_of(const std::string& model)
{
    if (model != "reader") return reader_folder(model);
    auto own = resource_path("models/translator-s");
    return own ? std::move(own) : reader_folder("shipped");
}

bool holds_reader(const std::filesystem::path& folder)
{
    std::error_code ignored;
    return std::filesystem::exists(folder / "model.safetensors", ignored);
}

}  // namespace

std::vector<KnownTranslator> known_translators()
{
    std::vector<KnownTranslator> known{{"lexical", {}, {}}, {"nearest", {}, {}}};
    std::vector<std::filesystem::path> taken;
    for (const char* model : {"reader", "shipped"}) {
        KnownTranslator translator{model, {}, {}};
        if (const auto folder = folder_of(model); !folder) {
            translator.problem = folder.error().message;
        } else if (!holds_reader(*folder)) {
            translator.problem = fmt::format("{} holds no reader; reinstall Pathloom", folder->string());
        } else {
            translator.reader = folder->filename().string();
            taken.push_back(*folder);
        }
        known.push_back(std::move(translator));
    }
    if (const auto models = resource_path("models")) {
        std::vector<std::filesystem::path> others;
        std::error_code error;
        for (std::filesystem::directory_iterator at(*models, error), end; !error && at != end; at.increment(error))
            if (holds_reader(at->path()) && std::ranges::find(taken, at->path()) == taken.end()) others.push_back(at->path());
        std::ranges::sort(others);
        for (const auto& folder : others) known.push_back({folder.string(), folder.filename().string(), {}});
    }
    KnownTranslator endpoint{"endpoint", {}, {}};
    if (const auto program = sibling_program("pathloom-endpoint"); !program) endpoint.problem = program.error().message;
    known.push_back(std::move(endpoint));
    return known;
}

Result<std::unique_ptr<Translator>> Translators::make(
    const TranslatorChoice& choice, const TranslationMaterial& material, const MemoryProgress& progress)
{
    if (choice.model == "lexical") return make_lexical_translator(material);
    if (choice.model == "nearest") return make_nearest_translator(material);
    if (choice.model == "endpoint") {
        PATHLOOM_CHECK(check_window(material, choice.endpoint_window));
        if (!m_endpoint) {
            PATHLOOM_TRY(Endpoint endpoint, Endpoint::create(choice.endpoint));
            m_endpoint = std::make_shared<Endpoint>(std::move(endpoint));
        }
        return make_endpoint_translator(m_endpoint, material);
    }
    std::shared_ptr<ReaderPackage>& reader = m_readers[choice.model];
    if (!reader) {
        auto folder = folder_of(choice.model);
        if (!folder)
            return fail(folder.error().code, "{} (models are lexical, nearest, reader, shipped, endpoint or a folder)",
                folder.error().message);
        PATHLOOM_TRY(ReaderPackage package, load_reader(*folder, Precision::Fp32));
        reader = std::make_shared<ReaderPackage>(std::move(package));
    }
    return make_reader_translator(reader, material, progress);
}

}  // namespace pathloom
