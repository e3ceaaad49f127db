#include "intact/quant/quant_config.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <utility>

#include "base/check.h"
#include "base/nearest.h"
#include "intact/ir/op_registry.h"

namespace intact {
namespace {

constexpr std::array<std::pair<const char*, QuantizeType>, 4> kQuantizeTypes = {
    {{"abs_max", QuantizeType::AbsMax},
     {"channel_wise_abs_max", QuantizeType::ChannelWiseAbsMax},
     {"range_abs_max", QuantizeType::RangeAbsMax},
     {"moving_average_abs_max", QuantizeType::MovingAverageAbsMax}}};
constexpr std::array<std::pair<const char*, QuantRounding>, 3> kRoundings = {
    {{"ties_to_even", QuantRounding::TiesToEven},
     {"ties_away", QuantRounding::TiesAwayFromZero},
     {"reference", QuantRounding::Reference}}};
constexpr std::array<std::pair<const char*, WeightScales>, 2> kWeightScales = {
    {{"recompute", WeightScales::Recompute}, {"recorded", WeightScales::Recorded}}};
constexpr std::array<std::pair<const char*, DeployBackend>, 4> kBackends = {
    {{"none", DeployBackend::None},
     {"tensorrt", DeployBackend::TensorRt},
     {"mkldnn", DeployBackend::Mkldnn},
     {"arm", DeployBackend::Arm}}};
constexpr std::array<std::pair<const char*, Deploy>, 2> kDeploys = {
    {{"paddle", Deploy::Paddle}, {"portable", Deploy::Portable}}};
constexpr std::array<std::pair<const char*, PortableWeights>, 3> kPortableWeights = {
    {{"pairs", PortableWeights::Pairs},
     {"7bit", PortableWeights::SevenBit},
     {"unbounded", PortableWeights::Unbounded}}};
constexpr std::array<std::pair<const char*, CoveragePolicy>, 3> kPolicies = {
    {{"warn", CoveragePolicy::Warn},
     {"fail", CoveragePolicy::Fail},
     {"ignore", CoveragePolicy::Ignore}}};

template <class Table, class T>
const char* name_of(const Table& table, T value) {
  for (const auto& [name, known] : table) {
    if (known == value) {
      return name;
    }
  }
  fail(ErrorCode::Internal, "quant config: enumerator {} has no name", static_cast<int>(value));
}

template <class Table>
std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const auto& [name, value] : table) {
    names.emplace_back(name);
  }
  return names;
}

const char* type_of(const ConfigValue& value) {
  static constexpr std::array<const char*, std::variant_size_v<ConfigValue>> kNames = {
      "bool", "integer", "float", "string", "list of strings"};
  return kNames[value.index()];
}

std::string text_of(const ConfigValue& value) {
  return std::visit(
      []<class T>(const T& v) {
        if constexpr (std::is_same_v<T, double>) {
          return fmt::format("{}", static_cast<float>(v));
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          return fmt::format("[{}]", fmt::join(v, ", "));
        } else {
          return fmt::format("{}", v);
        }
      },
      value);
}

[[noreturn]] void fail_type(const std::string& key, const ConfigValue& value, const char* wanted) {
  fail(ErrorCode::InvalidArgument,
       "quant config: '{}' is the {} {} but must be a {}; give a {}",
       key,
       type_of(value),
       text_of(value),
       wanted,
       wanted);
}

// Conversions from a ConfigValue to the type of a field, and back.
void assign(const std::string& key, const ConfigValue& value, bool& field) {
  if (const bool* flag = std::get_if<bool>(&value)) {
    field = *flag;
    return;
  }
  fail_type(key, value, "bool");
}

void assign(const std::string& key, const ConfigValue& value, int& field) {
  const int64_t* integer = std::get_if<int64_t>(&value);
  if (integer == nullptr) {
    fail_type(key, value, "integer");
  }
  check(*integer >= -1'000'000'000 && *integer <= 1'000'000'000,
        "quant config: '{}' is {}; give an integer between -10^9 and 10^9",
        key,
        *integer);
  field = static_cast<int>(*integer);
}

void assign(const std::string& key, const ConfigValue& value, float& field) {
  if (const int64_t* integer = std::get_if<int64_t>(&value)) {
    field = static_cast<float>(*integer);
  } else if (const double* number = std::get_if<double>(&value)) {
    field = static_cast<float>(*number);
  } else {
    fail_type(key, value, "float");
  }
}

void assign(const std::string& key, const ConfigValue& value, std::string& field) {
  if (const std::string* text = std::get_if<std::string>(&value)) {
    field = *text;
    return;
  }
  fail_type(key, value, "string");
}

void assign(const std::string& key, const ConfigValue& value, std::vector<std::string>& field) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    field = *list;
  } else if (const std::string* text = std::get_if<std::string>(&value)) {
    field = {*text};
  } else {
    fail_type(key, value, "list of strings");
  }
}

template <class Table, class T>
void assign_choice(const std::string& key, const ConfigValue& value, const Table& table, T& field) {
  std::string text;
  assign(key, value, text);
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  for (const auto& [name, known] : table) {
    if (text == name) {
      field = known;
      return;
    }
  }
  const std::string near = nearest(text, names_of(table));
  fail(ErrorCode::InvalidArgument,
       "quant config: '{}' is '{}'{}; valid are {}",
       key,
       text,
       near.empty() ? "" : fmt::format(", the nearest choice is '{}'", near),
       fmt::join(names_of(table), ", "));
}

void assign(const std::string& key, const ConfigValue& value, QuantizeType& field) {
  assign_choice(key, value, kQuantizeTypes, field);
}
void assign(const std::string& key, const ConfigValue& value, QuantRounding& field) {
  assign_choice(key, value, kRoundings, field);
}
void assign(const std::string& key, const ConfigValue& value, WeightScales& field) {
  assign_choice(key, value, kWeightScales, field);
}
void assign(const std::string& key, const ConfigValue& value, DeployBackend& field) {
  assign_choice(key, value, kBackends, field);
}
void assign(const std::string& key, const ConfigValue& value, Deploy& field) {
  assign_choice(key, value, kDeploys, field);
}
void assign(const std::string& key, const ConfigValue& value, PortableWeights& field) {
  assign_choice(key, value, kPortableWeights, field);
}
void assign(const std::string& key, const ConfigValue& value, CoveragePolicy& field) {
  assign_choice(key, value, kPolicies, field);
}

ConfigValue value_of(bool field) {
  return field;
}
ConfigValue value_of(int field) {
  return static_cast<int64_t>(field);
}
ConfigValue value_of(float field) {
  return static_cast<double>(field);
}
ConfigValue value_of(const std::string& field) {
  return field;
}
ConfigValue value_of(const std::vector<std::string>& field) {
  return field;
}
template <class T>
requires std::is_enum_v<T> ConfigValue value_of(T field) {
  return std::string(to_string(field));
}

/// One key: its help, and how it moves between a ConfigValue and QuantConfig.
struct Key {
  std::string name;
  std::string help;
  std::function<void(QuantConfig&, const ConfigValue&)> set;
  std::function<ConfigValue(const QuantConfig&)> get;
};

template <class T>
Key key(const char* name, T QuantConfig::*member, const char* help) {
  return {name,
          help,
          [name, member](QuantConfig& config, const ConfigValue& value) {
            assign(name, value, config.*member);
          },
          [member](const QuantConfig& config) { return value_of(config.*member); }};
}

const std::vector<Key>& keys() {
  using C = QuantConfig;
  static const std::vector<Key> kKeys = {
      key("weight_quantize_type",
          &C::weight_quantize_type,
          "scale of a weight: abs_max, channel_wise_abs_max, range_abs_max, "
          "moving_average_abs_max"),
      key("activation_quantize_type",
          &C::activation_quantize_type,
          "scale of an activation: abs_max, range_abs_max, moving_average_abs_max (V2 has the last "
          "only)"),
      key("weight_bits", &C::weight_bits, "bits of a weight's codes, 2 to 16; 2 to 8 in V2"),
      key("activation_bits", &C::activation_bits, "bits of an activation's codes, 2 to 16"),
      key("not_quant_pattern",
          &C::not_quant_pattern,
          "ops stay float whose op_namescope, output or parameter name contains one of these"),
      key("quantize_op_types", &C::quantize_op_types, "op types to quantize"),
      key("dtype", &C::dtype, "type of stored weights; int8 is the only one"),
      key("window_size", &C::window_size, "steps that range_abs_max remembers, at least 1"),
      key("moving_rate", &C::moving_rate, "rate of moving averages, 0 to below 1"),
      key("for_tensorrt",
          &C::for_tensorrt,
          "replace quantize_op_types by TensorRT's; needs channel_wise_abs_max weights"),
      key("is_full_quantize",
          &C::is_full_quantize,
          "quantize every op type that can be, apart from the loss and metrics"),
      key("onnx_format",
          &C::onnx_format,
          "V2: quantize_linear and dequantize_linear; false: V1, fake_* ops"),
      key("quant_post_first",
          &C::quant_post_first,
          "start from calibrated scales: needs calibration batches or a scale_dict"),
      key("scale_trainable",
          &C::scale_trainable,
          "false: activation scales stay at their initial values while training"),
      key("deploy_backend",
          &C::deploy_backend,
          "op types without weights to quantize as well: none, tensorrt, mkldnn, arm"),
      key("skip_op_types", &C::skip_op_types, "op types that stay float, whatever else says"),
      key("round_type",
          &C::round_type,
          "ties_to_even and ties_away use codes -B to B; reference follows PaddleSlim"),
      key("weight_scales",
          &C::weight_scales,
          "evaluation and convert: recompute weight scales, or use those recorded in training"),
      key("deploy",
          &C::deploy,
          "integers that training simulates: paddle (codes -127..127), portable (u8 activations "
          "0..255, weights that cannot saturate 16 bits)"),
      key("portable_weights",
          &C::portable_weights,
          "portable: pairs (scales raised until neighbouring codes add up to 128 at most), 7bit "
          "(codes -63..63) or unbounded (neither: for experiments, CPUs without VNNI compute other "
          "integers)"),
      key("coverage",
          &C::coverage,
          "layers that a dry-run export before training shows cannot ship: warn, fail, or ignore "
          "(no dry run)")};
  return kKeys;
}

void check_range(const char* key, int64_t value, int64_t low, int64_t high) {
  check(value >= low && value <= high,
        "quant config: '{}' is {}; give a value from {} to {}",
        key,
        value,
        low,
        high);
}

void check_portable(const QuantConfig& config) {
  if (!config.is_portable()) {
    return;
  }
  const auto require =
      [](bool is_met, const char* key, const std::string& value, const char* need) {
        check(is_met,
              "quant config: 'deploy' is 'portable' but '{}' is '{}'; use {}, or deploy = 'paddle'",
              key,
              value,
              need);
      };
  require(config.weight_quantize_type == QuantizeType::ChannelWiseAbsMax,
          "weight_quantize_type",
          to_string(config.weight_quantize_type),
          "channel_wise_abs_max");
  require(config.activation_quantize_type == QuantizeType::MovingAverageAbsMax,
          "activation_quantize_type",
          to_string(config.activation_quantize_type),
          "moving_average_abs_max");
  require(config.weight_bits == 8, "weight_bits", fmt::to_string(config.weight_bits), "8");
  require(
      config.activation_bits == 8, "activation_bits", fmt::to_string(config.activation_bits), "8");
  require(config.round_type == QuantRounding::TiesToEven,
          "round_type",
          to_string(config.round_type),
          "ties_to_even");
  require(config.weight_scales == WeightScales::Recompute,
          "weight_scales",
          to_string(config.weight_scales),
          "recompute");
  require(!config.for_tensorrt, "for_tensorrt", "true", "false");
}

}  // namespace

const char* to_string(QuantizeType type) {
  return name_of(kQuantizeTypes, type);
}
const char* to_string(QuantRounding rounding) {
  return name_of(kRoundings, rounding);
}
const char* to_string(WeightScales scales) {
  return name_of(kWeightScales, scales);
}
const char* to_string(DeployBackend backend) {
  return name_of(kBackends, backend);
}
const char* to_string(Deploy deploy) {
  return name_of(kDeploys, deploy);
}
const char* to_string(PortableWeights weights) {
  return name_of(kPortableWeights, weights);
}
const char* to_string(CoveragePolicy policy) {
  return name_of(kPolicies, policy);
}

QuantConfig parse_quant_config(const ConfigMap& values) {
  QuantConfig config;
  for (const auto& [name, value] : values) {
    const auto it = std::find_if(keys().begin(), keys().end(), [&key = name](const Key& known) {
      return known.name == key;
    });
    if (it == keys().end()) {
      std::vector<std::string> known;
      for (const Key& key : keys()) {
        known.push_back(key.name);
      }
      const std::string near = nearest(name, known);
      fail(ErrorCode::InvalidArgument,
           "quant config: unknown key '{}'{}; valid are {}",
           name,
           near.empty() ? "" : fmt::format(", the nearest is '{}'", near),
           fmt::join(known, ", "));
    }
    it->set(config, value);
  }
  check_quant_config(config);
  return config;
}

ConfigMap to_config_map(const QuantConfig& config) {
  ConfigMap values;
  for (const Key& key : keys()) {
    values.emplace(key.name, key.get(config));
  }
  return values;
}

void check_quant_config(const QuantConfig& config) {
  check_portable(config);
  // One bit leaves B = 0, a network of zeros.
  check_range("weight_bits", config.weight_bits, 2, config.onnx_format ? 8 : 16);
  check_range("activation_bits", config.activation_bits, 2, 16);
  check_range("window_size", config.window_size, 1, 1'000'000'000);
  check(config.moving_rate >= 0 && config.moving_rate < 1,
        "quant config: 'moving_rate' is {}; give a value from 0 to below 1",
        config.moving_rate);
  check(config.dtype == "int8",
        "quant config: 'dtype' is '{}' but weights are stored as int8 only; use 'int8'",
        config.dtype);
  check(config.activation_quantize_type != QuantizeType::ChannelWiseAbsMax,
        "quant config: 'activation_quantize_type' is 'channel_wise_abs_max' but an activation has "
        "one scale; use moving_average_abs_max, range_abs_max or abs_max");
  check(!config.for_tensorrt || config.weight_quantize_type == QuantizeType::ChannelWiseAbsMax,
        "quant config: 'for_tensorrt' is true but 'weight_quantize_type' is '{}'; TensorRT needs "
        "channel_wise_abs_max",
        to_string(config.weight_quantize_type));
  for (const std::string& type : config.quantize_op_types) {
    const OpDef* def = op_registry().find(type);
    const bool can = def != nullptr && (def->quant.in_weight_pass || def->quant.in_activation_pass);
    if (!can) {
      std::vector<std::string> known;
      for (const std::string& other : op_registry().types()) {
        const QuantTraits& traits = op_registry().get(other).quant;
        if (traits.in_weight_pass || traits.in_activation_pass) {
          known.push_back(other);
        }
      }
      fail(ErrorCode::InvalidArgument,
           "quant config: 'quantize_op_types' holds '{}', which {}; valid are {}",
           type,
           def == nullptr ? "is not an op type of this build" : "cannot be quantized",
           fmt::join(known, ", "));
    }
  }
}

const std::vector<QuantConfigKey>& quant_config_keys() {
  static const std::vector<QuantConfigKey> kKeys = [] {
    std::vector<QuantConfigKey> described;
    for (const Key& key : keys()) {
      const ConfigValue value = key.get(QuantConfig{});
      described.push_back({key.name, type_of(value), text_of(value), key.help});
    }
    return described;
  }();
  return kKeys;
}

QuantConfig reference_quant_config() {
  QuantConfig config;
  config.onnx_format = true;
  config.round_type = QuantRounding::Reference;
  config.weight_scales = WeightScales::Recorded;
  return config;
}

}  // namespace intact
