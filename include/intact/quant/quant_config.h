#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace intact {

/// How a scale is found (spec 2.1).
enum class QuantizeType { AbsMax, ChannelWiseAbsMax, RangeAbsMax, MovingAverageAbsMax };

/// Which rounding rule the inserted ops follow; docs/quantization.md says why.
enum class QuantRounding {
  TiesToEven,        // codes -B..B in both formats: rule 0, or 1 where rule 0 could give -B-1
  TiesAwayFromZero,  // codes -B..B: rule 1
  Reference,         // as PaddleSlim: rule 1 in V1, rule 0 in V2, with its code -B-1
};

/// Where a quantized program for test takes the scale of a weight from.
enum class WeightScales {
  Recompute,  // abs max of the weight as it is now
  Recorded,   // the last training step's, as the reference: stale by one optimizer update
};

/// Which ops without weights get activation quantizers besides those of quantize_op_types.
enum class DeployBackend { None, TensorRt, Mkldnn, Arm };

/// Which integers training simulates.
enum class Deploy {
  Paddle,    // the reference's: activations and weights in -127..127
  Portable,  // what ONNX Runtime and OpenVINO compute alike on every CPU: u8 activations in 0..255,
             // weights whose products cannot saturate 16 bits
};

/// How the portable profile keeps products of neighbours within 16 bits.
enum class PortableWeights {
  Pairs,      // scales raised until |w[2j]| + |w[2j+1]| <= 128 over input channels
  SevenBit,   // codes -63..63
  Unbounded,  // neither: products can saturate. For experiments, as the negative control
};

/// What quant_aware does about layers that a dry-run export shows cannot ship as they are trained.
enum class CoveragePolicy {
  Warn,    // QuantReport::gaps names them
  Fail,    // an error names them
  Ignore,  // no dry run
};

/// Every choice of quant_aware and convert. Keys of the same names in files and on the command
/// line; quant_config_keys() describes them.
struct QuantConfig {
  QuantizeType weight_quantize_type = QuantizeType::ChannelWiseAbsMax;
  QuantizeType activation_quantize_type = QuantizeType::MovingAverageAbsMax;
  int weight_bits = 8;
  int activation_bits = 8;
  std::vector<std::string> not_quant_pattern = {"skip_quant"};
  std::vector<std::string> quantize_op_types = {"conv2d", "depthwise_conv2d", "mul"};
  std::string dtype = "int8";
  int window_size = 10000;
  float moving_rate = 0.9f;
  bool for_tensorrt = false;
  bool is_full_quantize = false;
  bool onnx_format = false;  // false: V1 (fake_* ops), true: V2 (quantize_linear)
  bool quant_post_first = false;
  bool scale_trainable = true;
  DeployBackend deploy_backend = DeployBackend::None;
  // Keys the reference does not have.
  std::vector<std::string> skip_op_types = {};
  QuantRounding round_type = QuantRounding::TiesToEven;
  WeightScales weight_scales = WeightScales::Recompute;
  Deploy deploy = Deploy::Paddle;
  PortableWeights portable_weights = PortableWeights::Pairs;
  CoveragePolicy coverage = CoveragePolicy::Warn;

  bool is_portable() const { return deploy == Deploy::Portable; }
};

const char* to_string(QuantizeType type);
const char* to_string(QuantRounding rounding);
const char* to_string(WeightScales scales);
const char* to_string(DeployBackend backend);
const char* to_string(Deploy deploy);
const char* to_string(PortableWeights weights);
const char* to_string(CoveragePolicy policy);

/// One value of a configuration file, whatever its syntax. A list of strings may be empty.
using ConfigValue = std::variant<bool, int64_t, double, std::string, std::vector<std::string>>;
using ConfigMap = std::map<std::string, ConfigValue>;

/// "true" is a bool, "8" an integer, "0.9" a float, "a,b" and "[a, b]" lists, anything else a
/// string.
ConfigValue config_value_from_text(const std::string& text);

/// Keys left out keep their defaults. A string is taken where a list of strings is asked for, an
/// integer where a float is. Throws: InvalidArgument for an unknown key (lists the valid ones and
/// the nearest), a value of the wrong type (both types) or out of range (the range).
QuantConfig parse_quant_config(const ConfigMap& values);
/// The inverse: every key with its value.
ConfigMap to_config_map(const QuantConfig& config);
/// What parse_quant_config checks last: ranges, and choices that exclude each other.
/// Throws: InvalidArgument.
void check_quant_config(const QuantConfig& config);

struct QuantConfigKey {
  std::string name;
  std::string type;           // "bool", "integer", "float", "string", "list of strings"
  std::string default_value;  // as config_value_from_text reads it
  std::string help;           // effect and allowed values, one line
};
/// All keys, in the order of QuantConfig.
const std::vector<QuantConfigKey>& quant_config_keys();

/// The choices that make quant_aware and convert do as PaddleSlim 2.6.0 does, bit for bit.
QuantConfig reference_quant_config();

}  // namespace intact
