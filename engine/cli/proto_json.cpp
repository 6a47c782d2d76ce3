// SPDX-License-Identifier: GPL-3.0-or-later
// Protocol messages as JSON, by reflection.
#include "engine/cli/proto_json.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <string>
#include <string_view>

namespace pathloom {

namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

/// RUN_STATE_RUNNING of enum RunState -> "running".
std::string enum_name(const EnumValueDescriptor* value)
{
    std::string prefix;
    for (const char c : value->type()->name()) {
        if (std::isupper(static_cast<unsigned char>(c)) != 0 && !prefix.empty()) prefix += '_';
        prefix += char(std::toupper(static_cast<unsigned char>(c)));
    }
    std::string name = value->name();
    if (name.starts_with(prefix + "_")) name.erase(0, prefix.size() + 1);
    for (char& c : name) c = char(std::tolower(static_cast<unsigned char>(c)));
    return name;
}

/// The shortest decimal that is this float, as a double: 0.1f prints as 0.1, not as 0.10000000149.
double shortest(float value)
{
    const std::string text = fmt::format("{}", value);
    double parsed = value;
    std::from_chars(text.data(), text.data() + text.size(), parsed);
    return parsed;
}

nlohmann::json value_of(const Message& message, const FieldDescriptor* field, int index)
{
    const Reflection& r = *message.GetReflection();
    const bool many = field->is_repeated();
    switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
        return many ? r.GetRepeatedInt32(message, field, index) : r.GetInt32(message, field);
    case FieldDescriptor::CPPTYPE_INT64:
        return many ? r.GetRepeatedInt64(message, field, index) : r.GetInt64(message, field);
    case FieldDescriptor::CPPTYPE_UINT32:
        return many ? r.GetRepeatedUInt32(message, field, index) : r.GetUInt32(message, field);
    case FieldDescriptor::CPPTYPE_UINT64:
        return many ? r.GetRepeatedUInt64(message, field, index) : r.GetUInt64(message, field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
        return many ? r.GetRepeatedDouble(message, field, index) : r.GetDouble(message, field);
    case FieldDescriptor::CPPTYPE_FLOAT:
        return shortest(many ? r.GetRepeatedFloat(message, field, index) : r.GetFloat(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
        return many ? r.GetRepeatedBool(message, field, index) : r.GetBool(message, field);
    case FieldDescriptor::CPPTYPE_ENUM:
        return enum_name(many ? r.GetRepeatedEnum(message, field, index) : r.GetEnum(message, field));
    case FieldDescriptor::CPPTYPE_STRING:
        return many ? r.GetRepeatedString(message, field, index) : r.GetString(message, field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
        return to_json(many ? r.GetRepeatedMessage(message, field, index) : r.GetMessage(message, field));
    }
    return nullptr;
}

}  // namespace

nlohmann::json to_json(const Message& message)
{
    nlohmann::json document = nlohmann::json::object();
    const Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
        const FieldDescriptor* field = message.GetDescriptor()->field(i);
        if (field->type() == FieldDescriptor::TYPE_BYTES) continue;
        if (field->is_repeated()) {
            auto& list = document[field->name()] = nlohmann::json::array();
            for (int k = 0; k < reflection.FieldSize(message, field); ++k) list.push_back(value_of(message, field, k));
            continue;
        }
        if (field->has_presence() && !reflection.HasField(message, field)) continue;
        constexpr std::string_view nested = "_json";
        if (field->name().ends_with(nested)) {
            const auto inner = nlohmann::json::parse(reflection.GetString(message, field), nullptr, false);
            document[field->name().substr(0, field->name().size() - nested.size())]
                = inner.is_discarded() ? nlohmann::json() : inner;
        } else {
            document[field->name()] = value_of(message, field, 0);
        }
    }
    return document;
}

}  // namespace pathloom
