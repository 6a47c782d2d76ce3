// SPDX-License-Identifier: GPL-3.0-or-later
// Protocol messages as JSON for scripts: field names as in the .proto files, every number a JSON number.
#pragma once

#include <google/protobuf/message.h>
#include <nlohmann/json.hpp>

namespace pathloom {

/// Every field is written, unset ones with their default; unset messages and oneof members are left out. Enum values lose
/// their type's prefix ("running"). A JSON text in a field `x_json` becomes an object under `x`. Raw bytes are left out.
nlohmann::json to_json(const google::protobuf::Message& message);

}  // namespace pathloom
