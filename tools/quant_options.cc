#include "quant_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace intact::tools {

QuantConfig QuantOptions::parse() const {
  ConfigMap values;
  for (const auto& [key, text] : given) {
    values.emplace(key, config_value_from_text(text));
  }
  return parse_quant_config(values);
}

void add_quant_options(CLI::App& command, QuantOptions& options) {
  for (const QuantConfigKey& key : quant_config_keys()) {
    std::string name = key.name;
    std::replace(name.begin(), name.end(), '_', '-');
    command
        .add_option_function<std::string>(
            "--" + name,
            [&options, key](const std::string& text) {
              options.given.insert_or_assign(key.name, text);
            },
            fmt::format("{} [{}]", key.help, key.default_value))
        ->type_name(key.type)
        ->group("Quantization");
  }
}

std::string to_json_text(const QuantConfig& config) {
  nlohmann::json json;
  for (const auto& [key, value] : to_config_map(config)) {
    std::visit([&, &name = key](const auto& typed) { json[name] = typed; }, value);
  }
  return json.dump();
}

QuantConfig quant_config_from_json_text(const std::string& text) {
  ConfigMap values;
  const nlohmann::json json = nlohmann::json::parse(text);
  for (const auto& [key, value] : json.items()) {
    if (value.is_boolean()) {
      values[key] = value.get<bool>();
    } else if (value.is_number_integer()) {
      values[key] = value.get<int64_t>();
    } else if (value.is_number()) {
      values[key] = value.get<double>();
    } else if (value.is_array()) {
      values[key] = value.get<std::vector<std::string>>();
    } else {
      values[key] = value.get<std::string>();
    }
  }
  return parse_quant_config(values);
}

}  // namespace intact::tools
