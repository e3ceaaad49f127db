#include "intact/quant/quant_config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "support/expect_error.h"

namespace intact {
namespace {

TEST(QuantConfig, EveryKeyIsParsedAndComesBack) {
  const ConfigMap values = {
      {"weight_quantize_type", std::string("abs_max")},
      {"activation_quantize_type", std::string("range_abs_max")},
      {"weight_bits", int64_t{6}},
      {"activation_bits", int64_t{7}},
      {"not_quant_pattern", std::vector<std::string>{"a", "b"}},
      {"quantize_op_types", std::vector<std::string>{"conv2d", "pool2d"}},
      {"dtype", std::string("int8")},
      {"window_size", int64_t{100}},
      {"moving_rate", 0.5},
      {"for_tensorrt", false},
      {"is_full_quantize", true},
      {"onnx_format", true},
      {"quant_post_first", true},
      {"scale_trainable", false},
      {"deploy_backend", std::string("TensorRT")},
      {"skip_op_types", std::vector<std::string>{"softmax"}},
      {"round_type", std::string("ties_away")},
      {"weight_scales", std::string("recorded")},
      {"deploy", std::string("paddle")},
      {"portable_weights", std::string("7bit")},
      {"coverage", std::string("fail")},
  };
  ASSERT_EQ(values.size(), quant_config_keys().size());
  const QuantConfig config = parse_quant_config(values);
  EXPECT_EQ(config.weight_quantize_type, QuantizeType::AbsMax);
  EXPECT_EQ(config.activation_bits, 7);
  EXPECT_EQ(config.moving_rate, 0.5f);
  EXPECT_EQ(config.deploy_backend, DeployBackend::TensorRt);
  ConfigMap back = to_config_map(config);
  EXPECT_EQ(std::get<std::string>(back["deploy_backend"]), "tensorrt");
  back["deploy_backend"] = std::string("TensorRT");
  EXPECT_EQ(back, values);
}

TEST(QuantConfig, DefaultsAreTheReferenceWithOurRounding) {
  const QuantConfig config = parse_quant_config({});
  EXPECT_EQ(to_config_map(config), to_config_map(QuantConfig{}));
  EXPECT_EQ(config.weight_quantize_type, QuantizeType::ChannelWiseAbsMax);
  EXPECT_EQ(config.quantize_op_types,
            (std::vector<std::string>{"conv2d", "depthwise_conv2d", "mul"}));
  EXPECT_EQ(config.window_size, 10000);
  EXPECT_EQ(config.round_type, QuantRounding::TiesToEven);
}

TEST(QuantConfig, UnknownKeyNamesTheNearestAndAll) {
  expect_error(ErrorCode::InvalidArgument,
               {"unknown key 'weight_bit'", "nearest is 'weight_bits'", "moving_rate"},
               [] {
                 parse_quant_config({{"weight_bit", int64_t{8}}});
               });
}

TEST(QuantConfig, MistypedValueNamesBothTypes) {
  const auto expect_types = [](const std::string& key,
                               const ConfigValue& value,
                               const std::vector<std::string>& parts) {
    expect_error(ErrorCode::InvalidArgument, parts, [&] { parse_quant_config({{key, value}}); });
  };
  expect_types("weight_bits", std::string("eight"), {"'weight_bits'", "string eight", "integer"});
  expect_types("weight_bits", 8.5, {"float 8.5", "integer"});
  expect_types("onnx_format", int64_t{1}, {"integer 1", "bool"});
  expect_types("moving_rate", true, {"bool true", "float"});
  expect_types("dtype", false, {"bool false", "string"});
  expect_types("not_quant_pattern", int64_t{3}, {"integer 3", "list of strings"});
  expect_types("round_type", int64_t{0}, {"integer 0", "string"});
}

TEST(QuantConfig, ValueOutOfRangeNamesTheRange) {
  const auto expect_range = [](const ConfigMap& values, const std::vector<std::string>& parts) {
    expect_error(ErrorCode::InvalidArgument, parts, [&] { parse_quant_config(values); });
  };
  expect_range({{"weight_bits", int64_t{1}}}, {"'weight_bits' is 1", "from 2 to 16"});
  expect_range({{"weight_bits", int64_t{9}}, {"onnx_format", true}}, {"from 2 to 8"});
  expect_range({{"activation_bits", int64_t{17}}}, {"'activation_bits' is 17", "from 2 to 16"});
  expect_range({{"window_size", int64_t{0}}}, {"'window_size' is 0"});
  expect_range({{"window_size", int64_t{1} << 40}}, {"'window_size'"});
  expect_range({{"moving_rate", 1.0}}, {"'moving_rate' is 1", "below 1"});
  expect_range({{"dtype", std::string("int4")}}, {"'int4'", "use 'int8'"});
  expect_range({{"weight_quantize_type", std::string("absmax")}}, {"nearest choice is 'abs_max'"});
  expect_range({{"activation_quantize_type", std::string("channel_wise_abs_max")}}, {"one scale"});
  expect_range({{"for_tensorrt", true}, {"weight_quantize_type", std::string("abs_max")}},
               {"'for_tensorrt'", "'abs_max'"});
  expect_range({{"quantize_op_types", std::string("conv3")}},
               {"'conv3'", "not an op type", "conv2d"});
  expect_range({{"quantize_op_types", std::string("momentum")}}, {"cannot be quantized"});
}

TEST(QuantConfig, TextBecomesTheValueItLooksLike) {
  EXPECT_EQ(config_value_from_text("true"), ConfigValue(true));
  EXPECT_EQ(config_value_from_text("8"), ConfigValue(int64_t{8}));
  EXPECT_EQ(config_value_from_text("-3"), ConfigValue(int64_t{-3}));
  EXPECT_EQ(config_value_from_text("0.5"), ConfigValue(0.5));
  EXPECT_EQ(config_value_from_text("abs_max"), ConfigValue(std::string("abs_max")));
  EXPECT_EQ(config_value_from_text("\"int8\""), ConfigValue(std::string("int8")));
  EXPECT_EQ(config_value_from_text("conv2d,mul"),
            ConfigValue(std::vector<std::string>{"conv2d", "mul"}));
  EXPECT_EQ(config_value_from_text("['a', 'b']"), ConfigValue(std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config_value_from_text("[]"), ConfigValue(std::vector<std::string>{}));
}

// docs/quantization.md lists the keys as this prints them.
TEST(QuantConfig, DocsListEveryKey) {
  std::ifstream file(std::string(INTACT_SOURCE_DIR) + "/docs/quantization.md");
  std::stringstream docs;
  docs << file.rdbuf();
  for (const QuantConfigKey& key : quant_config_keys()) {
    const std::string row =
        fmt::format("| `{}` | {} | `{}` | {} |", key.name, key.type, key.default_value, key.help);
    EXPECT_NE(docs.str().find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace intact
