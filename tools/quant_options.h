#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "intact/quant/quant_config.h"

namespace intact::tools {

/// Where a run's options keep the quantization it was trained with.
inline constexpr const char* kQuantConfigKey = "quantization";
/// Present in RunInfo::config when training ends with choose_exact_steps().
inline constexpr const char* kExactStepsKey = "exact_steps";

/// Keys of QuantConfig as they were given, by name.
struct QuantOptions {
  std::map<std::string, std::string> given;

  /// Throws: InvalidArgument.
  QuantConfig parse() const;
};

/// One option per key of quant_config_keys().
void add_quant_options(CLI::App& command, QuantOptions& options);

std::string to_json_text(const QuantConfig& config);
QuantConfig quant_config_from_json_text(const std::string& text);

}  // namespace intact::tools
