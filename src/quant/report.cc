#include "intact/quant/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/nearest.h"

namespace intact {
namespace {

using Operand = QuantReport::Operand;
using Entry = QuantReport::Entry;

// "conv1.tmp_0" of "conv2d 'conv1.tmp_0'"; empty when the label has no name.
std::string name_in(const std::string& label) {
  const size_t begin = label.find('\'');
  const size_t end = label.rfind('\'');
  return begin == end ? "" : label.substr(begin + 1, end - begin - 1);
}

std::string describe_scale(const Operand& operand) {
  if (operand.scale_count == 0) {
    return operand.scale_var.empty() ? "no scale" : fmt::format("'{}'", operand.scale_var);
  }
  const std::string where =
      operand.scale_var.empty() ? "" : fmt::format(" in '{}'", operand.scale_var);
  if (operand.scale_count == 1) {
    return fmt::format("{:.6g}{}", operand.scale_min, where);
  }
  return fmt::format("{} scales {:.6g}..{:.6g}{}, axis {}",
                     operand.scale_count,
                     operand.scale_min,
                     operand.scale_max,
                     where,
                     operand.axis);
}

std::string describe_line(const Entry& entry) {
  if (!entry.is_quantized) {
    return fmt::format("float      {}: {}", entry.op, entry.reason);
  }
  std::string line = fmt::format("quantized  {}:", entry.op);
  for (const Operand& operand : entry.operands) {
    line +=
        fmt::format(" {}={} bits, scale {};", operand.slot, operand.bits, describe_scale(operand));
  }
  line.pop_back();
  return line;
}

nlohmann::ordered_json to_json(const Operand& operand) {
  return {{"slot", operand.slot},
          {"var", operand.var},
          {"quantizer", operand.quantizer},
          {"scale_var", operand.scale_var},
          {"bits", operand.bits},
          {"axis", operand.axis},
          {"is_weight", operand.is_weight},
          {"scale_count", operand.scale_count},
          {"scale_min", operand.scale_min},
          {"scale_max", operand.scale_max}};
}

nlohmann::ordered_json to_json(const Entry& entry) {
  nlohmann::ordered_json json = {
      {"op", entry.op}, {"type", entry.type}, {"quantized", entry.is_quantized}};
  if (!entry.is_quantized) {
    json["reason"] = entry.reason;
  }
  json["operands"] = nlohmann::ordered_json::array();
  for (const Operand& operand : entry.operands) {
    json["operands"].push_back(to_json(operand));
  }
  if (entry.has_out_threshold) {
    json["out_threshold"] = entry.out_threshold;
  }
  return json;
}

// What a CPU without 32-bit pair products does to the layers; empty when no weight is known.
std::string describe_saturation(const std::vector<PairBound>& bounds) {
  if (bounds.empty()) {
    return "";
  }
  const auto safe = std::ranges::count_if(bounds, [](const PairBound& b) { return b.is_safe(); });
  std::string text =
      fmt::format("{} of {} layers cannot saturate 16-bit pair products\n", safe, bounds.size());
  for (const PairBound& bound : bounds) {
    if (!bound.is_safe()) {
      text += "saturates  " + bound.to_text() + "\n";
    }
  }
  return text;
}

nlohmann::ordered_json to_json(const PairBound& bound) {
  return {{"op", bound.op},
          {"weight", bound.weight},
          {"activation_range", bound.activation_range},
          {"largest_pair", bound.largest_pair},
          {"depthwise", bound.is_depthwise},
          {"bound", bound.bound()},
          {"safe", bound.is_safe()}};
}

std::string explain(const Entry& entry) {
  std::string text = entry.op;
  text += entry.is_quantized ? " is quantized.\n"
                             : fmt::format(" is not quantized: {}.\n", entry.reason);
  for (const Operand& operand : entry.operands) {
    text += fmt::format("  {} '{}' in {} bits, scale {}{}\n",
                        operand.is_weight ? "weight" : "activation",
                        operand.var,
                        operand.bits,
                        describe_scale(operand),
                        operand.quantizer.empty() ? ", stored as codes"
                                                  : fmt::format(", by {}", operand.quantizer));
  }
  if (entry.has_out_threshold) {
    text += fmt::format("  output threshold {:.6g}\n", entry.out_threshold);
  }
  return text;
}

}  // namespace

size_t QuantReport::quantized_count() const {
  size_t count = 0;
  for (const Entry& entry : ops) {
    count += entry.is_quantized ? 1 : 0;
  }
  return count;
}

std::vector<const QuantReport::Entry*> QuantReport::find(const std::string& op) const {
  std::vector<const Entry*> found;
  for (const Entry& entry : ops) {
    if (entry.op == op || entry.type == op || name_in(entry.op) == op) {
      found.push_back(&entry);
    }
  }
  return found;
}

std::string QuantReport::to_text() const {
  std::string text =
      fmt::format("{} of {} ops quantized, format {}\n", quantized_count(), ops.size(), format);
  for (const Entry& entry : ops) {
    text += describe_line(entry) + "\n";
  }
  text += describe_saturation(pair_bounds);
  for (const CoverageGap& gap : gaps) {
    text += "cannot ship  " + gap.to_text() + "\n";
  }
  for (const std::string& note : notes) {
    text += "note: " + note + "\n";
  }
  return text;
}

std::string QuantReport::to_json() const {
  nlohmann::ordered_json json = {
      {"format", format}, {"quantized", quantized_count()}, {"notes", notes}};
  json["ops"] = nlohmann::ordered_json::array();
  for (const Entry& entry : ops) {
    json["ops"].push_back(intact::to_json(entry));
  }
  json["saturation"] = nlohmann::ordered_json::array();
  for (const PairBound& bound : pair_bounds) {
    json["saturation"].push_back(intact::to_json(bound));
  }
  json["gaps"] = nlohmann::ordered_json::array();
  for (const CoverageGap& gap : gaps) {
    json["gaps"].push_back({{"op", gap.op}, {"reason", gap.reason}, {"remedy", gap.remedy}});
  }
  json["passes"] = nlohmann::ordered_json::array();
  for (const PassReport& pass : passes) {
    json["passes"].push_back({{"name", pass.name},
                              {"changed", pass.changed},
                              {"skipped", pass.skipped.size()},
                              {"seconds", pass.seconds}});
  }
  return json.dump(2);
}

std::string QuantReport::why(const std::string& op) const {
  const std::vector<const Entry*> found = find(op);
  if (found.empty()) {
    std::vector<std::string> names;
    for (const Entry& entry : ops) {
      names.push_back(name_in(entry.op));
      names.push_back(entry.type);
    }
    const std::string near = nearest(op, names);
    fail(ErrorCode::NotFound,
         "report: no op '{}'{}; give an op type, or the name of an output",
         op,
         near.empty() ? "" : fmt::format(", the nearest is '{}'", near));
  }
  std::string text;
  for (const Entry* entry : found) {
    text += explain(*entry);
    for (const PairBound& bound : pair_bounds) {
      if (bound.op == entry->op) {
        text += "  " + bound.to_text() + "\n";
      }
    }
  }
  return text;
}

}  // namespace intact
