// SPDX-License-Identifier: GPL-3.0-or-later
// A suite that compares with one quiet run: two domains, a spec, and the digest of a run that nothing disturbs.
#pragma once

#include "engine/core/files.h"
#include "tests/rpc/live_engine.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace pathloom::test {

/// `Suite::spec` is the run's; projects are folders beside each other, "quiet" is the undisturbed one.
template <class Suite>
struct QuietRun : testing::Test {
    static void SetUpTestSuite()
    {
        s_folder = new TempFolder;
        write_two_domains(*s_folder / "two.jsonl");
        must(write_file_atomic(spec_file(), std::string_view(Suite::spec)));
        const auto run = finished("quiet", 1);
        s_quiet_goodput = run["goodput"];
        s_quiet_digest = digest("quiet");
    }
    static void TearDownTestSuite()
    {
        delete s_folder;
        s_folder = nullptr;
    }

    static std::filesystem::path project(const std::string& name) { return *s_folder / name; }
    static std::filesystem::path spec_file() { return *s_folder / "spec.json"; }
    static nlohmann::json ctl(const std::string& name, std::vector<std::string> arguments)
    {
        return ctl_json(project(name), std::move(arguments));
    }
    static void import(const std::string& name)
    {
        ctl(name, {"corpus", "import", (*s_folder / "two.jsonl").string(), "--name", "two", "--vocabulary", "300"});
    }
    static nlohmann::json start(const std::string& name, std::vector<std::string> more = {})
    {
        std::vector<std::string> arguments{"run", "start", spec_file().string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return ctl(name, std::move(arguments));
    }
    /// A run that nothing disturbs, from the import to its end.
    static nlohmann::json finished(const std::string& name, int workers, std::vector<std::string> more = {})
    {
        import(name);
        more.insert(more.end(), {"--workers", std::to_string(workers), "--wait"});
        const auto run = start(name, std::move(more));
        EXPECT_EQ(run["state"], "done") << run.dump();
        EXPECT_EQ(run["faults"], 0);
        return run;
    }
    static std::string digest(const std::string& name, const std::string& run = "1")
    {
        return ctl(name, {"run", "digest", run})["sha256"];
    }
    static std::string quiet_digest(const std::string& name, int workers, std::vector<std::string> more = {})
    {
        finished(name, workers, std::move(more));
        return digest(name);
    }

    static inline TempFolder* s_folder = nullptr;
    static inline std::string s_quiet_digest;
    static inline double s_quiet_goodput = 0;
};

}  // namespace pathloom::test
