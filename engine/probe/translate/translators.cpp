// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/translators.h"

#include "engine/core/resources.h"

namespace pathloom {

Result<std::unique_ptr<Translator>> Translators::make(
    const TranslatorChoice& choice, const TranslationMaterial& material, const MemoryProgress& progress)
{
    if (choice.model == "lexical") return make_lexical_translator(material);
    if (choice.model == "nearest") return make_nearest_translator(material);
    if (choice.model == "endpoint") return make_endpoint_translator(choice.endpoint, choice.endpoint_window, material);
    std::shared_ptr<ReaderPackage>& reader = m_readers[choice.model];
    if (!reader) {
        std::filesystem::path folder;
        if (choice.model == "reader") {
            auto own = resource_path("models/translator-s");  // where one was trained (resources/readers/translator-s.json)
            if (!own) own = reader_folder("shipped");
            PATHLOOM_TRY(folder, std::move(own));
        } else {
            auto known = reader_folder(choice.model);
            if (!known)
                return fail(known.error().code, "{} (models are lexical, nearest, reader, shipped, endpoint or a folder)",
                    known.error().message);
            folder = *known;
        }
        PATHLOOM_TRY(ReaderPackage package, load_reader(folder, Precision::Fp32));
        reader = std::make_shared<ReaderPackage>(std::move(package));
    }
    return make_reader_translator(reader, material, progress);
}

}  // namespace pathloom
