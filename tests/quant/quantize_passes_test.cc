// The passes of quant_aware, one by one: before and after, each guard, twice.
#include <gtest/gtest.h>

#include "intact/ir/text.h"
#include "quant/passes/passes.h"
#include "support/check_pass.h"

namespace intact {
namespace {

using QuantizePass = PassReport (*)(Program&, const QuantContext&);

class QuantizePasses : public ::testing::Test {
 protected:
  PassUnderTest bind(QuantizePass pass) {
    return [this, pass](Program& program) {
      FunctionSplicer functions(program, options);
      const QuantContext context{config, options, scope, notes, functions};
      return pass(program, context);
    };
  }
  float value(const std::string& name) { return scope.get(name).values<float>()[0]; }

  QuantConfig config;
  QuantAwareOptions options;
  Scope scope;
  std::vector<std::string> notes;
};

const std::string kInput = "var %x: float32[-1,3,4,4] data stop_gradient\n";
const std::string kFilter = "var %w: float32[2,3,1,1] persistable parameter\n";
const std::string kScales = "var %w@scale: float32[2] persistable\n";

TEST_F(QuantizePasses, MarkPutsSkipQuantOnOpsOfThePattern) {
  const std::string before = kInput + kFilter +
                             "Output=%c = conv2d(Input=%x, Filter=%w) {op_namescope=\"/head/\"}\n"
                             "Out=%r = relu(X=%c)\n";
  config.not_quant_pattern = {"head"};
  const PassReport report =
      check_pass(before,
                 bind(mark_skipped_ops),
                 kInput + kFilter +
                     "Output=%c = conv2d(Input=%x, Filter=%w) {op_namescope=\"/head/\", "
                     "skip_quant=true, with_quant_attr=true}\n"
                     "Out=%r = relu(X=%c)\n");
  EXPECT_EQ(report.changed, 1);
}

TEST_F(QuantizePasses, MarkLooksAtOutputAndParameterNames) {
  const auto text = [](const std::string& marks) {
    return kInput + kFilter + "Output=%c = conv2d(Input=%x, Filter=%w)" + marks + "\n";
  };
  const std::string marks = " {skip_quant=true, with_quant_attr=true}";
  config.not_quant_pattern = {"nowhere", "w"};
  check_pass(text(""), bind(mark_skipped_ops), text(marks));
  config.not_quant_pattern = {"c"};
  check_pass(text(""), bind(mark_skipped_ops), text(marks));
  config.not_quant_pattern = {"x", ""};
  check_pass(text(""), bind(mark_skipped_ops), text(""));
  config.not_quant_pattern = {"w"};
  check_skips(text(marks), bind(mark_skipped_ops), "conv2d 'c'", "marked already");
}

TEST_F(QuantizePasses, WeightIsQuantizedOncePerChannel) {
  const PassReport report = check_pass(
      kInput + kFilter +
          "Output=%a = conv2d(Input=%x, Filter=%w)\nOutput=%b = conv2d(Input=%x, Filter=%w)\n",
      bind(insert_weight_fake_quant),
      kInput + kFilter + kScales + R"(
        Out=%w.quantized, OutScale=%w@scale = fake_channel_wise_quantize_abs_max(X=%w) {quant_axis=0, is_test=false, round_type=0}
        Out=%w.quantized.dequantized = fake_channel_wise_dequantize_max_abs(X=%w.quantized, Scales=%w@scale)
        Output=%a = conv2d(Input=%x, Filter=%w.quantized.dequantized) {quantization_type="qat_with_weight", with_quant_attr=true}
        Output=%b = conv2d(Input=%x, Filter=%w.quantized.dequantized) {quantization_type="qat_with_weight", with_quant_attr=true}
      )");
  EXPECT_EQ(report.changed, 2);
  EXPECT_TRUE(scope.get("w@scale").identical(Tensor::from<float>({2}, {0, 0})));
}

TEST_F(QuantizePasses, WeightInV2HasZeroPointsAndAverages) {
  config.onnx_format = true;
  check_pass(kInput + kFilter + "Output=%a = conv2d(Input=%x, Filter=%w)\n",
             bind(insert_weight_fake_quant),
             kInput + kFilter + kScales + R"(
        var %w@state: float32[1] persistable
        var %w@accum: float32[1] persistable
        var %w.quantized@zero_point: int32[2] persistable
        var %w.quantized.dequantized@zero_point: int32[2] persistable
        Y=%w.quantized, OutScale=%w@scale, OutState=%w@state, OutAccum=%w@accum = quantize_linear(X=%w, Scale=%w@scale, ZeroPoint=%w.quantized@zero_point,
                            InState=%w@state, InAccum=%w@accum) {quant_axis=0, is_test=false, round_type=0}
        Y=%w.quantized.dequantized = dequantize_linear(X=%w.quantized, Scale=%w@scale,
                              ZeroPoint=%w.quantized.dequantized@zero_point) {quant_axis=0}
        Output=%a = conv2d(Input=%x, Filter=%w.quantized.dequantized) {quantization_type="qat_with_weight"}
      )");
  EXPECT_EQ(scope.get("w.quantized@zero_point").dtype(), DType::Int32);
  EXPECT_EQ(value("w@state"), 1);
}

TEST_F(QuantizePasses, GradientOpReadsTheQuantizedWeightOfItsOwnOp) {
  const auto text = [](const std::string& weight, const std::string& marks) {
    return "Output=%a = conv2d(Input=%x, Filter=%" + weight + ")" + marks +
           "\nOutput=%b = conv2d(Input=%x, Filter=%w) {skip_quant=true}\n"
           "Filter@GRAD=%w@GRAD = conv2d_grad(Input=%x, Filter=%" +
           weight +
           ", Output@GRAD=%a@GRAD) {op_role=1}\n"
           "Filter@GRAD=%w@GRAD2 = conv2d_grad(Input=%x, Filter=%w, Output@GRAD=%b@GRAD) "
           "{op_role=1}\n";
  };
  const std::string vars = kInput + kFilter +
                           "var %a@GRAD: float32[-1,2,4,4] data\n"
                           "var %b@GRAD: float32[-1,2,4,4] data\n";
  const std::string quantizers = R"(
        Out=%w.quantized, OutScale=%w@scale = fake_channel_wise_quantize_abs_max(X=%w) {quant_axis=0, round_type=0}
        Out=%w.quantized.dequantized = fake_channel_wise_dequantize_max_abs(X=%w.quantized, Scales=%w@scale)
      )";
  check_pass(vars + text("w", ""),
             bind(insert_weight_fake_quant),
             vars + kScales + quantizers +
                 text("w.quantized.dequantized",
                      " {quantization_type=\"qat_with_weight\", with_quant_attr=true}"));
}

TEST_F(QuantizePasses, WeightGuards) {
  const PassUnderTest pass = bind(insert_weight_fake_quant);
  check_skips(kInput + kFilter + "Output=%c = conv2d(Input=%x, Filter=%w) {skip_quant=true}\n",
              pass,
              "conv2d 'c'",
              "not_quant_pattern excludes it");
  check_skips(kInput + "var %w: float32[2,3,1,1] data\nOutput=%c = conv2d(Input=%x, Filter=%w)\n",
              pass,
              "conv2d 'c'",
              "weight is not persistable");
  check_skips(kInput + kFilter +
                  "Output=%c = conv2d(Input=%x, Filter=%w) "
                  "{quantization_type=\"qat_with_weight\"}\n",
              pass,
              "conv2d 'c'",
              "quantized already");
  check_skips(
      "var %x: float32[-1,6] data\nvar %w: float32[2,3,5] persistable\n"
      "Out=%c = mul(X=%x, Y=%w) {y_num_col_dims=2}\n",
      pass,
      "mul 'c'",
      "weight 'w' is [2,3,5], not a matrix");
}

TEST_F(QuantizePasses, ActivationIsQuantizedOnceBeforeItsFirstReader) {
  const std::string marks = " {quantization_type=\"qat_with_weight\"}\n";
  const std::string vars = kInput + kFilter + "var %v: float32[2,3,1,1] persistable parameter\n";
  check_pass(vars + "Output=%a = conv2d(Input=%x, Filter=%w)" + marks +
                 "Output=%b = conv2d(Input=%x, Filter=%v)" + marks,
             bind(insert_activation_fake_quant),
             vars + R"(
        var %x@scale: float32[1] persistable
        var %x@state: float32[1] persistable
        var %x@accum: float32[1] persistable
        Out=%x.quantized, OutScale=%x@scale, OutState=%x@state, OutAccum=%x@accum = fake_quantize_moving_average_abs_max(X=%x, InScale=%x@scale, InState=%x@state,
                                                 InAccum=%x@accum) {is_test=false, round_type=1}
        Out=%x.quantized.dequantized = fake_dequantize_max_abs(X=%x.quantized, Scale=%x@scale) {max_range=127}
      )" + "Output=%a = conv2d(Input=%x.quantized.dequantized, Filter=%w)" +
                 marks + "Output=%b = conv2d(Input=%x.quantized.dequantized, Filter=%v)" + marks);
  EXPECT_EQ(value("x@scale"), 0.001f);
  EXPECT_EQ(value("x@accum"), 1);
}

TEST_F(QuantizePasses, TestProgramReadsScalesAndRuleZeroIsForNonNegativeValues) {
  options.for_test = true;
  const std::string marks = " {quantization_type=\"qat_with_weight\"}\n";
  check_pass(
      kInput + kFilter + "Out=%r = relu(X=%x)\nOutput=%a = conv2d(Input=%r, Filter=%w)" + marks,
      bind(insert_activation_fake_quant),
      kInput + kFilter + R"(
        var %r@scale: float32[1] persistable
        Out=%r = relu(X=%x)
        Out=%r.quantized, OutScale=%r@scale = fake_quantize_moving_average_abs_max(X=%r, InScale=%r@scale) {is_test=true, round_type=0}
        Out=%r.quantized.dequantized = fake_dequantize_max_abs(X=%r.quantized, Scale=%r@scale) {max_range=127}
      )" + "Output=%a = conv2d(Input=%r.quantized.dequantized, Filter=%w)" +
          marks);
  EXPECT_FALSE(scope.contains("r@state"));
}

TEST_F(QuantizePasses, RangeAbsMaxCountsStepsAtTheFront) {
  config.activation_quantize_type = QuantizeType::RangeAbsMax;
  config.window_size = 100;
  const std::string marks = " {quantization_type=\"qat_with_weight\"}\n";
  check_pass(kInput + kFilter + "Output=%a = conv2d(Input=%x, Filter=%w)" + marks,
             bind(insert_activation_fake_quant),
             kInput + kFilter + R"(
        var %x@scale: float32[1] persistable
        var %x@scales: float32[100] persistable
        var %@STEP_COUNTER@: int64[1] persistable
        Out=%@STEP_COUNTER@ = increment(X=%@STEP_COUNTER@) {step=1}
        Out=%x.quantized, OutScale=%x@scale, OutScales=%x@scales = fake_quantize_range_abs_max(X=%x, InScale=%x@scale, Iter=%@STEP_COUNTER@) {window_size=100, is_test=false, round_type=1}
        Out=%x.quantized.dequantized = fake_dequantize_max_abs(X=%x.quantized, Scale=%x@scale) {max_range=127}
      )" + "Output=%a = conv2d(Input=%x.quantized.dequantized, Filter=%w)" +
                 marks);
}

TEST_F(QuantizePasses, ActivationGuards) {
  check_skips(kInput + kFilter + R"(
        var %x@scale: float32[1] persistable
        Out=%q, OutScale=%x@scale = fake_quantize_moving_average_abs_max(X=%x, InScale=%x@scale) {is_test=true}
        Out=%d = fake_dequantize_max_abs(X=%q, Scale=%x@scale) {max_range=127}
        Output=%a = conv2d(Input=%d, Filter=%w) {quantization_type="qat_with_weight"}
      )",
              bind(insert_activation_fake_quant),
              "conv2d 'a'",
              "its activations are quantized already");
}

TEST_F(QuantizePasses, OperatorInputsGetOneFusedQuantizerEach) {
  config.quantize_op_types = {"elementwise_add"};
  const std::string average = R"(
        var %x.quant_dequant@scale: float32[1] persistable
        var %x.quant_dequant@state: float32[1] persistable
        var %x.quant_dequant@accum: float32[1] persistable
      )";
  check_pass(kInput + "Out=%s = elementwise_add(X=%x, Y=%x)\n",
             bind(insert_operator_fake_quant),
             kInput + average + R"(
        Out=%x.quant_dequant, OutScale=%x.quant_dequant@scale, OutState=%x.quant_dequant@state, OutAccum=%x.quant_dequant@accum = fake_quantize_dequantize_moving_average_abs_max(
                X=%x, InScale=%x.quant_dequant@scale, InState=%x.quant_dequant@state,
                InAccum=%x.quant_dequant@accum) {is_test=false, round_type=1}
        Out=%s = elementwise_add(X=%x.quant_dequant, Y=%x.quant_dequant) {quantization_type="qat_without_weight", activation_bits=8, with_quant_attr=true}
      )");
}

TEST_F(QuantizePasses, OperatorGuards) {
  config.quantize_op_types = {"elementwise_add", "reshape2", "reduce_mean"};
  const PassUnderTest pass = bind(insert_operator_fake_quant);
  check_skips(kInput + "Out=%s = elementwise_add(X=%x, Y=%x) {skip_quant=true}\n",
              pass,
              "elementwise_add 's'",
              "not_quant_pattern excludes it");
  check_skips(kInput +
                  "Out=%s = elementwise_add(X=%x, Y=%x) "
                  "{quantization_type=\"qat_without_weight\"}\n",
              pass,
              "elementwise_add 's'",
              "quantized already");
  check_skips(kInput +
                  "var %b: float32[3] persistable parameter\n"
                  "Out=%s = elementwise_add(X=%x, Y=%b) {axis=1}\n",
              pass,
              "elementwise_add 's'",
              "V1 quantizes only between activations, and 'b' is a parameter");
  check_skips(
      "var %label: int64[-1,1] data\n"
      "Out=%l, XShape=%s = reshape2(X=%label) {shape=[-1,1]}\n",
      pass,
      "reshape2 'l'",
      "input 'label' is int64");
  check_skips(
      "var %x: float32[-1,10] data\nvar %label: int64[-1,1] data\n"
      "Loss=%l, Softmax=%p = softmax_with_cross_entropy(Logits=%x, Label=%label)\n"
      "Out=%m = reduce_mean(X=%l) {reduce_all=true}\n",
      pass,
      "reduce_mean 'm'",
      "it computes the loss or a metric");
  config.onnx_format = true;
  check_skips(
      "var %label: int64[-1,1] data\n"
      "Out=%l, XShape=%s = reshape2(X=%label) {shape=[-1,1]}\n",
      pass,
      "reshape2 'l'",
      "none of its inputs is a float activation");
}

TEST_F(QuantizePasses, OutputsAreObservedUnlessTheyHaveAScale) {
  check_pass(kInput + R"(
        var %r@scale: float32[1] persistable
        Out=%r = relu(X=%x)
        Out=%s = relu(X=%r)
      )",
             bind(record_output_scales),
             kInput + R"(
        var %r@scale: float32[1] persistable
        var %s@scale: float32[1] persistable
        var %s@state: float32[1] persistable
        var %s@accum: float32[1] persistable
        Out=%r = relu(X=%x)
        Out=%s = relu(X=%r)
        OutScale=%s@scale, OutState=%s@state, OutAccum=%s@accum = moving_average_abs_max_scale(X=%s, InState=%s@state, InAccum=%s@accum) {is_test=false}
      )");
  EXPECT_EQ(value("s@scale"), 1);
}

TEST_F(QuantizePasses, ObserverGuards) {
  check_skips("var %i: int64[-1,4] data\nOut=%r, XShape=%s = reshape2(X=%i) {shape=[-1,2,2]}\n",
              bind(record_output_scales),
              "reshape2 'r'",
              "no output lacks a scale");
}

TEST_F(QuantizePasses, ScopeValuesAreKeptAndUnusableOnesReplaced) {
  scope.set("s@scale", Tensor::from<float>({1}, {3.5f}));
  scope.set("s@state", Tensor::from<float>({2}, {3, 4}));
  const std::string text = kInput + "Out=%s = relu(X=%x)\n";
  Program program = parse_program(text);
  bind(record_output_scales)(program);
  EXPECT_EQ(value("s@scale"), 3.5f);
  EXPECT_EQ(value("s@state"), 1);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0],
            "'s@state' held float32 [2], another configuration's; replaced by float32 [1]");
}

}  // namespace
}  // namespace intact
