// The passes of convert, one by one: before and after, each guard, twice.
#include <gtest/gtest.h>

#include "intact/ir/text.h"
#include "quant/passes/passes.h"
#include "quant/weight_codes.h"
#include "support/check_pass.h"

namespace intact {
namespace {

using ConvertPass = PassReport (*)(Program&, ConvertContext&);

class ConvertPasses : public ::testing::Test {
 protected:
  PassUnderTest bind(ConvertPass pass) {
    return [this, pass](Program& program) {
      ConvertContext context{config, scope};
      return pass(program, context);
    };
  }
  std::vector<float> values(const std::string& name) {
    const Tensor tensor = scope.get(name).cast(DType::Float32);
    return {tensor.values<float>().begin(), tensor.values<float>().end()};
  }

  QuantConfig config;
  Scope scope;
};

const std::string kVars = R"(
  var %x: float32[-1,2,4,4] data
  var %w: float32[2,2,1,1] persistable parameter
  var %w@scale: float32[2] persistable
  var %x@scale: float32[1] persistable
)";
std::string weight_quantizer(const std::string& attrs) {
  return "Out=%w.quantized, OutScale=%w@scale = fake_channel_wise_quantize_abs_max(X=%w) "
         "{quant_axis=0, round_type=0, " +
         attrs + "}\n";
}
const std::string kWeightValues =
    "Out=%w.quantized.dequantized = "
    "fake_channel_wise_dequantize_max_abs(X=%w.quantized, Scales=%w@scale)\n";
const std::string kCodes =
    "Out=%x.quantized, OutScale=%x@scale = "
    "fake_quantize_moving_average_abs_max(X=%x, InScale=%x@scale) {is_test=true}\n";
const std::string kValues =
    "Out=%x.quantized.dequantized = fake_dequantize_max_abs(X=%x.quantized, Scale=%x@scale) "
    "{max_range=127}\n";
std::string conv(const std::string& input, const std::string& filter) {
  return "Output=%y = conv2d(Input=%" + input + ", Filter=%" + filter +
         ") {quantization_type=\"qat_with_weight\"}\n";
}
const std::string kQuantizedConv = kVars + weight_quantizer("is_test=false") + kWeightValues +
                                   kCodes + kValues +
                                   conv("x.quantized.dequantized", "w.quantized.dequantized");

TEST_F(ConvertPasses, RefreshTakesTheAbsMaxOfTheWeightAsItIs) {
  scope.set("w", Tensor::from<float>({2, 2, 1, 1}, {1, -3, 0.5f, 0.25f}));
  scope.set("w@scale", Tensor::from<float>({2}, {9, 9}));
  check_pass(kQuantizedConv, bind(refresh_weight_scales), kQuantizedConv);
  EXPECT_EQ(values("w@scale"), (std::vector<float>{3, 0.5f}));
}

TEST_F(ConvertPasses, RefreshKeepsRecordedScales) {
  scope.set("w", Tensor::from<float>({2, 2, 1, 1}, {1, -3, 0.5f, 0.25f}));
  scope.set("w@scale", Tensor::from<float>({2}, {9, 9}));
  const std::string label = "fake_channel_wise_quantize_abs_max 'w.quantized'";
  const std::string reason = "its scale is the one recorded in training";
  check_skips(kVars + weight_quantizer("is_test=true") + kWeightValues,
              bind(refresh_weight_scales),
              label,
              reason);
  EXPECT_EQ(values("w@scale"), (std::vector<float>{9, 9}));
}

TEST_F(ConvertPasses, ThresholdsComeFromTheScalesOfOutputs) {
  scope.set("r@scale", Tensor::from<float>({1}, {2.5f}));
  const std::string vars = "var %x: float32[-1,3] data\nvar %r@scale: float32[1] persistable\n";
  check_pass(vars + "Out=%r = relu(X=%x)\n",
             bind(record_output_thresholds),
             vars +
                 "Out=%r = relu(X=%x) {out_threshold=2.5, ?Out0_threshold=2.5, "
                 "with_quant_attr=true}\n");
  check_skips("var %x: float32[-1,3] data\nOut=%r = relu(X=%x)\n",
              bind(record_output_thresholds),
              "relu 'r'",
              "no scale of its outputs is left to record");
}

TEST_F(ConvertPasses, ThresholdNeedsItsScale) {
  Program program = parse_program(
      "var %x: float32[-1,3] data\nvar %r@scale: float32[1] persistable\nOut=%r = relu(X=%x)\n");
  EXPECT_THROW(bind(record_output_thresholds)(program), Error);
}

TEST_F(ConvertPasses, DequantizeMovesBehindTheOp) {
  check_pass(kQuantizedConv + "Out=%r = relu(X=%y)\n",
             bind(move_dequantize_behind_ops),
             kVars + weight_quantizer("is_test=false") + kWeightValues + kCodes + kValues +
                 conv("x.quantized", "w.quantized.dequantized") +
                 "Out=%y.dequantized = fake_channel_wise_dequantize_max_abs(X=%y, "
                 "Scales=[%w@scale, %x@scale]) {quant_bits=[8,8], quant_axis=0, "
                 "x_num_col_dims=1}\n"
                 "Out=%r = relu(X=%y.dequantized)\n");
}

TEST_F(ConvertPasses, OneScaleIsFoldedIntoMaxRange) {
  scope.set("w@scale", Tensor::from<float>({1}, {0.5f}));
  const std::string vars = R"(
    var %x: float32[-1,4] data
    var %w: float32[4,3] persistable parameter
    var %w@scale: float32[1] persistable
    var %x@scale: float32[1] persistable
    Out=%w.quantized, OutScale=%w@scale = fake_quantize_abs_max(X=%w)
    Out=%w.quantized.dequantized = fake_dequantize_max_abs(X=%w.quantized, Scale=%w@scale) {max_range=127}
  )";
  const auto mul = [](const std::string& input) {
    return "Out=%y = mul(X=%" + input +
           ", Y=%w.quantized.dequantized) {quantization_type=\"qat_with_weight\"}\n";
  };
  check_pass(vars + kCodes + kValues + mul("x.quantized.dequantized"),
             bind(move_dequantize_behind_ops),
             vars + kCodes + kValues + mul("x.quantized") +
                 "Out=%y.dequantized = fake_dequantize_max_abs(X=%y, Scale=%x@scale) "
                 "{max_range=32258}\n");  // 127 * 127 / 0.5
}

TEST_F(ConvertPasses, MoveGuards) {
  check_skips(kVars + kCodes + kValues + conv("x.quantized.dequantized", "w"),
              bind(move_dequantize_behind_ops),
              "conv2d 'y'",
              "its weight or its activation has no quantizer of its own");
  check_skips(kVars + weight_quantizer("is_test=false") + kWeightValues + kCodes +
                  conv("x.quantized", "w.quantized.dequantized"),
              bind(move_dequantize_behind_ops),
              "conv2d 'y'",
              "it reads codes already");
  check_skips(kQuantizedConv + "Out=%r = relu(X=%w.quantized.dequantized)\n",
              bind(move_dequantize_behind_ops),
              "conv2d 'y'",
              "another reader of its weight has no quantized activation");
}

TEST_F(ConvertPasses, WeightsBecomeCodes) {
  scope.set("w", Tensor::from<float>({2, 2, 1, 1}, {1, -3, 0.5f, 0.25f}));
  scope.set("w@scale", Tensor::from<float>({2}, {3, 0.5f}));
  check_pass(kVars + weight_quantizer("is_test=false") + kWeightValues + kCodes +
                 conv("x.quantized", "w.quantized.dequantized"),
             bind(freeze_weights),
             kVars + kCodes + conv("x.quantized", "w") + "var %w.quantized: float32[2,2,1,1]\n" +
                 "var %w.quantized.dequantized: float32[2,2,1,1]\n");
  // 127 * 1/3 = 42.33; -127; 127; 63.5 is a tie and goes to the even 64.
  EXPECT_EQ(values("w"), (std::vector<float>{42, -127, 127, 64}));
  EXPECT_EQ(scope.get("w").dtype(), DType::Float32);
}

TEST_F(ConvertPasses, WeightsInV2AreStoredAsInt8) {
  scope.set("w", Tensor::from<float>({2, 2, 1, 1}, {1, -3, 0.5f, 0.25f}));
  scope.set("w@scale", Tensor::from<float>({2}, {3, 0.5f}));
  const std::string vars = kVars + "var %z: int32[2] persistable\n";
  const auto dequantize = [](const std::string& from) {
    return "Y=%d = dequantize_linear(X=%" + from + ", Scale=%w@scale, ZeroPoint=%z)\n";
  };
  const std::string reader = "Output=%y = conv2d(Input=%x, Filter=%d)\n";
  check_pass(vars +
                 "Y=%q, OutScale=%w@scale = quantize_linear(X=%w, Scale=%w@scale, ZeroPoint=%z) "
                 "{is_test=false}\n" +
                 dequantize("q") + reader,
             bind(freeze_weights),
             vars + dequantize("w") + reader + "var %q: float32[2,2,1,1]\n");
  EXPECT_EQ(values("w"), (std::vector<float>{42, -127, 127, 64}));
  EXPECT_EQ(scope.get("w").dtype(), DType::Int8);
}

TEST_F(ConvertPasses, FreezeGuards) {
  scope.set("w", Tensor::from<float>({2, 2, 1, 1}, {1, 1, 1, 1}));
  scope.set("w@scale", Tensor::from<float>({2}, {1, 1}));
  const std::string label = "fake_channel_wise_quantize_abs_max 'w.quantized'";
  check_skips(kVars + weight_quantizer("is_test=false"),
              bind(freeze_weights),
              label,
              "its codes are not read by one dequantize op");
  check_skips(
      kQuantizedConv, bind(freeze_weights), label, "a reader of the weight does not expect codes");
  EXPECT_EQ(values("w"), (std::vector<float>{1, 1, 1, 1}));
}

TEST_F(ConvertPasses, ReferenceRoundingFollowsTheFreezePass) {
  const Program program = parse_program(kVars + R"(
    Out=%w.quantized, OutScale=%w@scale = fake_channel_wise_quantize_abs_max(X=%w) {quant_axis=0, round_type=1}
  )");
  const Op& quantizer = *program.ops().front();
  const Tensor weight = Tensor::from<float>({2, 2, 1, 1}, {0.5f, 0.25f, 2, 0});
  const Tensor scale = Tensor::from<float>({2}, {0.5f, 0});
  // 0.25 is a tie: away from zero as simulated, to even in the reference's freeze pass; the
  // reference replaces a scale of 0 by 1e-8.
  EXPECT_TRUE(weight_codes(weight, scale, quantizer, config)
                  .identical(Tensor::from<float>({2, 2, 1, 1}, {127, 64, 0, 0})));
  config.round_type = QuantRounding::Reference;
  EXPECT_TRUE(weight_codes(weight, scale, quantizer, config)
                  .identical(Tensor::from<float>({2, 2, 1, 1}, {127, 64, 127, 0})));
}

TEST_F(ConvertPasses, DequantizeThatNobodyReadsGoes) {
  const std::string vars =
      "var %x: float32[-1,4] data\nvar %x@scale: float32[1] persistable\n" + kCodes;
  check_pass(vars + kValues,
             bind(remove_dead_dequantize),
             vars + "var %x.quantized.dequantized: float32[-1,4]\n");
  check_skips(vars + kValues + "Out=%r = relu(X=%x.quantized.dequantized)\n",
              bind(remove_dead_dequantize),
              "fake_dequantize_max_abs 'x.quantized.dequantized'",
              "its values are read");
}

TEST_F(ConvertPasses, ObserversGo) {
  const std::string vars = "var %x: float32[-1,4] data\nvar %x@scale: float32[1] persistable\n";
  check_pass(vars + "OutScale=%x@scale = moving_average_abs_max_scale(X=%x) {is_test=true}\n",
             bind(remove_observers),
             vars);
  check_skips(vars +
                  "Out=%o, OutScale=%x@scale = moving_average_abs_max_scale(X=%x) "
                  "{is_test=true}\nOut=%r = relu(X=%o)\n",
              bind(remove_observers),
              "moving_average_abs_max_scale 'o'",
              "its copy of the input is read");
}

TEST_F(ConvertPasses, OutputScalesAreCarriedByObserverPairs) {
  const std::string vars =
      "var %x: float32[-1,10] data\nvar %l: int64[-1,1] data\n"
      "var %r@scale: float32[1] persistable\n";
  const auto rest = [](const std::string& r) {
    return "Out=%s = relu(X=%" + r +
           ")\nLoss=%o, Softmax=%p = softmax_with_cross_entropy(Logits=%r, Label=%l)\n";
  };
  check_pass(vars + "Out=%r = relu(X=%x)\n" + rest("r"), bind(carry_output_scales), vars + R"(
    var %r.quantized@zero_point: int32[1] persistable
    Out=%r = relu(X=%x)
    Y=%r.quantized = quantize_linear(X=%r, Scale=%r@scale, ZeroPoint=%r.quantized@zero_point) {quant_axis=-1, only_observer=true}
    Y=%r.quantized.dequantized = dequantize_linear(X=%r.quantized, Scale=%r@scale,
        ZeroPoint=%r.quantized@zero_point) {quant_axis=-1, only_observer=true}
  )" + rest("r.quantized.dequantized"));
  EXPECT_EQ(scope.get("r.quantized@zero_point").dtype(), DType::Int32);
}

TEST_F(ConvertPasses, CarryGuards) {
  check_skips("var %x: float32[-1,10] data\nOut=%r = relu(X=%x)\n",
              bind(carry_output_scales),
              "relu 'r'",
              "no output has a scale that is not carried yet");
}

TEST_F(ConvertPasses, Int8WeightsHaveTheirOwnName) {
  scope.set("w", Tensor::from<float>({2, 2, 1, 1}, {42, -127, 127, 64}));
  Program program = parse_program(kVars + kCodes + conv("x.quantized", "w"));
  EXPECT_EQ(bind(convert_weights_to_int8)(program).changed, 1);
  const Var& filter = program.var("y").producer()->input("Filter");
  EXPECT_EQ(filter.name(), "w.int8");
  EXPECT_EQ(filter.dtype(), DType::Int8);
  EXPECT_EQ(scope.get("w.int8").dtype(), DType::Int8);
  EXPECT_EQ(values("w.int8"), (std::vector<float>{42, -127, 127, 64}));
  EXPECT_EQ(bind(convert_weights_to_int8)(program).reason("conv2d 'y'"),
            "its weight is int8 already");
}

TEST_F(ConvertPasses, Int8Guards) {
  check_skips(kVars + conv("x", "w"),
              bind(convert_weights_to_int8),
              "conv2d 'y'",
              "its weight does not hold codes");
}

const std::string kStoredCodes = R"(
  var %x: float32[-1,2,4,4] data
  var %w: float32[2,2,1,1] persistable parameter
  var %w@scale: float32[2] persistable
  var %x@scale: float32[1] persistable
  var %zero: int32[1] persistable
  Y=%x.quantized = quantize_linear(X=%x, Scale=%x@scale, ZeroPoint=%zero) {is_test=true}
  Y=%values = dequantize_linear(X=%w, Scale=%w@scale, ZeroPoint=%zero) {quant_axis=0}
)";

TEST_F(ConvertPasses, StoredCodesAreCast) {
  scope.set("w", Tensor(DType::Int8, {2, 2, 1, 1}));
  check_pass(kStoredCodes + conv("x.quantized", "values"), bind(cast_weight_codes), R"(
    var %x: float32[-1,2,4,4] data
    var %w: int8[2,2,1,1] persistable parameter
    var %w@scale: float32[2] persistable
    var %x@scale: float32[1] persistable
    var %zero: int32[1] persistable
    Y=%x.quantized = quantize_linear(X=%x, Scale=%x@scale, ZeroPoint=%zero) {is_test=true}
    Out=%w.codes = cast(X=%w) {in_dtype=21, out_dtype=5}
  )" + conv("x.quantized", "w.codes"));
}

TEST_F(ConvertPasses, CodesAreNotCastForReadersOfValues) {
  scope.set("w", Tensor(DType::Int8, {2, 2, 1, 1}));
  check_skips(kStoredCodes + conv("x", "values"),
              bind(cast_weight_codes),
              "dequantize_linear 'values'",
              "a reader of the weight does not expect codes");
  scope.set("w", Tensor(DType::Int16, {2, 2, 1, 1}));
  check_skips(kStoredCodes + conv("x.quantized", "values"),
              bind(cast_weight_codes),
              "dequantize_linear 'values'",
              "its codes are not int8");
}

}  // namespace
}  // namespace intact
