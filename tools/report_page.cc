#include "report_page.h"

#include "base/check.h"
#include "report_resources.h"

namespace intact::tools {
namespace {

void put(std::string& page, const std::string& mark, const std::string& text) {
  const size_t at = page.find(mark);
  if (at == std::string::npos) {
    fail(ErrorCode::Internal, "report: page.html has no {}", mark);
  }
  page.replace(at, mark.size(), text);
}

/// JSON that no HTML parser takes for markup: "<" occurs in strings only.
std::string embedded(const nlohmann::ordered_json& json) {
  const std::string text =
      json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::string result;
  for (const char c : text) {
    if (c == '<') {
      result += "\\u003c";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

std::string report_page(const nlohmann::ordered_json& report) {
  std::string page = kReportPage;
  // The data last: marks inside it stay what they are.
  put(page, "<!--STYLE-->", kReportStyle);
  put(page, "<!--SCRIPT-->", kReportScript);
  put(page, "<!--DATA-->", embedded(report) + "\n");
  return page;
}

}  // namespace intact::tools
