#include "intact/quant/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/quant/quant_aware.h"
#include "support/expect_error.h"
#include "support/quant_net.h"

namespace intact {
namespace {

struct Net {
  explicit Net(const QuantConfig& config = {}) : scope(quant_net_scope()) {
    const Program program = parse_program(kQuantNet);
    const Program train = quant_aware(program, CpuPlace{}, config, {.scope = &scope});
    interpret(train, quant_net_batch(1), {"mean"}, scope);
    const Program test = program.clone_for_test();
    original = test.prune({"x"}, {"y"});
    quantized = quant_aware(test, CpuPlace{}, config, {.for_test = true, .scope = &scope})
                    .prune({"x"}, {"y"});
  }

  QuantizationAnalysis analyze(int batches) const {
    return analyze_quantization(
        {.quantized = quantized,
         .original = original,
         .scope = scope,
         .feeds = {"x"},
         .fetches = {"y"}},
        [&](const std::function<void(const TensorMap&)>& visit) {
          for (int i = 0; i < batches; ++i) {
            visit({{"x", quant_net_batch(10 + static_cast<uint64_t>(i)).at("x")}});
          }
        });
  }

  Scope scope;
  Program original;
  Program quantized;
};

int64_t sum(const std::vector<int64_t>& counts) {
  int64_t total = 0;
  for (const int64_t count : counts) {
    total += count;
  }
  return total;
}

TEST(Analysis, CountsEveryValueOnce) {
  const QuantizationAnalysis analysis = Net().analyze(3);
  EXPECT_EQ(analysis.images, 6);
  ASSERT_GE(analysis.tensors.size(), 4U);
  for (const TensorAnalysis& entry : analysis.tensors) {
    EXPECT_GT(entry.count, 0) << entry.tensor.name;
    EXPECT_EQ(sum(entry.histogram), entry.count) << entry.tensor.name;
    EXPECT_LE(entry.clipped_low + entry.clipped_high, entry.count);
    EXPECT_EQ(entry.histogram.size(),
              static_cast<size_t>(entry.tensor.high - entry.tensor.low + 1));
  }
  EXPECT_EQ(analysis.tensor("x").count, 3 * quant_net_batch(1).at("x").numel());
}

/// By another way: values of the quantized program itself.
TEST(Analysis, NoiseOfAnInputIsThatOfItsFakeQuantizer) {
  Net net;
  const QuantizationAnalysis analysis = net.analyze(1);
  const Tensor x = quant_net_batch(10).at("x");
  const TensorAnalysis& entry = analysis.tensor("x");
  const float step = entry.tensor.steps.at(0);
  double signal = 0;
  double noise = 0;
  int64_t clipped = 0;
  for (const float value : x.values<float>()) {
    const float limit = 127 * step;
    const float code = std::nearbyint(std::clamp(value, -limit, limit) / step);
    signal += double{value} * double{value};
    noise += std::pow(double{value} - double{code} * double{step}, 2);
    clipped += std::nearbyint(std::abs(value) / step) > 127 ? 1 : 0;
  }
  ASSERT_TRUE(entry.sqnr_db.has_value());
  EXPECT_NEAR(*entry.sqnr_db, 10 * std::log10(signal / noise), 1e-4);  // float products
  EXPECT_EQ(entry.clipped_low + entry.clipped_high, clipped);
}

TEST(Analysis, OutputsAreComparedWithTheFloatNetwork) {
  Net net;
  const QuantizationAnalysis analysis = net.analyze(1);
  const TensorMap feeds = {{"x", quant_net_batch(10).at("x")}};
  const Tensor exact = interpret(net.original, feeds, {"y"}, net.scope)[0];
  const Tensor got = interpret(net.quantized, feeds, {"y"}, net.scope)[0];
  double signal = 0;
  double noise = 0;
  for (int64_t i = 0; i < exact.numel(); ++i) {
    const double value = exact.data<float>()[i];
    signal += value * value;
    noise += std::pow(value - double{got.data<float>()[i]}, 2);
  }
  ASSERT_TRUE(analysis.output_sqnr_db.has_value());
  // The Executor adds in another order than the reference kernels.
  EXPECT_NEAR(*analysis.output_sqnr_db, 10 * std::log10(signal / noise), 0.01);
}

TEST(Analysis, FewerBitsAreNoisier) {
  const Net eight;
  const Net four({.weight_bits = 4, .activation_bits = 4});
  const QuantizationAnalysis fine = eight.analyze(2);
  const QuantizationAnalysis coarse = four.analyze(2);
  for (const char* weight : {"w1", "w2", "w3"}) {  // four bits are 24 dB
    EXPECT_NEAR(*fine.tensor(weight).sqnr_db, *coarse.tensor(weight).sqnr_db + 24, 6) << weight;
  }
  EXPECT_GT(*fine.output_sqnr_db, *coarse.output_sqnr_db);
  EXPECT_EQ(four.analyze(1).tensor("x").histogram.size(), 15U);
}

TEST(Analysis, LayersNameTheirTensors) {
  const QuantizationAnalysis analysis = Net().analyze(1);
  ASSERT_EQ(analysis.layers.size(), 3U);
  for (const LayerAnalysis& layer : analysis.layers) {
    EXPECT_TRUE(analysis.tensor(layer.weight).tensor.is_weight) << layer.op;
    ASSERT_EQ(layer.inputs.size(), 1U);
    EXPECT_FALSE(analysis.tensor(layer.inputs[0]).tensor.is_weight) << layer.op;
    EXPECT_TRUE(layer.sqnr_db.has_value()) << layer.op;
  }
  expect_error(
      ErrorCode::InvalidArgument, {"no quantized tensor 'z'"}, [&] { analysis.tensor("z"); });
}

TEST(Analysis, WithoutImagesOnlyWeightsAreKnown) {
  const QuantizationAnalysis analysis = Net().analyze(0);
  for (const TensorAnalysis& entry : analysis.tensors) {
    EXPECT_EQ(entry.count > 0, entry.tensor.is_weight) << entry.tensor.name;
    EXPECT_EQ(entry.clip_share(), 0);
  }
  EXPECT_FALSE(analysis.output_sqnr_db.has_value());
}

}  // namespace
}  // namespace intact
