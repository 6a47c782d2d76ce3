// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/import_process.h"

#include "engine/server/helper_process.h"

#include <optional>

namespace pathloom {

Result<std::string> run_import(
    const ImportProcessRequest& request, const std::function<bool(const std::string&, std::int64_t, std::int64_t)>& progress)
{
    const HelperRequest helper{
        "import helper", request.program, {"--blobs", request.blobs.string()}, request.request_json, request.memory_limit};
    std::optional<nlohmann::json> answer;
    const auto status = run_helper(helper, [&](const nlohmann::json& said) {
        if (said.contains("record") || said.contains("error")) {
            answer = said;
            return true;
        }
        return progress(
            said.value("stage", std::string()), said.value("done", std::int64_t(0)), said.value("total", std::int64_t(0)));
    });
    if (!status && status.error().code == ErrorCode::Cancelled)
        return fail(ErrorCode::Cancelled, "the import was cancelled; nothing was added");
    if (!status) return fail(status.error());
    if (!answer) return fail(helper_ended(helper, *status, ": a file broke it or memory ran out; import fewer files at a time"));
    if (answer->contains("error"))
        return fail(Error{ErrorCode((*answer)["code"].get<int>()), (*answer)["error"].get<std::string>()});
    return (*answer)["record"].dump();
}

}  // namespace pathloom
