#pragma once

#include <nlohmann/json.hpp>

#include "intact/train/run_directory.h"

namespace intact {

nlohmann::json to_json(const RunInfo& info);
/// Throws: nlohmann::json::exception when a key is missing or of another type.
RunInfo run_info_from_json(const nlohmann::json& json);

}  // namespace intact
