// The coverage ledger: what is trained is what is read back from the file, and every element that a
// file lacks is reported.
#include "intact/quant/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intact/interop/paddle.h"
#include "intact/ir/interpret.h"
#include "intact/ir/rewriter.h"
#include "intact/ir/text.h"
#include "intact/passes/passes.h"
#include "intact/quant/convert.h"
#include "intact/quant/quant_aware.h"
#include "support/expect_error.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

// What the demo's networks are made of: a stem, a depthwise layer, batch norms, a residual sum, a
// pool and a classifier.
const char* const kDemo = R"(
  var %x: float32[-1,3,8,8] data stop_gradient
  var %label: int64[-1,1] data stop_gradient
  var %w1: float32[4,3,3,3] persistable parameter
  var %scale: float32[4] persistable parameter
  var %offset: float32[4] persistable parameter
  var %mean: float32[4] persistable
  var %variance: float32[4] persistable
  var %wd: float32[4,1,3,3] persistable parameter
  var %w2: float32[4,4,1,1] persistable parameter
  var %w3: float32[4,3] persistable parameter
  var %b3: float32[3] persistable parameter
  Output=%c1 = conv2d(Input=%x, Filter=%w1) {paddings=[1,1]}
  Y=%n1, MeanOut=%mean, VarianceOut=%variance, SavedMean=%m1, SavedVariance=%v1 = batch_norm(X=%c1, Scale=%scale, Bias=%offset, Mean=%mean, Variance=%variance) {is_test=true}
  Out=%r1 = relu(X=%n1)
  Output=%d = depthwise_conv2d(Input=%r1, Filter=%wd) {paddings=[1,1], groups=4}
  Out=%r2 = relu6(X=%d)
  Output=%c2 = conv2d(Input=%r2, Filter=%w2)
  Out=%s = elementwise_add(X=%c2, Y=%r1)
  Out=%p = pool2d(X=%s) {ksize=[1,1], pooling_type="avg", global_pooling=true}
  Out=%f = mul(X=%p, Y=%w3)
  Out=%y = elementwise_add(X=%f, Y=%b3) {axis=1}
  Loss=%loss, Softmax=%prob = softmax_with_cross_entropy(Logits=%y, Label=%label)
  Out=%cost = reduce_mean(X=%loss) {reduce_all=true}
)";
const std::vector<std::string> kFeeds = {"x"};
const std::vector<std::string> kFetches = {"y"};

struct Shipped {
  CoverageLedger trained;
  InferenceModel model;  // read back
};

QuantConfig config_named(const std::string& name) {
  QuantConfig config;
  config.onnx_format = name.find("v2") != std::string::npos;
  if (name.find("portable") != std::string::npos) {
    config.deploy = Deploy::Portable;
  }
  if (name.find("whole") != std::string::npos) {
    config.weight_quantize_type = QuantizeType::AbsMax;
  }
  return config;
}

Shipped ship(const std::string& name) {
  const QuantConfig config = config_named(name);
  const Program program = parse_program(kDemo);
  Scope scope;
  uint64_t seed = 1;
  for (const Var* var : program.block().vars()) {
    if (var->is_persistable()) {
      scope.set(var->name(), random_tensor(var->shape(), seed++));
    }
  }
  for (float& value : scope.get("variance").values<float>()) {
    value = 1 + std::abs(value);
  }
  const Program train = quant_aware(program, CpuPlace{}, config, {.scope = &scope});
  for (uint64_t step = 0; step < 2; ++step) {
    interpret(train,
              {{"x", random_tensor({2, 3, 8, 8}, 50 + step)},
               {"label", Tensor::from<int64_t>({2, 1}, {0, 2})}},
              {"cost"},
              scope);
  }
  Program eval = quant_aware(program, CpuPlace{}, config, {.for_test = true, .scope = &scope});
  const bool as_int8 = name.find("int8") != std::string::npos;
  const bool is_exact = name.find("exact") != std::string::npos;
  const Converted converted =
      convert(eval, CpuPlace{}, config, {.save_int8 = as_int8, .exact = is_exact, .scope = &scope});
  if (is_exact) {
    write_batch_norm_out(eval, scope);
  }
  Shipped shipped{.trained = coverage_ledger(eval, scope, kFeeds, kFetches)};
  const std::string prefix = testing::TempDir() + "/coverage_" + name;
  save_inference_model(prefix,
                       kFeeds,
                       kFetches,
                       as_int8 ? *converted.int8_program : converted.float_program,
                       converted.scope);
  shipped.model = load_inference_model(prefix);
  return shipped;
}

class Coverage : public testing::TestWithParam<std::string> {
 protected:
  Shipped shipped = ship(GetParam());

  std::vector<std::string> differences(const Program& program, const Scope& scope) const {
    return compare_coverage(shipped.trained, coverage_ledger(program, scope, kFeeds, kFetches));
  }
};

TEST_P(Coverage, FileHoldsWhatWasTrained) {
  EXPECT_THAT(differences(shipped.model.program, shipped.model.scope), testing::IsEmpty());
  const std::vector<QuantizedTensor> tensors = shipped.trained.tensors();
  EXPECT_GE(tensors.size(), 8u);
  for (const QuantizedTensor& tensor : tensors) {
    EXPECT_FALSE(tensor.steps.empty()) << tensor.name;
    EXPECT_FALSE(tensor.source.empty()) << tensor.name;
    EXPECT_EQ(tensor.is_weight, !tensor.codes_digest.empty()) << tensor.name;
  }
}

/// The op's readers read its input instead.
void bypass(Program& program, Op& op) {
  Rewriter rewriter(program.block());
  for (const SlotDef& in : op.def().inputs) {
    if (op.has_input(in.name) && in.name != "ZeroPoint") {
      for (const auto& [slot, vars] : op.outputs()) {
        for (Var* var : vars) {
          rewriter.replace_all_uses(*var, op.input(in.name));
        }
      }
      break;
    }
  }
  rewriter.erase(op);
}

TEST_P(Coverage, EveryDroppedOpAndQuantizerIsReported) {
  const size_t count = shipped.model.program.ops().size();
  ASSERT_GT(count, 15u);
  for (const bool rewire : {false, true}) {
    for (size_t i = 0; i < count; ++i) {
      Program mutated = shipped.model.program.clone();
      Op& op = *mutated.ops()[i];
      const std::string label = op.label();
      if (rewire) {
        bypass(mutated, op);
      } else {
        Rewriter rewriter(mutated.block());
        rewriter.erase(op);
      }
      EXPECT_THAT(differences(mutated, shipped.model.scope), testing::Not(testing::IsEmpty()))
          << label << " dropped, rewired: " << rewire;
    }
  }
}

TEST_P(Coverage, EveryDroppedOrChangedTensorIsReported) {
  const std::vector<std::string> names = param_names(shipped.model.program);
  ASSERT_GE(names.size(), 12u);
  for (const std::string& name : names) {
    // Zero points are 0, and nothing reads them but the file format.
    if (name.find("@zero_point") == std::string::npos) {
      Scope dropped = shipped.model.scope.clone();
      dropped.erase(name);
      EXPECT_THAT(differences(shipped.model.program, dropped), testing::Not(testing::IsEmpty()))
          << name << " dropped";
      Scope changed = shipped.model.scope.clone();
      static_cast<uint8_t*>(changed.get(name).raw())[changed.get(name).size_bytes() - 1] ^= 1;
      EXPECT_THAT(differences(shipped.model.program, changed), testing::Not(testing::IsEmpty()))
          << name << " changed";
    }
    std::vector<std::string> others = names;
    std::erase(others, name);
    Scope read;
    EXPECT_THROW(
        read_params(write_params(others, shipped.model.scope), shipped.model.program, read, "file"),
        Error)
        << name << " missing from the file";
  }
}

TEST_P(Coverage, EveryChangedQuantizerAttributeIsReported) {
  const size_t count = shipped.model.program.ops().size();
  for (size_t i = 0; i < count; ++i) {
    for (const char* name : {"bit_length", "max_range", "zero_point", "quant_axis"}) {
      Program mutated = shipped.model.program.clone();
      Op& op = *mutated.ops()[i];
      if (!op.has_attr(name) || op.attr_or<bool>("only_observer", false)) {
        continue;
      }
      if (std::string(name) == "max_range") {
        op.set_attr(name, op.attr<float>(name) * 2);
      } else {
        op.set_attr(name, op.attr<int32_t>(name) + 1);
      }
      const bool is_two_scales = op.has_input("Scales") && op.input_list("Scales").size() == 2;
      if (std::string(name) == "quant_axis" && is_two_scales) {
        continue;  // x_num_col_dims counts there
      }
      EXPECT_THAT(differences(mutated, shipped.model.scope), testing::Not(testing::IsEmpty()))
          << op.label() << " " << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats,
                         Coverage,
                         testing::Values("v1",
                                         "v2",
                                         "v1_int8",
                                         "v1_whole",
                                         "v2_whole",
                                         "v1_portable",
                                         "v2_portable",
                                         "v1_exact",
                                         "v2_exact",
                                         "v1_exact_int8",
                                         "v2_exact_whole",
                                         "v2_exact_portable"),
                         [](const auto& info) { return info.param; });

TEST(CoverageLedger, SaysWhatChanged) {
  Shipped shipped = ship("v1_portable");
  Scope& scope = shipped.model.scope;
  scope.get("r1@scale").values<float>()[0] *= 2;
  const std::vector<std::string> differences = compare_coverage(
      shipped.trained, coverage_ledger(shipped.model.program, scope, kFeeds, kFetches));
  EXPECT_THAT(differences,
              testing::Contains(testing::AllOf(testing::HasSubstr("depthwise_conv2d 'd': 'r1'"),
                                               testing::HasSubstr("9 bits, codes 0..255"))));
  EXPECT_THAT(shipped.trained.to_text(), testing::HasSubstr("weight 'w1': 8 bits"));
  EXPECT_THAT(shipped.trained.to_json(), testing::HasSubstr("\"tensor\": \"r1\""));
}

// A layer whose weight is computed: it cannot be quantized.
const char* const kComputedWeight = R"(
  var %x: float32[-1,3,8,8] data stop_gradient
  var %w1: float32[4,3,3,3] persistable parameter
  var %w2: float32[4,4,1,1] persistable parameter
  Output=%c1 = conv2d(Input=%x, Filter=%w1) {paddings=[1,1]}
  Out=%w = scale(X=%w2) {scale=2.0}
  Output=%c2 = conv2d(Input=%c1, Filter=%w)
  Out=%y = relu(X=%c2)
)";

TEST(DryRun, NamesLayerReasonAndRemedyBeforeTraining) {
  Scope scope;
  QuantReport report;
  quant_aware(parse_program(kComputedWeight), CpuPlace{}, {}, {.scope = &scope, .report = &report});
  ASSERT_EQ(report.gaps.size(), 1u);
  EXPECT_EQ(report.gaps[0].op, "conv2d 'c2'");
  EXPECT_EQ(report.gaps[0].reason, "weight is not persistable");
  EXPECT_THAT(report.gaps[0].remedy, testing::HasSubstr("make its weight a parameter"));
  EXPECT_THAT(report.to_text(), testing::HasSubstr("cannot ship  conv2d 'c2': weight is not"));
  EXPECT_THAT(report.to_json(), testing::HasSubstr("\"remedy\""));
}

TEST(DryRun, PolicyFailsOrIgnores) {
  const Program program = parse_program(kComputedWeight);
  Scope scope;
  expect_error(ErrorCode::InvalidArgument,
               {"one part", "conv2d 'c2'", "not persistable", "not_quant_pattern"},
               [&] {
                 quant_aware(
                     program, CpuPlace{}, {.coverage = CoveragePolicy::Fail}, {.scope = &scope});
               });
  QuantReport report;
  quant_aware(program,
              CpuPlace{},
              {.coverage = CoveragePolicy::Ignore},
              {.scope = &scope, .report = &report});
  EXPECT_TRUE(report.gaps.empty());
  QuantConfig named{.coverage = CoveragePolicy::Fail};
  named.not_quant_pattern = {"c2"};
  EXPECT_NO_THROW(quant_aware(program, CpuPlace{}, named, {.scope = &scope}));
}

// V1's ops give sums of codes, scaled back for readers; an output has none.
TEST(DryRun, FindsAnOutputThatWouldHoldCodes) {
  const Program program = parse_program(R"(
    var %x: float32[-1,6] data stop_gradient
    var %w: float32[6,3] persistable parameter
    Out=%y = mul(X=%x, Y=%w)
  )");
  for (const bool onnx_format : {false, true}) {
    Scope scope;
    QuantReport report;
    quant_aware(
        program, CpuPlace{}, {.onnx_format = onnx_format}, {.scope = &scope, .report = &report});
    // The weight's steps go with the dequantizer that nobody needs.
    ASSERT_EQ(report.gaps.size(), onnx_format ? 0u : 2u);
    if (!onnx_format) {
      EXPECT_THAT(report.gaps[0].reason, testing::HasSubstr("no step"));
      EXPECT_THAT(report.gaps[1].reason, testing::HasSubstr("sums of codes"));
    }
  }
}

TEST(DryRun, NetworksOfTheTutorialKindHaveNoGaps) {
  for (const char* name : {"v1", "v2", "v1_portable", "v2_portable", "v1_whole", "v2_whole"}) {
    QuantConfig config = config_named(name);
    config.coverage = CoveragePolicy::Fail;
    Scope scope;
    EXPECT_NO_THROW(quant_aware(parse_program(kDemo), CpuPlace{}, config, {.scope = &scope}))
        << name;
    EXPECT_FALSE(scope.contains("w1")) << "the dry run leaves the Scope alone";
  }
}

}  // namespace
}  // namespace intact
