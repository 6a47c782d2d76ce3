// SPDX-License-Identifier: GPL-3.0-or-later
// pathloomctl run digest, run eval, export path: what came out of a run.
#include "engine/cli/proto_json.h"
#include "engine/cli/shell.h"
#include "engine/cli/table.h"
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/store/safetensors.h"

#include <fmt/format.h>

#include <filesystem>
#include <set>
#include <span>

namespace pathloom {

namespace {

using Stub = v1::Engine::StubInterface;

Result<void> digest(Shell& shell, std::int64_t id)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    v1::RunRequest request;
    request.set_id(id);
    PATHLOOM_TRY(const auto answer, session->call(&Stub::DigestRun, request));
    auto document = to_json(answer);
    document["run"] = id;
    shell.print(document, fmt::format("{}  {} modules\n", answer.sha256(), answer.modules()));
    return {};
}

std::string number(const nlohmann::json& object, const char* key, int digits)
{
    return object.contains(key) && object[key].is_number() ? fmt::format("{:.{}f}", object[key].get<double>(), digits) : "-";
}
std::string count(const nlohmann::json& object, const char* key)
{
    return object.contains(key) && object[key].is_number() ? human_count(object[key].get<std::int64_t>()) : "-";
}

std::string describe_result(const nlohmann::json& result)
{
    std::string text = fmt::format("perplexity {}  (nll {}, {} tokens, split {}, route {})\n", number(result, "perplexity", 4),
        number(result, "nll", 5), count(result, "tokens"), result.value("split", ""), result.value("route", ""));
    if (result.contains("domains") && result["domains"].is_object()) {
        Table table({"DOMAIN", "PERPLEXITY", "NLL", "TOKENS", "SEQUENCES"});
        for (const auto& [name, domain] : result["domains"].items())
            table.add({name, number(domain, "perplexity", 4), number(domain, "nll", 5), count(domain, "tokens"),
                count(domain, "sequences")});
        if (!table.empty()) text += "\n" + table.text();
    }
    if (result.contains("paths") && result["paths"].is_array()) {
        Table table({"PATH", "PERPLEXITY", "TOKENS", "SEQUENCES"});
        for (const auto& path : result["paths"])
            table.add({count(path, "path"), number(path, "perplexity", 4), count(path, "tokens"), count(path, "sequences")});
        if (!table.empty()) text += "\n" + table.text();
    }
    return text;
}

Result<void> eval(Shell& shell, std::int64_t id, const std::string& split, const std::string& route)
{
    PATHLOOM_TRY(const auto session, shell.connect(workers_for_scoring));
    v1::EvalRunRequest request;
    request.set_id(id);
    request.set_split(split);
    request.set_route(route);
    PATHLOOM_TRY(const auto answer, session->call(&Stub::EvalRun, request));
    const auto result = nlohmann::json::parse(answer.result_json(), nullptr, false);
    if (!result.is_object())
        return fail(ErrorCode::Corrupt, "the engine's evaluation of run {} is not a document; see its log", id);
    shell.print(result, describe_result(result));
    return {};
}

/// The modules of a path as one file, tensors in the path's order: what other programs expect of a model.
Result<std::string> merge_modules(const std::vector<std::string>& modules)
{
    std::vector<Safetensors> parsed;
    std::vector<TensorView> tensors;
    std::set<std::string> names;
    for (const auto& module : modules) {
        PATHLOOM_TRY(auto one, Safetensors::parse(std::as_bytes(std::span(module))));
        parsed.push_back(std::move(one));
        for (const auto& tensor : parsed.back().tensors()) {
            if (!names.insert(tensor.name).second)
                return fail(
                    ErrorCode::Corrupt, "two modules of the path hold a tensor '{}'; the export cannot be one file", tensor.name);
            tensors.push_back(tensor);
        }
    }
    const auto bytes = write_safetensors(tensors, {{"format", "pt"}});
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<void> export_path(Shell& shell, std::int64_t id, int path, const std::string& out)
{
    PATHLOOM_TRY(const auto session, shell.connect());
    v1::ExportPathRequest request;
    request.set_id(id);
    request.set_path(path);
    PATHLOOM_TRY(const auto answer, session->call(&Stub::ExportPath, request));
    PATHLOOM_CHECK(make_folders(out));
    nlohmann::json files = nlohmann::json::array();
    Table table({"FILE", "BYTES", "SHA256"});
    const auto keep = [&](const std::string& name, const std::string& bytes) -> Result<void> {
        PATHLOOM_CHECK(write_file_atomic(std::filesystem::path(out) / name, bytes));
        const std::string hash = sha256_hex(bytes);
        files.push_back({{"name", name}, {"bytes", bytes.size()}, {"sha256", hash}});
        table.add({name, human_count(std::int64_t(bytes.size())), hash});
        return {};
    };
    std::vector<std::string> modules;
    for (const auto& file : answer.files()) {
        // A name from the wire must not lead out of the folder.
        const std::filesystem::path name = file.name();
        if (name.empty() || name.has_parent_path() || name == "." || name == "..")
            return fail(ErrorCode::Corrupt, "the engine names an exported file '{}', which is no plain file name", file.name());
        std::string bytes = file.content();
        if (bytes.empty() && !file.hash().empty()) {
            PATHLOOM_TRY(bytes, session->blob(file.hash()));
        }
        const std::string hash = sha256_hex(bytes);
        if (!file.hash().empty() && hash != file.hash())
            return fail(ErrorCode::Corrupt, "{} does not match its hash {}; export it again", file.name(), file.hash());
        if (file.name().ends_with(".safetensors") && file.name() != "model.safetensors") {
            modules.push_back(std::move(bytes));
        } else {
            PATHLOOM_CHECK(keep(file.name(), bytes));
        }
    }
    if (!modules.empty()) {
        PATHLOOM_TRY(const std::string model, merge_modules(modules));
        PATHLOOM_CHECK(keep("model.safetensors", model));
    }
    shell.print({{"run", id}, {"path", path}, {"out", out}, {"files", files}}, table.text());
    return {};
}

}  // namespace

void add_result_verbs(CLI::App& app, Shell& shell, CLI::App& run)
{
    auto id = std::make_shared<std::int64_t>(0);
    auto* digest_verb = run.add_subcommand("digest", "One hash over all modules and outer momenta: equal digest, equal bits");
    digest_verb->add_option("ID", *id, "Run id")->required();
    on_parsed(digest_verb, shell, [&shell, id] { return digest(shell, *id); });

    auto split = std::make_shared<std::string>("test");
    auto route = std::make_shared<std::string>("once");
    auto router = std::make_shared<std::string>("linear");
    auto* eval_verb = run.add_subcommand("eval", "Perplexity overall, per domain and per path");
    eval_verb->add_option("ID", *id, "Run id")->required();
    eval_verb->add_option("--split", *split, "test (the default) or valid")->check(CLI::IsMember({"valid", "test"}));
    eval_verb->add_option("--route", *route,
        "once: a sequence stays with the path its prefix chooses; 128, 64, 32, 16: choose anew after so many tokens; oracle, "
        "oracle-W: the best path of every 16 or W tokens");
    eval_verb
        ->add_option("--router", *router,
            "Who chooses anew: linear (the default), on the mean state of the chunk before; token, the warm-start model "
            "fine-tuned to "
            "say which path is best from here on")
        ->check(CLI::IsMember({"linear", "token"}));
    on_parsed(eval_verb, shell, [&shell, id, split, route, router]() -> Result<void> {
        const bool number = !route->empty() && route->find_first_not_of("0123456789") == std::string::npos;
        if (*router == "token" && !number)
            return fail(ErrorCode::Usage, "--router token chooses anew after --route W tokens; give W, for example --route 64");
        return eval(shell, *id, *split, *router == "token" ? *route + "-token" : *route);
    });

    auto* exports = app.add_subcommand("export", "Take a model out of the project")->require_subcommand(1);
    auto path = std::make_shared<int>(0);
    auto out = std::make_shared<std::string>();
    auto* path_verb = exports->add_subcommand("path", "One path as safetensors, with its config and tokenizer");
    path_verb->add_option("ID", *id, "Run id")->required();
    path_verb->add_option("PATH", *path, "Path number")->required()->check(CLI::NonNegativeNumber);
    path_verb->add_option("--out", *out, "Folder to write to")->required();
    on_parsed(path_verb, shell, [&shell, id, path, out] { return export_path(shell, *id, *path, *out); });
}

}  // namespace pathloom
