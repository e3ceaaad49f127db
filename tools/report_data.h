#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace intact::tools {

/// What a report is made from.
struct ReportSources {
  std::string run;          // directory of a saved run
  std::string data;         // of the images; "": what needs none is reported
  std::string against;      // another run or model; "": the run's own network without quantizers
  std::string certificate;  // certificate.json of intact verify; "": the run's, if it has one
  int64_t samples = 512;    // test images that activations are analyzed on
  int64_t limit = 0;        // test images that are classified; 0: all
};

/// Every number of the report. Parts that cannot be had are null.
/// Throws: what loading the run, the data or the other model throws.
nlohmann::ordered_json collect_report(const ReportSources& sources);

}  // namespace intact::tools
