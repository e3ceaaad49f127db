#include "intact/quant/quant_embedding.h"

#include <gtest/gtest.h>

#include "intact/data/npy.h"
#include "intact/interop/paddle.h"
#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/runtime/executor.h"
#include "quant/passes/passes.h"
#include "support/check_op.h"
#include "support/check_pass.h"
#include "support/data_path.h"
#include "support/expect_error.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

const std::string kBefore =
    "var %ids: int64[-1,1] data\n"
    "var %w: float32[4,2] persistable parameter\n"
    "Out=%e = lookup_table(W=%w, Ids=%ids)\n"
    "Out=%y = scale(X=%e) {scale=2}\n";

PassUnderTest pass_with(const QuantEmbeddingOptions& options, const std::string& text) {
  return [options, text](Program& program) {
    Scope scope = make_scope(text);
    EmbeddingContext context{options, scope};
    return quantize_embeddings(program, context);
  };
}

TEST(QuantEmbedding, PutsADequantizeOpBehindEachLookup) {
  check_pass(kBefore,
             pass_with({}, kBefore),
             "var %ids: int64[-1,1] data\n"
             "var %w.int: int8[4,2] persistable\n"
             "var %w.scale: float32[1] persistable\n"
             "Out=%e = lookup_table(W=%w.int, Ids=%ids)\n"
             "Out=%e.dequantize = dequantize_abs_max(X=%e, Scale=%w.scale) {max_range=127}\n"
             "Out=%y = scale(X=%e.dequantize) {scale=2}\n");
}

QuantEmbedding quantize(const std::vector<float>& table, const EmbeddingQuantization& how) {
  Scope scope;
  scope.set("w", Tensor::from<float>({4, 2}, table));
  return quant_embedding(parse_program(kBefore),
                         {.op_types = {{"lookup_table", how}}, .scope = &scope});
}

std::vector<int> codes(const QuantEmbedding& result) {
  const auto values = result.scope.get("w.int").values<int8_t>();
  return {values.begin(), values.end()};
}

Tensor run(QuantEmbedding& result) {
  const Tensor ids = Tensor::from<int64_t>({4, 1}, {0, 1, 2, 3});
  Executor executor;
  return executor.run(result.program, {{"ids", ids}}, {"y"}, result.scope)[0];
}

TEST(QuantEmbedding, AbsMaxRoundsToShareOfTheLargest) {
  QuantEmbedding result = quantize({0.5f, -0.25f, 0.1f, 0, -0.5f, 0.3f, 0.01f, 0.002f}, {});
  EXPECT_EQ(codes(result), (std::vector<int>{127, -64, 25, 0, -127, 76, 3, 1}));
  EXPECT_EQ(result.scope.get("w.scale").values<float>()[0], 0.5f);
  EXPECT_FALSE(result.scope.contains("w"));
  const float step = 2 * 0.5f / 127;
  expect_close(
      run(result),
      Tensor::from<float>({4, 2}, {1, -64 * step, 25 * step, 0, -1, 76 * step, 3 * step, 1 * step}),
      1e-6);
}

// |w| >= 1: values beyond the 99.99th percentile, 0.9993 of the way from the second largest to the
// largest of 8, are clipped.
TEST(QuantEmbedding, LargeTablesAreClipped) {
  const QuantEmbedding result = quantize({1, 2, 3, 4, 5, 6, 7, 100}, {});
  EXPECT_NEAR(result.scope.get("w.scale").values<float>()[0], 7 + 0.9993 * 93, 1e-4);
  const QuantEmbedding clipped = quantize({1, 2, 3, 4, 5, 6, 7, -100}, {.threshold = 8});
  EXPECT_EQ(clipped.scope.get("w.scale").values<float>()[0], 8);
  EXPECT_EQ(codes(clipped).back(), -127);
}

TEST(QuantEmbedding, SixteenBits) {
  QuantEmbedding result = quantize({0.5f, -0.25f, 0, 0, 0, 0, 0, 0}, {.bits = 16});
  EXPECT_EQ(result.scope.get("w.int").values<int16_t>()[1], -16384);  // a tie, to even
  expect_close(run(result), Tensor::from<float>({4, 2}, {1, -0.5f, 0, 0, 0, 0, 0, 0}), 1e-4);
}

// Exponents -1, 0, 0.125 and 3 make the dictionary; a zero counts as its smallest.
TEST(QuantEmbedding, LogKeepsPowersOfTheEighthRootOfTwo) {
  const float root = std::exp2(0.125f);
  QuantEmbedding result =
      quantize({0.5f, -1, root, 8, -8, 1.001f, 0, -root}, {.type = EmbeddingQuantizeType::Log});
  EXPECT_EQ(codes(result), (std::vector<int>{0, 1 - 128, 2, 3, 3 - 128, 1, 0, 2 - 128}));
  expect_close(result.scope.get("w.dict"), Tensor::from<float>({4}, {0.5f, 1, root, 8}), 0);
  expect_close(
      run(result), Tensor::from<float>({4, 2}, {1, -2, 2 * root, 16, -16, 2, 1, -2 * root}), 1e-6);
}

// More than 128 exponents: the largest stay, the others become the smallest of these.
TEST(QuantEmbedding, LogKeepsTheLargestExponents) {
  std::vector<float> table;
  for (int i = 0; i < 200; ++i) {
    table.push_back(std::exp2(-0.125f * static_cast<float>(i)));
  }
  Scope scope;
  scope.set("w", Tensor::from<float>({100, 2}, table));
  const Program program = parse_program(
      "var %ids: int64[-1] data\nvar %w: float32[100,2] persistable\n"
      "Out=%e = lookup_table_v2(W=%w, Ids=%ids)\n");
  const QuantEmbedding result = quant_embedding(
      program,
      {.op_types = {{"lookup_table_v2", {.type = EmbeddingQuantizeType::Log}}}, .scope = &scope});
  EXPECT_EQ(result.scope.get("w.dict").numel(), 128);
  EXPECT_EQ(result.scope.get("w.int").values<int8_t>()[0], 127);
  EXPECT_EQ(result.scope.get("w.int").values<int8_t>()[127], 0);
  EXPECT_EQ(result.scope.get("w.int").values<int8_t>()[199], 0);
}

TEST(QuantEmbedding, BertWrittenAndReadBackComputesTheSame) {
  const InferenceModel model = load_inference_model(data_path("zoo/bert_tiny"));
  const Scope before = model.scope.clone();
  QuantEmbedding result = quant_embedding(model.program, {.scope = &model.scope});
  EXPECT_GE(result.report.changed, 1);
  EXPECT_EQ(model.scope.names(), before.names());
  const TensorMap feeds = {{model.feeds[0], load_npy(data_path("zoo/bert_tiny_in.npy"))}};
  Executor executor;
  const Tensor got = executor.run(result.program, feeds, model.fetches, result.scope)[0];
  // An error of half a 127th in the embeddings, which layer_norm scales up.
  expect_close(got, load_npy(data_path("zoo/bert_tiny_out.npy")), 5e-2);
  const std::string prefix = testing::TempDir() + "/intact_embedding";
  save_inference_model(prefix, model.feeds, model.fetches, result.program, result.scope);
  InferenceModel again = load_inference_model(prefix);
  EXPECT_TRUE(executor.run(again.program, feeds, again.fetches, again.scope)[0].identical(got));
}

TEST(QuantEmbedding, SaysWhyATableStaysFloat) {
  const std::string ids = "var %ids: int64[-1,1] data\n";
  const auto expect_skip = [](const std::string& text, const std::string& reason) {
    check_skips(text, pass_with({}, text), "lookup_table 'e'", reason);
  };
  expect_skip(ids + "var %w: float32[4,2] data\nOut=%e = lookup_table(W=%w, Ids=%ids)\n",
              "'w' is computed, not stored");
  expect_skip(ids + "var %w: float64[4,2] persistable\nOut=%e = lookup_table(W=%w, Ids=%ids)\n",
              "table 'w' is float64, not float32");
  expect_skip(ids +
                  "var %w: float32[4,2] persistable\nOut=%e = lookup_table(W=%w, Ids=%ids)\n"
                  "Out=%y = scale(X=%w)\n",
              "table 'w' is also read by scale 'y', which needs floats");
}

TEST(QuantEmbedding, RefusesWhatItCannotDo) {
  const Program program = parse_program(kBefore);
  Scope scope;
  scope.set("w", Tensor::from<float>({4, 2}, std::vector<float>(8, 1)));
  const auto expect_refused = [&](const std::string& type,
                                  const EmbeddingQuantization& how,
                                  const std::vector<std::string>& parts) {
    expect_error(ErrorCode::InvalidArgument, parts, [&] {
      quant_embedding(program, {.op_types = {{type, how}}, .scope = &scope});
    });
  };
  expect_refused("pyramid_hash", {}, {"'pyramid_hash'", "lookup_table, lookup_table_v2"});
  expect_refused("lookup_table", {.bits = 4}, {"4 bits", "use 8, or 16"});
  expect_refused(
      "lookup_table", {.type = EmbeddingQuantizeType::Log, .bits = 16}, {"16 bits with type log"});
  expect_refused("lookup_table", {.threshold = -1}, {"threshold -1"});
  expect_error(ErrorCode::InvalidArgument, {"'exp' is no way", "abs_max or log"}, [] {
    embedding_quantize_type("exp");
  });
}

}  // namespace
}  // namespace intact
