#pragma once

namespace intact::tools {

// Texts of tools/report/, which the build compiles in.
extern const char* const kReportPage;
extern const char* const kReportStyle;
extern const char* const kReportScript;

}  // namespace intact::tools
