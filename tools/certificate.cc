#include "certificate.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/check.h"

namespace intact::tools {
namespace {

void check_same_form(const std::string& name, const Tensor& ours, const Tensor& theirs) {
  check(ours.dtype() == theirs.dtype() && ours.shape() == theirs.shape(),
        "'{}': the client gives {} {}, we {} {}",
        name,
        to_string(theirs.dtype()),
        theirs.shape().to_string(),
        to_string(ours.dtype()),
        ours.shape().to_string());
}

/// The text behind "<key> : " of the first processor.
std::string cpu_field(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const size_t colon = line.find(": ");
    if (line.starts_with(key) && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "";
}

nlohmann::ordered_json to_json(const ClientResult& result, int64_t images) {
  nlohmann::ordered_json json = {
      {"client", result.client},
      {"version", result.version},
      {"optimizations", result.optimizations},
      {"failure", result.failure},
      {"integers_compared", result.integers()},
      {"integers_differing", result.differing()},
      {"largest_step", result.largest_step()},
      {"label_flips", result.label_flips},
      {"top1", static_cast<double>(result.correct) / static_cast<double>(images)}};
  json["tensors"] = nlohmann::ordered_json::array();
  for (const CodeComparison& tensor : result.tensors) {
    json["tensors"].push_back({{"name", tensor.name},
                               {"integers", tensor.integers},
                               {"differing", tensor.differing},
                               {"largest_step", tensor.largest_step}});
  }
  json["outputs"] = nlohmann::ordered_json::array();
  for (const OutputComparison& output : result.outputs) {
    json["outputs"].push_back({{"name", output.name},
                               {"values", output.values},
                               {"differing", output.differing},
                               {"largest_difference", output.largest_difference}});
  }
  json["ops"] = result.ops;
  json["float_ops"] = result.float_ops;
  return json;
}

const char* const kStyle =
    "body{font:15px sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #bbb;padding:.3em .6em;"
    "text-align:right}td:first-child,th:first-child{text-align:left}code{font-size:12px}"
    ".good{background:#dfd}.bad{background:#fdd}";

std::string row(const std::vector<std::string>& cells, bool is_head = false) {
  std::string text = "<tr>";
  for (const std::string& cell : cells) {
    text += fmt::format("<{0}>{1}</{0}>", is_head ? "th" : "td", cell);
  }
  return text + "</tr>\n";
}

std::string client_title(const ClientResult& result) {
  return escape_html(fmt::format("{} {}, optimizations {}",
                                 result.client,
                                 result.version,
                                 result.optimizations ? "on" : "off"));
}

std::string summary_table(const Certificate& certificate) {
  std::string text = "<table>\n" + row({"client",
                                        "integers compared",
                                        "differing",
                                        "largest step",
                                        "largest difference of outputs",
                                        "label flips",
                                        "top-1"},
                                       true);
  for (const ClientResult& result : certificate.clients) {
    double largest = 0;
    for (const OutputComparison& output : result.outputs) {
      largest = std::max(largest, output.largest_difference);
    }
    std::string line = row({client_title(result),
                            fmt::format("{}", result.integers()),
                            fmt::format("{}", result.differing()),
                            fmt::format("{}", result.largest_step()),
                            fmt::format("{:.3g}", largest),
                            fmt::format("{}", result.label_flips),
                            fmt::format("{}/{}", result.correct, certificate.images)});
    const bool is_good =
        result.failure.empty() && result.differing() == 0 && result.label_flips == 0;
    text += line.insert(3, is_good ? " class=\"good\"" : " class=\"bad\"");
  }
  return text + "</table>\n";
}

std::string tensor_table(const ClientResult& result) {
  std::string text = "<h2>" + client_title(result) + "</h2>\n";
  if (!result.failure.empty()) {
    return text + "<p>It failed: " + escape_html(result.failure) + "</p>\n";
  }
  if (!result.ops.is_null()) {
    text += "<p>Ops it ran: <code>" + escape_html(result.ops.dump()) + "</code>; in float: <code>" +
            escape_html(result.float_ops.dump()) + "</code></p>\n";
  }
  if (result.tensors.empty()) {
    return text + "<p>It exposes no quantized tensor of this model; outputs were compared.</p>\n";
  }
  text += "<table>\n" + row({"quantized tensor", "integers", "differing", "largest step"}, true);
  for (const CodeComparison& tensor : result.tensors) {
    text += row({escape_html(tensor.name),
                 fmt::format("{}", tensor.integers),
                 fmt::format("{}", tensor.differing),
                 fmt::format("{}", tensor.largest_step)});
  }
  return text + "</table>\n";
}

}  // namespace

int64_t ClientResult::integers() const {
  int64_t sum = 0;
  for (const CodeComparison& tensor : tensors) {
    sum += tensor.integers;
  }
  return sum;
}

int64_t ClientResult::differing() const {
  int64_t sum = 0;
  for (const CodeComparison& tensor : tensors) {
    sum += tensor.differing;
  }
  return sum;
}

int64_t ClientResult::largest_step() const {
  int64_t largest = 0;
  for (const CodeComparison& tensor : tensors) {
    largest = std::max(largest, tensor.largest_step);
  }
  return largest;
}

void compare_codes(const Tensor& ours, const Tensor& theirs, CodeComparison& comparison) {
  check_same_form(comparison.name, ours, theirs);
  const auto compare = [&]<class T>(T) {
    const T* a = ours.data<T>();
    const T* b = theirs.data<T>();
    for (int64_t i = 0; i < ours.numel(); ++i) {
      const int64_t step = std::abs(int64_t{a[i]} - int64_t{b[i]});
      comparison.differing += step != 0 ? 1 : 0;
      comparison.largest_step = std::max(comparison.largest_step, step);
    }
  };
  ours.dtype() == DType::Int8 ? compare(int8_t{}) : compare(uint8_t{});
  comparison.integers += ours.numel();
}

void compare_outputs(const Tensor& ours, const Tensor& theirs, OutputComparison& comparison) {
  check_same_form(comparison.name, ours, theirs);
  for (int64_t i = 0; i < ours.numel(); ++i) {
    const float a = ours.data<float>()[i];
    const float b = theirs.data<float>()[i];
    comparison.differing += std::memcmp(&a, &b, sizeof(a)) != 0 ? 1 : 0;
    const double difference = std::abs(static_cast<double>(a) - static_cast<double>(b));
    comparison.largest_difference = std::max(comparison.largest_difference, difference);
  }
  comparison.values += ours.numel();
}

nlohmann::ordered_json to_json(const Certificate& certificate) {
  nlohmann::ordered_json json = {
      {"kind", "intact certificate"},
      {"format", 1},
      {"model", {{"file", certificate.model}, {"sha256", certificate.model_sha256}}},
      {"data",
       {{"directory", certificate.data},
        {"images", certificate.images},
        {"sha256", certificate.data_sha256}}},
      {"machine",
       {{"cpu", certificate.cpu},
        {"flags", certificate.cpu_flags},
        {"emulated_cpu", certificate.emulated_cpu}}},
      {"intact",
       {{"version", certificate.version},
        {"engine", certificate.engine},
        {"top1",
         static_cast<double>(certificate.correct) / static_cast<double>(certificate.images)}}}};
  json["clients"] = nlohmann::ordered_json::array();
  for (const ClientResult& result : certificate.clients) {
    json["clients"].push_back(to_json(result, certificate.images));
  }
  return json;
}

std::string escape_html(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string to_html(const Certificate& certificate) {
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Certificate of "
      "{0}</title><style>{1}</style></head><body>\n<h1>Certificate of {0}</h1>\n"
      "<p>Every number below is a comparison with what Intact {2} ({3}) computes from the same "
      "file on {4} test images; its top-1 is {5}/{4}.</p>\n",
      escape_html(certificate.model),
      kStyle,
      escape_html(certificate.version),
      escape_html(certificate.engine),
      certificate.images,
      certificate.correct);
  text += summary_table(certificate);
  text += fmt::format("<p>CPU: {} <code>{}</code></p>\n<p>Model: <code>{}</code></p>\n",
                      escape_html(certificate.cpu),
                      escape_html(fmt::format("{}", fmt::join(certificate.cpu_flags, " "))),
                      certificate.model_sha256);
  if (!certificate.emulated_cpu.empty()) {
    text += fmt::format("<p>The clients ran on an emulated CPU, qemu's {}.</p>\n",
                        escape_html(certificate.emulated_cpu));
  }
  for (const auto& [file, digest] : certificate.data_sha256) {
    text += fmt::format("<p>{}: <code>{}</code></p>\n", escape_html(file), digest);
  }
  for (const ClientResult& result : certificate.clients) {
    text += tensor_table(result);
  }
  return text + "</body></html>\n";
}

std::string cpu_name() {
  return cpu_field("model name");
}

std::vector<std::string> cpu_flags() {
  std::vector<std::string> flags;
  std::istringstream words(cpu_field("flags"));
  for (std::string word; words >> word;) {
    if (word.starts_with("sse") || word.starts_with("ssse") || word.starts_with("avx") ||
        word.starts_with("amx") || word == "fma") {
      flags.push_back(word);
    }
  }
  return flags;
}

}  // namespace intact::tools
