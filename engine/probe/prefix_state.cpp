// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/prefix_state.h"

#include "engine/core/files.h"
#include "engine/corpus/text.h"
#include "engine/corpus/tokenizer.h"
#include "engine/model/path_model.h"
#include "engine/model/spec.h"
#include "engine/store/safetensors.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace pathloom {

namespace {

using nlohmann::json;

Result<PathModel> load_model(const json& request)
{
    PATHLOOM_TRY(const ModelSpec model, parse_model_spec(request.at("model").dump()));
    PATHLOOM_TRY(const Precision precision, parse_precision(request.at("precision").get<std::string>()));
    std::vector<Column> columns;
    for (const json& column : request.at("columns"))
        columns.push_back(make_column(column.at("name").get<std::string>(), column.at("blocks").get<std::vector<int>>()));
    PATHLOOM_TRY(PathModel path, PathModel::create(model, std::move(columns), precision));
    int index = 0;
    for (const json& column : request.at("columns")) {
        PATHLOOM_TRY(const Safetensors blob, Safetensors::open(column.at("file").get<std::string>()));
        PATHLOOM_CHECK(path.layout().load_column(index++, blob, path.parameters()));
    }
    return path;
}

Result<PrefixState> state_of(const json& request)
{
    const std::string text = normalised(request.at("text").get<std::string>());
    const int prefix = std::max(1, request.at("prefix").get<int>());
    PATHLOOM_TRY(const std::string model, read_file(request.at("tokenizer").get<std::string>()));
    PATHLOOM_TRY(const Tokenizer tokenizer, Tokenizer::from_model(model));
    const std::vector<Token> tokens = tokenizer.encode(text);
    if (tokens.empty()) return fail(ErrorCode::Usage, "there is no text to route; give a sentence");
    PrefixState out;
    out.tokens = int(std::min(tokens.size(), std::size_t(prefix)));
    out.read = std::size_t(out.tokens) < tokens.size() ? text.substr(0, std::size_t(tokens[std::size_t(out.tokens)].byte)) : text;

    PATHLOOM_TRY(PathModel path, load_model(request));
    // As prefix_features() does it for a row of a corpus: padded to the prefix, averaged over what there is.
    TokenBatch batch{
        1, prefix, std::vector<std::int32_t>(std::size_t(prefix), 0), std::vector<std::int32_t>(std::size_t(prefix), -1)};
    for (int t = 0; t < out.tokens; ++t) batch.inputs[std::size_t(t)] = tokens[std::size_t(t)].id;
    const auto hidden = path.hidden(batch);
    const auto d = std::size_t(path.spec().d_model);
    for (std::size_t i = 0; i < d; ++i) {
        double sum = 0.0;
        for (std::size_t t = 0; t < std::size_t(out.tokens); ++t) sum += double(hidden[t * d + i]);
        out.z.push_back(float(sum / double(out.tokens)));
    }
    return out;
}

}  // namespace

Result<PrefixState> prefix_state(std::string_view request)
{
    try {
        return state_of(json::parse(request));
    } catch (const json::exception& error) {
        return fail(ErrorCode::Usage, "the request for a prefix state is not what it should be: {}", error.what());
    }
}

}  // namespace pathloom
