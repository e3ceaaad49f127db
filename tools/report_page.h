#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace intact::tools {

/// One self-contained page, report/page.html with its style, its scripts and the report in it. What
/// it shows it reads from that JSON.
std::string report_page(const nlohmann::ordered_json& report);

}  // namespace intact::tools
