#include "intact/quant/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/quant/quant_aware.h"
#include "support/check_op.h"
#include "support/expect_error.h"
#include "support/quant_net.h"

namespace intact {
namespace {

struct Trained {
  Scope scope;
  Program eval;
};

/// Three steps of scale updates, then an "optimizer update": weights that move beyond the scales
/// recorded by the last step.
Trained train(const QuantConfig& config) {
  Trained result;
  result.scope = quant_net_scope();
  const Program program = parse_program(kQuantNet);
  const Program train = quant_aware(program, CpuPlace{}, config, {.scope = &result.scope});
  for (uint64_t step = 0; step < 3; ++step) {
    interpret(train, quant_net_batch(step), {"mean"}, result.scope);
  }
  for (const char* name : {"w1", "w2", "w3"}) {
    for (float& value : result.scope.get(name).values<float>()) {
      value *= 1.25f;
    }
  }
  result.eval =
      quant_aware(program, CpuPlace{}, config, {.for_test = true, .scope = &result.scope});
  return result;
}

std::vector<QuantConfig> configs() {
  std::vector<QuantConfig> all;
  for (const bool onnx_format : {false, true}) {
    for (const QuantizeType weights : {QuantizeType::ChannelWiseAbsMax, QuantizeType::AbsMax}) {
      for (const WeightScales scales : {WeightScales::Recompute, WeightScales::Recorded}) {
        for (const QuantRounding rounding : {QuantRounding::TiesToEven,
                                             QuantRounding::TiesAwayFromZero,
                                             QuantRounding::Reference}) {
          all.push_back({.weight_quantize_type = weights,
                         .onnx_format = onnx_format,
                         .round_type = rounding,
                         .weight_scales = scales});
        }
      }
    }
  }
  return all;
}

std::string name_of(const QuantConfig& config) {
  return fmt::format("{} V{} {} {}",
                     to_string(config.weight_quantize_type),
                     config.onnx_format ? 2 : 1,
                     to_string(config.weight_scales),
                     to_string(config.round_type));
}

// The promise of convert: the same integers, so the same numbers up to the order of float32 sums.
TEST(Convert, ComputesWhatTheEvaluationProgramComputes) {
  for (const QuantConfig& config : configs()) {
    Trained trained = train(config);
    Converted converted = convert(trained.eval, CpuPlace{}, config, {.scope = &trained.scope});
    for (uint64_t seed = 100; seed < 103; ++seed) {
      const Tensor want = interpret(trained.eval, quant_net_batch(seed), {"y"}, trained.scope)[0];
      const Tensor got =
          interpret(converted.float_program, quant_net_batch(seed), {"y"}, converted.scope)[0];
      if (config.onnx_format) {
        EXPECT_TRUE(got.identical(want)) << name_of(config) << ": V2 keeps every operation";
      } else {
        expect_close(got, want, 1e-5, name_of(config));
      }
    }
  }
}

TEST(Convert, ExactComputesWhatTheEvaluationProgramComputes) {
  for (const QuantConfig& config : configs()) {
    Trained trained = train(config);
    Converted exact = convert(trained.eval,
                              CpuPlace{},
                              config,
                              {.save_int8 = true, .exact = true, .scope = &trained.scope});
    for (Program* program : {&exact.float_program, &*exact.int8_program}) {
      for (const Op* op : program->ops()) {
        EXPECT_NE(op->type(), "batch_norm") << name_of(config);
      }
      const Tensor want = interpret(trained.eval, quant_net_batch(100), {"y"}, trained.scope)[0];
      const Tensor got = interpret(*program, quant_net_batch(100), {"y"}, exact.scope)[0];
      expect_close(got, want, 1e-5, name_of(config));
    }
  }
}

TEST(Convert, WeightsAreCodesWithinTheSymmetricRange) {
  for (const QuantConfig& config : configs()) {
    if (config.round_type == QuantRounding::Reference) {
      continue;
    }
    const Trained trained = train(config);
    const Converted converted =
        convert(trained.eval, CpuPlace{}, config, {.scope = &trained.scope});
    for (const char* name : {"w1", "w2", "w3"}) {
      const Tensor& codes = converted.scope.get(name);
      EXPECT_EQ(codes.dtype(), config.onnx_format ? DType::Int8 : DType::Float32);
      const Tensor as_float = codes.cast(DType::Float32);
      float largest = 0;
      for (const float code : as_float.values<float>()) {
        EXPECT_EQ(code, std::nearbyint(code));
        largest = std::max(largest, std::abs(code));
      }
      EXPECT_EQ(largest, 127) << name_of(config) << " " << name;
    }
  }
}

TEST(Convert, RecomputedScalesAreThoseOfTheWeightsAsTheyAre) {
  const Trained trained = train({});
  const Converted converted = convert(trained.eval, CpuPlace{}, {}, {.scope = &trained.scope});
  const auto weights = trained.scope.get("w3").values<float>();
  float largest = 0;
  for (size_t row = 0; row < 80; ++row) {
    largest = std::max(largest, std::abs(weights[row * 3 + 1]));
  }
  EXPECT_EQ(converted.scope.get("w3@scale").values<float>()[1], largest);
  EXPECT_NE(trained.scope.get("w3@scale").values<float>()[1], largest) << "stale in the trained";
}

TEST(Convert, LeavesProgramAndScopeAlone) {
  for (const bool onnx_format : {false, true}) {
    const QuantConfig config{.onnx_format = onnx_format};
    const Trained trained = train(config);
    const Scope untouched = trained.scope.clone();
    const std::string text = to_text(trained.eval);
    const ConvertOptions options{.save_int8 = true, .scope = &trained.scope};
    const Converted first = convert(trained.eval, CpuPlace{}, config, options);
    const Converted second = convert(trained.eval, CpuPlace{}, config, options);
    EXPECT_EQ(to_text(trained.eval), text);
    ASSERT_EQ(trained.scope.names(), untouched.names());
    for (const std::string& name : untouched.names()) {
      EXPECT_TRUE(trained.scope.get(name).identical(untouched.get(name))) << name;
    }
    EXPECT_EQ(to_text(first.float_program), to_text(second.float_program));
    ASSERT_EQ(first.scope.names(), second.scope.names());
    for (const std::string& name : first.scope.names()) {
      EXPECT_TRUE(first.scope.get(name).identical(second.scope.get(name))) << name;
    }
    std::set<const void*> trained_memory;  // training goes on in it
    for (const std::string& name : trained.scope.names()) {
      trained_memory.insert(trained.scope.get(name).raw());
    }
    for (const std::string& name : first.scope.names()) {
      EXPECT_FALSE(trained_memory.contains(first.scope.get(name).raw())) << name;
    }
  }
}

TEST(Convert, Int8ProgramStoresEveryQuantizedWeightAsInt8) {
  for (const bool onnx_format : {false, true}) {
    const QuantConfig config{.onnx_format = onnx_format};
    const Trained trained = train(config);
    const Converted converted =
        convert(trained.eval, CpuPlace{}, config, {.save_int8 = true, .scope = &trained.scope});
    ASSERT_TRUE(converted.int8_program.has_value());
    for (const std::string weight : {"w1", "w2", "w3"}) {
      const std::string stored = onnx_format ? weight : weight + ".int8";
      EXPECT_EQ(converted.scope.get(stored).dtype(), DType::Int8);
      EXPECT_NE(converted.int8_program->block().find_var(stored), nullptr);
      expect_close(converted.scope.get(stored).cast(DType::Float32),
                   converted.scope.get(weight).cast(DType::Float32),
                   0,  // -0 becomes 0
                   stored);
    }
  }
}

TEST(Convert, ScopeHoldsExactlyWhatTheProgramsNeed) {
  const Trained trained = train({});
  const Converted converted = convert(trained.eval, CpuPlace{}, {}, {.scope = &trained.scope});
  EXPECT_EQ(converted.scope.names(),
            (std::vector<std::string>{"b3",
                                      "c2@scale",
                                      "r1@scale",
                                      "w1",
                                      "w1@scale",
                                      "w2",
                                      "w2@scale",
                                      "w3",
                                      "w3@scale",
                                      "x@scale"}));
}

// The names and values of scales are those of both formats: trained in V1, converted to V2.
TEST(Convert, FormatMayChangeAfterTraining) {
  Trained trained = train({});
  const Program eval = quant_aware(parse_program(kQuantNet),
                                   CpuPlace{},
                                   {.onnx_format = true},
                                   {.for_test = true, .scope = &trained.scope});
  EXPECT_TRUE(interpret(eval, quant_net_batch(7), {"y"}, trained.scope)[0].identical(
      interpret(trained.eval, quant_net_batch(7), {"y"}, trained.scope)[0]));
  const Converted v1 = convert(trained.eval, CpuPlace{}, {}, {.scope = &trained.scope});
  const Converted v2 = convert(eval, CpuPlace{}, {.onnx_format = true}, {.scope = &trained.scope});
  for (const char* name : {"w1", "w2", "w3"}) {
    expect_close(v2.scope.get(name).cast(DType::Float32), v1.scope.get(name), 0, name);
  }
}

TEST(Convert, ReportTellsScalesAndThresholds) {
  const Trained trained = train({});
  const Converted converted = convert(trained.eval, CpuPlace{}, {}, {.scope = &trained.scope});
  EXPECT_EQ(converted.report.format, "V1");
  EXPECT_EQ(converted.report.quantized_count(), 3u);
  const QuantReport::Entry& entry = *converted.report.find("c2").front();
  ASSERT_EQ(entry.operands.size(), 2u);
  EXPECT_EQ(entry.operands[0].scale_var, "r1@scale");
  EXPECT_TRUE(entry.operands[1].is_weight);
  EXPECT_EQ(entry.operands[1].scale_count, 5u);
  EXPECT_EQ(entry.out_threshold, trained.scope.get("c2@scale").values<float>()[0]);
  EXPECT_THAT(converted.report.why("conv2d"), testing::HasSubstr("stored as codes"));
  EXPECT_THAT(converted.report.why("relu"), testing::HasSubstr("not among the op types"));
}

TEST(Convert, UnquantizedActivationLeavesTheWeightFloat) {
  Scope scope = quant_net_scope();
  const Program program = parse_program(kQuantNet);
  const Program eval = quant_aware(
      program,
      CpuPlace{},
      {},
      {.for_test = true, .scope = &scope, .disabled_passes = {"insert_activation_fake_quant"}});
  Converted converted = convert(eval, CpuPlace{}, {}, {.scope = &scope});
  EXPECT_TRUE(converted.scope.get("w1").identical(scope.get("w1")));
  EXPECT_TRUE(
      interpret(converted.float_program, quant_net_batch(1), {"y"}, converted.scope)[0].identical(
          interpret(eval, quant_net_batch(1), {"y"}, scope)[0]));
}

TEST(Convert, BadArgumentsAreNamed) {
  Trained trained = train({});
  const auto call = [&](const Program& program, Place place, QuantConfig config) {
    return convert(program, place, config, {.scope = &trained.scope});
  };
  expect_error(ErrorCode::Unsupported, {"convert: CudaPlace(1)"}, [&] {
    call(trained.eval, CudaPlace{1}, {});
  });
  expect_error(ErrorCode::InvalidArgument, {"V1", "onnx_format = true"}, [&] {
    call(trained.eval, CpuPlace{}, {.onnx_format = true});
  });
  const Program program = parse_program(kQuantNet);
  expect_error(
      ErrorCode::InvalidArgument, {"no quantizer"}, [&] { call(program, CpuPlace{}, {}); });
  const Program training = quant_aware(program, CpuPlace{}, {}, {.scope = &trained.scope});
  expect_error(ErrorCode::InvalidArgument, {"still updates its scale", "for_test"}, [&] {
    call(training, CpuPlace{}, {});
  });
  trained.scope.erase("w2");
  expect_error(ErrorCode::NotFound, {"'w2'"}, [&] { call(trained.eval, CpuPlace{}, {}); });
  const Trained wide = train({.weight_bits = 12});
  expect_error(ErrorCode::InvalidArgument, {"12 bits", "int8"}, [&] {
    convert(wide.eval, CpuPlace{}, {.weight_bits = 12}, {.save_int8 = true, .scope = &wide.scope});
  });
}

}  // namespace
}  // namespace intact
