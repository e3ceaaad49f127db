// The portable profile: u8 ranges, weights that cannot saturate, and what converting keeps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/passes/deployment_form.h"
#include "intact/quant/convert.h"
#include "intact/quant/quant_aware.h"
#include "intact/quant/saturation.h"
#include "ir/quantizer_range.h"
#include "ops/detail/pair_limit.h"
#include "quant/quant_trace.h"
#include "support/check_op.h"
#include "support/expect_error.h"
#include "support/quant_net.h"

namespace intact {
namespace {

const char* const kNet = R"(
  var %x: float32[-1,3,8,8] data stop_gradient
  var %w1: float32[4,3,3,3] persistable parameter
  var %wd: float32[4,1,3,3] persistable parameter
  var %w2: float32[4,4,1,1] persistable parameter
  var %w3: float32[4,3] persistable parameter
  var %b3: float32[3] persistable parameter
  Output=%c1 = conv2d(Input=%x, Filter=%w1) {paddings=[1,1]}
  Out=%r1 = relu(X=%c1)
  Out=%m = pool2d(X=%r1) {ksize=[2,2], strides=[2,2], pooling_type="max"}
  Output=%d = depthwise_conv2d(Input=%m, Filter=%wd) {paddings=[1,1], groups=4}
  Output=%c2 = conv2d(Input=%d, Filter=%w2)
  Out=%s = elementwise_add(X=%c2, Y=%m)
  Out=%p = pool2d(X=%s) {ksize=[1,1], pooling_type="avg", global_pooling=true}
  Out=%f = mul(X=%p, Y=%w3)
  Out=%y = elementwise_add(X=%f, Y=%b3) {axis=1}
)";

Tensor random(const Shape& shape, uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  Tensor tensor(DType::Float32, shape);
  for (float& value : tensor.values<float>()) {
    value = normal(engine);
  }
  return tensor;
}

Scope net_scope() {
  Scope scope;
  scope.set("w1", random({4, 3, 3, 3}, 1));
  scope.set("wd", random({4, 1, 3, 3}, 2));
  scope.set("w2", random({4, 4, 1, 1}, 3));
  scope.set("w3", random({4, 3}, 4));
  scope.set("b3", random({3}, 5));
  return scope;
}

struct Trained {
  Scope scope = net_scope();
  Program eval;
  QuantReport report;
};

Trained train(const QuantConfig& config) {
  Trained result;
  const Program program = parse_program(kNet);
  const Program train = quant_aware(program, CpuPlace{}, config, {.scope = &result.scope});
  for (uint32_t step = 0; step < 3; ++step) {
    interpret(train, {{"x", random({2, 3, 8, 8}, 10 + step)}}, {"y"}, result.scope);
  }
  result.eval = quant_aware(program,
                            CpuPlace{},
                            config,
                            {.for_test = true, .scope = &result.scope, .report = &result.report});
  return result;
}

QuantConfig portable(bool onnx_format = false, PortableWeights weights = PortableWeights::Pairs) {
  return {.onnx_format = onnx_format, .deploy = Deploy::Portable, .portable_weights = weights};
}

std::vector<QuantConfig> all_portable() {
  return {portable(false),
          portable(true),
          portable(false, PortableWeights::SevenBit),
          portable(true, PortableWeights::SevenBit)};
}

TEST(Portable, ActivationsAreU8BySign) {
  for (const bool onnx_format : {false, true}) {
    const Trained trained = train(portable(onnx_format));
    std::map<std::string, QuantizerRange> ranges;
    for (const Op* op : trained.eval.ops()) {
      if (is_quantize_op(*op) && !op->input("X").is_persistable()) {
        ranges[op->input("X").name()] = quantizer_range(*op);
      }
    }
    // The max pool has no quantizer of its own, and m one for both its readers.
    ASSERT_EQ(ranges.size(), 6u);
    for (const auto& [name, range] : ranges) {
      const bool is_signed = name != "m";
      EXPECT_EQ(range.storage, DType::UInt8) << name;
      EXPECT_EQ(range.zero_point, is_signed ? 128 : 0) << name;
      EXPECT_EQ(range.levels, is_signed ? 127 : 255) << name;
      EXPECT_EQ(range.low, 0) << name;
      EXPECT_EQ(range.high, 255) << name;
    }
    EXPECT_THAT(trained.report.why("y"), testing::HasSubstr("biases join the integer sum"));
    EXPECT_THAT(trained.report.why("m"), testing::HasSubstr("max pooling picks among codes"));
  }
}

TEST(Portable, CodesStayInTheRangesTheyDeclare) {
  for (const QuantConfig& config : all_portable()) {
    Trained trained = train(config);
    for (const Op* op : trained.eval.ops()) {
      if (!is_quantize_op(*op) || op->input("X").is_persistable()) {
        continue;
      }
      const std::string name = op->output(op->type() == "quantize_linear" ? "Y" : "Out").name();
      Tensor x = random({2, 3, 8, 8}, 99);
      for (float& value : x.values<float>()) {
        value *= 4;  // far beyond what training saw
      }
      const Tensor codes = interpret(trained.eval, {{"x", x}}, {name}, trained.scope)[0];
      const QuantizerRange range = quantizer_range(*op);
      const auto [low, high] = std::ranges::minmax(codes.values<float>());
      EXPECT_GE(low + static_cast<float>(range.zero_point), range.low) << name;
      EXPECT_LE(high + static_cast<float>(range.zero_point), range.high) << name;
    }
  }
}

TEST(Portable, EveryLayerIsProvenAndThePaddleProfileIsNot) {
  for (const QuantConfig& config : all_portable()) {
    const Trained trained = train(config);
    const std::vector<PairBound> bounds = saturation_bounds(trained.eval, trained.scope);
    ASSERT_EQ(bounds.size(), 4u);
    for (const PairBound& bound : bounds) {
      EXPECT_TRUE(bound.is_safe()) << bound.to_text();
      EXPECT_EQ(bound.activation_range, 255);
      EXPECT_EQ(bound.is_depthwise, bound.weight == "wd");
      EXPECT_LE(bound.largest_pair, bound.is_depthwise ? 254 : 128) << bound.to_text();
      EXPECT_GE(bound.largest_pair, 64) << "the range is used";
    }
    EXPECT_THAT(trained.report.to_text(),
                testing::HasSubstr("4 of 4 layers cannot saturate 16-bit pair products"));
  }
  // The negative control: full codes and no bound.
  const Trained unbounded = train(portable(false, PortableWeights::Unbounded));
  for (const PairBound& bound : saturation_bounds(unbounded.eval, unbounded.scope)) {
    EXPECT_EQ(bound.is_safe(), bound.is_depthwise) << bound.to_text();
    EXPECT_EQ(bound.activation_range, 255);
  }
  const Trained control = train({});
  std::map<std::string, bool> safe;
  for (const PairBound& bound : saturation_bounds(control.eval, control.scope)) {
    safe[bound.weight] = bound.is_safe();
  }
  // Signed inputs reach 255 as u8; m, behind a relu, has 0..127 and is safe with any weights.
  EXPECT_EQ(
      safe,
      (std::map<std::string, bool>{{"w1", false}, {"wd", true}, {"w2", false}, {"w3", false}}));
  EXPECT_THAT(control.report.to_text(), testing::HasSubstr("saturates  conv2d 'c1': pairs up to"));
  EXPECT_THAT(control.report.why("c1"), testing::HasSubstr("can saturate"));
}

TEST(Portable, TheBoundIsTheSameBeforeAndAfterConvert) {
  for (const QuantConfig& config : all_portable()) {
    const Trained trained = train(config);
    const Converted converted =
        convert(trained.eval, CpuPlace{}, config, {.save_int8 = true, .scope = &trained.scope});
    const std::vector<PairBound> before = saturation_bounds(trained.eval, trained.scope);
    for (const Program* program : {&converted.float_program, &*converted.int8_program}) {
      const std::vector<PairBound> after = saturation_bounds(*program, converted.scope);
      ASSERT_EQ(after.size(), before.size());
      for (size_t i = 0; i < after.size(); ++i) {
        EXPECT_EQ(after[i].bound(), before[i].bound()) << before[i].to_text();
      }
    }
  }
}

// Codes a runtime without the limit would multiply: the sum of two products leaves 16 bits.
TEST(Portable, TheBoundIsReachedByAnInput) {
  const Tensor codes = Tensor::from<int8_t>({1, 2}, {127, 127});
  const PairBound full = pair_bound(codes, 0, 255, false);
  EXPECT_EQ(full.bound(), 255 * 254);
  EXPECT_FALSE(full.is_safe());
  EXPECT_TRUE(pair_bound(codes, 0, 127, false).is_safe());
  EXPECT_TRUE(pair_bound(codes, 0, 255, true).is_safe());
  EXPECT_TRUE(pair_bound(Tensor::from<int8_t>({1, 2}, {127, -1}), 0, 255, false).is_safe());
  EXPECT_FALSE(pair_bound(Tensor::from<int8_t>({1, 2}, {127, -2}), 0, 255, false).is_safe());
  EXPECT_EQ(pair_bound(Tensor::from<int8_t>({1, 2}, {-127, 1}), 0, 255, false).bound(), 32640);
  expect_error(ErrorCode::InvalidArgument, {"pair_bound", "[2]"}, [] {
    pair_bound(Tensor::from<int8_t>({2}, {1, 2}), 0, 255, false);
  });
}

// Sums at the limit, with ties: two neighbours must never both round up past it.
TEST(Portable, NoRoundingPassesTheLimit) {
  std::mt19937 engine(7);
  std::uniform_real_distribution<float> uniform(0, 1);
  for (int round = 0; round < 20000; ++round) {
    const float size =
        std::ldexp(1.0f, static_cast<int>(engine() % 40) - 20) * (0.5f + uniform(engine));
    const float share = round % 2 == 0 ? static_cast<float>(engine() % 257) / 256 : uniform(engine);
    const Tensor w = Tensor::from<float>({1, 2}, {size * share, size * (1 - share)});
    float scale = 0;
    find_pair_limited_scales(w.data<float>(), w.shape(), 0, 8, kPairLimit, &scale);
    float sum = 0;
    for (const float value : w.values<float>()) {
      const float code =
          quantize_code(value, scale, inverse_scale(scale), 127.0f, RoundType::TiesToEven);
      EXPECT_LE(code, 127);
      sum += code;
    }
    ASSERT_LE(sum, 128) << size << " " << share;
    ASSERT_GE(sum, 127) << "the scale is no larger than it must be";
  }
}

TEST(Portable, ConvertComputesWhatTheEvaluationComputes) {
  for (const QuantConfig& config : all_portable()) {
    Trained trained = train(config);
    Converted converted = convert(trained.eval, CpuPlace{}, config, {.scope = &trained.scope});
    for (uint32_t seed = 50; seed < 53; ++seed) {
      const TensorMap feeds = {{"x", random({2, 3, 8, 8}, seed)}};
      const Tensor want = interpret(trained.eval, feeds, {"y"}, trained.scope)[0];
      const Tensor got = interpret(converted.float_program, feeds, {"y"}, converted.scope)[0];
      if (config.onnx_format) {
        EXPECT_TRUE(got.identical(want));
      } else {
        expect_close(got, want, 1e-5, "V1 scales behind the integer sum");
      }
    }
  }
}

TEST(Portable, BothFormatsComputeTheSame) {
  Trained v1 = train(portable(false));
  Trained v2 = train(portable(true));
  const TensorMap feeds = {{"x", random({2, 3, 8, 8}, 5)}};
  EXPECT_TRUE(interpret(v1.eval, feeds, {"y"}, v1.scope)[0].identical(
      interpret(v2.eval, feeds, {"y"}, v2.scope)[0]));
}

TEST(Portable, ThePaddleProfileHasNoneOfItsAttributes) {
  for (const bool onnx_format : {false, true}) {
    const Trained trained = train({.onnx_format = onnx_format});
    for (const Op* op : trained.eval.ops()) {
      EXPECT_FALSE(op->has_attr(kZeroPointAttribute)) << op->label();
      EXPECT_FALSE(op->has_attr(kPairLimitAttribute)) << op->label();
    }
  }
}

TEST(Portable, RefusesChoicesItCannotProve) {
  const auto refused = [](QuantConfig config, const std::string& key) {
    config.deploy = Deploy::Portable;
    expect_error(ErrorCode::InvalidArgument, {"'deploy' is 'portable'", key}, [&] {
      check_quant_config(config);
    });
  };
  refused({.weight_quantize_type = QuantizeType::AbsMax}, "weight_quantize_type");
  refused({.activation_quantize_type = QuantizeType::AbsMax}, "activation_quantize_type");
  refused({.weight_bits = 7}, "weight_bits");
  refused({.activation_bits = 7}, "activation_bits");
  refused({.round_type = QuantRounding::Reference}, "round_type");
  refused({.weight_scales = WeightScales::Recorded}, "weight_scales");
  refused({.for_tensorrt = true}, "for_tensorrt");
}

// What an ONNX file is written from has the same layers with the same verdicts.
TEST(Portable, TheDeploymentFormHasTheSameBounds) {
  for (const QuantConfig& config : {QuantConfig{}, portable(false), portable(true)}) {
    const Trained trained = train(config);
    const DeploymentForm form = deployment_form(trained.eval, trained.scope, {"y"});
    const std::vector<PairBound> before = saturation_bounds(trained.eval, trained.scope);
    const std::vector<PairBound> after = saturation_bounds(form.program, form.scope);
    ASSERT_EQ(after.size(), before.size());
    for (size_t i = 0; i < after.size(); ++i) {
      EXPECT_EQ(after[i].bound(), before[i].bound())
          << before[i].to_text() << " and " << after[i].to_text();
    }
  }
}

}  // namespace
}  // namespace intact
