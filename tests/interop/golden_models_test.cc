// Models that real Paddle wrote: read, run, write, read again.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "intact/data/npy.h"
#include "intact/interop/paddle.h"
#include "intact/ir/interpret.h"
#include "intact/ir/rewriter.h"
#include "intact/ir/text.h"
#include "intact/runtime/executor.h"
#include "support/data_path.h"
#include "support/expect_error.h"

namespace intact {
namespace {

struct GoldenModel {
  std::string model;
  std::string input;
  std::string output;  // empty: Paddle itself refuses to run it
};

void PrintTo(const GoldenModel& golden, std::ostream* out) {
  *out << golden.model;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.shape(), b.shape());
  const auto x = a.values<float>();
  const auto y = b.values<float>();
  double largest = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(x[i]) - y[i]));
  }
  return largest;
}

class GoldenModels : public testing::TestWithParam<GoldenModel> {
 protected:
  InferenceModel load() const { return load_inference_model(data_path(GetParam().model)); }
  Tensor input() const { return load_npy(data_path(GetParam().input)); }
};

/// Paddle's own loaders differ by up to 3e-7 on these (golden README); a quantized network
/// amplifies the last bit where a value sits on a rounding tie. The issue asks for 1e-5.
constexpr double kTolerance = 1e-5;

TEST_P(GoldenModels, InterpretGivesTheRecordedOutput) {
  InferenceModel model = load();
  ASSERT_EQ(model.feeds.size(), 1u);
  ASSERT_EQ(model.fetches.size(), 1u);
  const auto outputs =
      interpret(model.program, {{model.feeds[0], input()}}, model.fetches, model.scope);
  const Tensor expected = load_npy(data_path(GetParam().output));
  EXPECT_LE(largest_difference(outputs[0], expected), kTolerance);
}

TEST_P(GoldenModels, ExecutorGivesTheRecordedOutput) {
  InferenceModel model = load();
  Executor executor;
  const auto outputs =
      executor.run(model.program, {{model.feeds[0], input()}}, model.fetches, model.scope);
  const Tensor expected = load_npy(data_path(GetParam().output));
  EXPECT_LE(largest_difference(outputs[0], expected), kTolerance);
}

TEST_P(GoldenModels, WrittenModelReadsBackIdentical) {
  InferenceModel model = load();
  Rewriter(model.program.block()).remove_unused_vars();  // Paddle leaves some, saving drops them
  const std::string prefix = (std::filesystem::temp_directory_path() /
                              fmt::format("intact_golden_{}_{}",
                                          std::filesystem::path(GetParam().model).stem().string(),
                                          ::getpid()))
                                 .string();
  save_inference_model(prefix, model.feeds, model.fetches, model.program, model.scope);
  const InferenceModel again = load_inference_model(prefix);
  const std::string params = read_file(prefix + ".pdiparams");
  std::filesystem::remove(prefix + ".pdiparams");
  std::filesystem::remove(prefix + ".pdmodel");
  EXPECT_EQ(to_text(again.program), to_text(model.program));
  EXPECT_EQ(again.feeds, model.feeds);
  EXPECT_EQ(again.fetches, model.fetches);
  EXPECT_EQ(params, read_file(data_path(GetParam().model + ".pdiparams")));
}

TEST_P(GoldenModels, WholeProgramFileReadsBackIdentical) {
  const std::string path = data_path(GetParam().model + ".pdmodel");
  const Program program = read_program(read_file(path), path);
  EXPECT_EQ(to_text(read_program(write_program(program), "again")), to_text(program));
}

std::vector<GoldenModel> golden_models() {
  std::vector<GoldenModel> models;
  for (const char* folder : {"lenet", "mobilenet_s0125"}) {
    for (const char* tag : {"float", "qat_v1", "qat_v2", "qat_v1_int8", "qat_v1_range_absmax"}) {
      const std::string name = fmt::format("{}/{}", folder, tag);
      if (std::filesystem::exists(data_path(name + ".pdmodel"))) {
        // The int8 program computes what its float twin computes.
        const bool is_int8 = name.ends_with("_int8");
        const std::string twin = is_int8 ? name.substr(0, name.size() - 5) : name;
        models.push_back({name, fmt::format("{}/input.npy", folder), twin + "_out.npy"});
      }
    }
  }
  for (const char* network : {"resnet_tiny", "mbv2_tiny", "bert_tiny"}) {
    for (const char* tag : {"", "_v1", "_v2"}) {
      const std::string name = fmt::format("zoo/{}{}", network, tag);
      models.push_back({name, fmt::format("zoo/{}_in.npy", network), name + "_out.npy"});
    }
  }
  return models;
}

INSTANTIATE_TEST_SUITE_P(All,
                         GoldenModels,
                         testing::ValuesIn(golden_models()),
                         [](const auto& info) {
                           std::string name = info.param.model;
                           std::replace(name.begin(), name.end(), '/', '_');
                           return name;
                         });

TEST(GoldenPrograms, EveryProgramFileReadsBackIdentical) {
  int count = 0;
  for (const char* folder : {"lenet", "mobilenet_s0125"}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(data_path(fmt::format("{}/programs", folder)))) {
      const std::string path = entry.path().string();
      SCOPED_TRACE(path);
      const Program program = read_program(read_file(path), path);
      EXPECT_GT(program.ops().size(), 5u);
      EXPECT_EQ(to_text(read_program(write_program(program), "again")), to_text(program));
      ++count;
    }
  }
  EXPECT_EQ(count, 21);
}

TEST(GoldenPrograms, AModelThatFetchesTheLossSaysThatItsLabelMustBeFed) {
  for (const char* folder : {"lenet", "mobilenet_s0125"}) {
    InferenceModel model =
        load_inference_model(data_path(fmt::format("{}/qat_v1_loss_target", folder)));
    const Tensor image = load_npy(data_path(fmt::format("{}/input.npy", folder)));
    expect_error(ErrorCode::InvalidArgument, {"'label'", "feed it"}, [&] {
      interpret(model.program, {{"image", image}}, model.fetches, model.scope);
    });
  }
}

}  // namespace
}  // namespace intact
