// SPDX-License-Identifier: GPL-3.0-or-later
// Logging set-up.
#include "engine/core/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

namespace pathloom {

void init_logging(const std::string& program, const std::string& fallback_level)
{
    auto logger = std::make_shared<spdlog::logger>(program, std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %n[%P] %^%l%$ %v");
    const char* chosen = std::getenv("PATHLOOM_LOG");
    const std::string wanted = chosen && *chosen ? chosen : fallback_level;
    spdlog::level::level_enum level = spdlog::level::from_str(wanted);
    if (level == spdlog::level::off && wanted != "off") level = spdlog::level::from_str(fallback_level);
    logger->set_level(level);
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace pathloom
