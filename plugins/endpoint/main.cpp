// SPDX-License-Identifier: GPL-3.0-or-later
// pathloom-endpoint: asks models elsewhere through endpoint plugins, one JSON request a line on stdin, one reply a line on
// stdout. It alone reads keys, from $PATHLOOM_ENDPOINT_KEY or the keyring, and it ends with the program that started it.
//   {"kind","url","model","prompt","max_tokens","timeout"} -> {"kind","text","connected","tokens","retry_after","key"}
// --list says which plugins there are.
#include "engine/core/one_line.h"
#include "engine/core/resources.h"
#include "plugins/api/model_endpoint.h"
#include "plugins/api/plugin_metadata.h"

#include <nlohmann/json.hpp>
#include <qt6keychain/keychain.h>

#include <QCoreApplication>
#include <QEventLoop>
#include <QTimer>

#include <sys/prctl.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>

namespace {

using namespace pathloom;
using nlohmann::json;

constexpr int keyring_ms = 5000;

struct Plugin {
    std::filesystem::path file;
    std::string id, name, problem;
};

std::vector<Plugin> list_plugins()
{
    std::filesystem::path folder = exe_dir() / "../lib/pathloom/endpoints";
    if (const char* chosen = std::getenv("PATHLOOM_ENDPOINTS"); chosen && *chosen) folder = chosen;
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        files.push_back(at->path());
    std::ranges::sort(files);
    std::vector<Plugin> out;
    for (const auto& file : files) {
        const PluginMetadata metadata = read_plugin_metadata(file, PATHLOOM_ENDPOINT_IID, EndpointApiVersion);
        out.push_back(
            {file, metadata.own.value(QLatin1String("id")).toString(QString::fromStdString(file.stem().string())).toStdString(),
                metadata.own.value(QLatin1String("name")).toString().toStdString(), metadata.problem});
    }
    return out;
}

/// A key, where it came from, and what kept it from being found.
struct Key {
    std::string value, source = "none", problem;
};

Key find_key(const std::string& address)
{
    if (const char* key = std::getenv("PATHLOOM_ENDPOINT_KEY"); key && *key) return {key, "environment", {}};
    Key out;
    QEventLoop loop;
    QKeychain::ReadPasswordJob job{QLatin1String(KeyringService)};
    job.setAutoDelete(false);
    job.setInsecureFallback(false);
    job.setKey(QString::fromStdString(address));
    bool ended = false;
    QObject::connect(&job, &QKeychain::Job::finished, &loop, [&] {
        ended = true;
        loop.quit();
    });
    QTimer::singleShot(keyring_ms, &loop, &QEventLoop::quit);
    job.start();
    if (!ended) loop.exec();
    if (!ended) {
        out.problem = "the keyring does not answer";
    } else if (job.error() == QKeychain::NoError) {
        out = {job.textData().toStdString(), "keyring", {}};
    } else if (job.error() != QKeychain::EntryNotFound) {
        out.problem = one_line("no keyring can be reached: " + job.errorString().toStdString());
    }
    return out;
}

const char* name_of(EndpointReply::Kind kind)
{
    switch (kind) {
    case EndpointReply::Kind::Answered:
        return "answered";
    case EndpointReply::Kind::TryAgain:
        return "again";
    case EndpointReply::Kind::KeyRefused:
        return "key_refused";
    case EndpointReply::Kind::Failed:
        break;
    }
    return "failed";
}

void say(const json& reply)
{
    std::cout << reply.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
}

class Desk {
public:
    json answer(const json& request)
    {
        const std::string kind = request.value("kind", std::string("openai"));
        std::string problem;
        ModelEndpoint* const endpoint = loaded(kind, problem);
        if (!endpoint) return {{"kind", "failed"}, {"text", problem}};
        EndpointCall call;
        call.base_url = request.value("url", std::string());
        call.model = request.value("model", std::string());
        call.prompt = request.value("prompt", std::string());
        call.max_tokens = request.value("max_tokens", call.max_tokens);
        call.timeout_seconds = request.value("timeout", call.timeout_seconds);
        const auto known = m_keys.find(call.base_url);
        const Key key = known != m_keys.end() ? known->second : find_key(call.base_url);
        m_keys[call.base_url] = key;
        if (std::ranges::any_of(key.value, [](char c) { return c == '\r' || c == '\n'; }))
            return {{"kind", "failed"}, {"text", "the key holds a line break; set it again"}};
        call.key = key.value;
        const EndpointReply reply = endpoint->ask(call);
        if (reply.kind == EndpointReply::Kind::KeyRefused) m_keys.erase(call.base_url);  // it may be set anew
        json out{{"kind", name_of(reply.kind)}, {"text", reply.text}, {"connected", reply.connected}, {"tokens", reply.tokens},
            {"retry_after", reply.retry_after_seconds}, {"key", key.source}};
        if (!key.problem.empty()) out["key_problem"] = key.problem;
        return out;
    }

private:
    ModelEndpoint* loaded(const std::string& kind, std::string& problem)
    {
        const auto known = m_loaded.find(kind);
        if (known != m_loaded.end()) return known->second;
        std::string ids;
        for (const Plugin& plugin : list_plugins()) {
            if (!plugin.problem.empty()) continue;
            ids += (ids.empty() ? "" : ", ") + plugin.id;
            if (plugin.id != kind) continue;
            QPluginLoader loader(QString::fromStdString(plugin.file.string()));
            auto* endpoint = qobject_cast<ModelEndpoint*>(loader.instance());
            if (!endpoint) problem = "the plugin '" + kind + "' cannot be loaded: " + loader.errorString().toStdString();
            if (endpoint) m_loaded[kind] = endpoint;
            return endpoint;
        }
        problem = ids.empty() ? "no endpoint plugins are installed (looked in lib/pathloom/endpoints)"
                              : "there is no endpoint plugin '" + kind + "'; there are " + ids;
        return nullptr;
    }

    std::map<std::string, ModelEndpoint*> m_loaded;
    std::map<std::string, Key> m_keys;  // a keyring is asked once an address
};

}  // namespace

int main(int argc, char** argv)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    QCoreApplication app(argc, argv);
    const QStringList words = QCoreApplication::arguments();
    if (words.contains(QStringLiteral("--list"))) {
        json out = json::array();
        for (const Plugin& plugin : list_plugins()) {
            json entry{{"id", plugin.id}, {"name", plugin.name}, {"file", plugin.file.string()}};
            if (!plugin.problem.empty()) entry["problem"] = plugin.problem;
            out.push_back(std::move(entry));
        }
        std::cout << out.dump(2) << '\n';
        return 0;
    }
    Desk desk;
    std::string line;
    while (std::getline(std::cin, line)) {
        const json request = json::parse(line, nullptr, false);
        try {
            say(request.is_object() ? desk.answer(request) : json{{"kind", "failed"}, {"text", "the request is no JSON object"}});
        } catch (const json::exception& error) {
            say({{"kind", "failed"}, {"text", one_line(error.what())}});
        }
    }
    return 0;
}
