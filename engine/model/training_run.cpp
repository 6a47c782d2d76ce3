// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/training_run.h"

#include "engine/core/files.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

namespace pathloom {

double warm_cosine(double lr, double least, int warmup, int steps, int step)
{
    if (step < warmup) return lr * double(step + 1) / double(warmup);
    const double progress = std::min(1.0, double(step - warmup) / double(std::max(1, steps - warmup)));
    const double floor = lr * least;
    return floor + (lr - floor) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

std::string log_until_step(const std::filesystem::path& file, int step)
{
    const auto text = read_file(file);
    std::string kept;
    if (!text) return kept;
    for (std::size_t at = 0; at < text->size();) {
        const std::size_t end = std::min(text->find('\n', at), text->size());
        const std::string line = text->substr(at, end - at);
        at = end + 1;
        const auto parsed = nlohmann::json::parse(line, nullptr, false);
        if (parsed.is_object() && parsed.value("step", 1 << 30) <= step) kept += line + "\n";
    }
    return kept;
}

Result<int> state_step(const Safetensors& state, const std::string& identity, const std::filesystem::path& file)
{
    const auto text = [&](const char* key) {
        const auto found = state.metadata().find(key);
        return found == state.metadata().end() ? std::string() : found->second;
    };
    if (text("identity") != identity)
        return fail(ErrorCode::Exists, "{} belongs to another recipe or corpus; give another --out folder", file.string());
    int step = 0;
    const std::string digits = text("step");
    std::from_chars(digits.data(), digits.data() + digits.size(), step);
    return step;
}

}  // namespace pathloom
