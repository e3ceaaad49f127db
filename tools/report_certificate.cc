#include <filesystem>

#include "base/atomic_file.h"
#include "base/check.h"
#include "report_parts.h"

namespace intact::tools {
namespace {

using nlohmann::ordered_json;

/// What intact verify wrote, without its lists of tensors.
ordered_json certificate_json(const std::string& path) {
  try {
    const ordered_json certificate = ordered_json::parse(read_file(path));
    ordered_json json = {{"file", path},
                         {"model", certificate.at("model").at("file")},
                         {"model_sha256", certificate.at("model").at("sha256")},
                         {"images", certificate.at("data").at("images")},
                         {"cpu", certificate.at("machine").at("cpu")},
                         {"integers_compared", 0},
                         {"integers_differing", 0},
                         {"label_flips", 0},
                         {"clients", ordered_json::array()}};
    for (const ordered_json& client : certificate.at("clients")) {
      ordered_json entry;
      for (const char* key : {"client",
                              "version",
                              "optimizations",
                              "integers_compared",
                              "integers_differing",
                              "largest_step",
                              "label_flips",
                              "top1"}) {
        entry[key] = client.at(key);
      }
      if (client.at("optimizations").get<bool>()) {  // as people run it
        for (const char* key : {"integers_compared", "integers_differing", "label_flips"}) {
          json[key] = json[key].get<int64_t>() + client.at(key).get<int64_t>();
        }
      }
      json["clients"].push_back(std::move(entry));
    }
    return json;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::Format,
         "{}: {}; give the certificate.json that `intact verify --out` wrote",
         path,
         error.what());
  }
}

}  // namespace

void add_certificate(const ReportSources& sources, ordered_json& report) {
  const std::string beside = sources.run + "/certificate.json";
  if (!sources.certificate.empty()) {
    report["certificate"] = certificate_json(sources.certificate);
  } else if (std::filesystem::exists(beside)) {
    report["certificate"] = certificate_json(beside);
  }
}

}  // namespace intact::tools
