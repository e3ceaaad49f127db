// save_inference_model and load_inference_model, on training programs that Paddle wrote.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "intact/data/npy.h"
#include "intact/interop/paddle.h"
#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "support/data_path.h"
#include "support/expect_error.h"

namespace intact {
namespace {

Program training_program(const std::string& network) {
  const std::string path = data_path(network + "/programs/train.pb");
  return read_program(read_file(path), path);
}

class InferenceModelTest : public testing::Test {
 protected:
  InferenceModelTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = std::filesystem::temp_directory_path() /
                 fmt::format("intact_model_{}_{}", info->name(), ::getpid());
    std::filesystem::create_directories(directory_);
  }
  ~InferenceModelTest() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }
  size_t file_count() const {
    const std::filesystem::directory_iterator files(directory_);
    return static_cast<size_t>(std::distance(begin(files), end(files)));
  }

  std::filesystem::path directory_;
};

TEST_F(InferenceModelTest, ATrainingProgramIsSavedAsItsEvaluationPart) {
  const Program program = training_program("mobilenet_s0125");
  const std::string before = to_text(program);
  const InferenceModel golden = load_inference_model(data_path("mobilenet_s0125/float"));
  save_inference_model(path("m"), {"image"}, {"fc_0.tmp_2"}, program, golden.scope);
  EXPECT_EQ(to_text(program), before);

  InferenceModel model = load_inference_model(path("m.pdmodel"));
  EXPECT_EQ(model.feeds, (Strings{"image"}));
  EXPECT_EQ(model.fetches, (Strings{"fc_0.tmp_2"}));
  EXPECT_TRUE(model.program.var("image").is_data());
  EXPECT_EQ(model.scope.names(), golden.scope.names());
  int batch_norms = 0;
  for (const Op* op : model.program.ops()) {
    EXPECT_TRUE(op->is_forward()) << op->label();
    if (op->type() == "batch_norm") {
      EXPECT_TRUE(op->attr<bool>("is_test"));
      ++batch_norms;
    }
  }
  EXPECT_EQ(batch_norms, 27);
  const Tensor image = load_npy(data_path("mobilenet_s0125/input.npy"));
  const Tensor output = interpret(model.program, {{"image", image}}, model.fetches, model.scope)[0];
  const Tensor expected = load_npy(data_path("mobilenet_s0125/float_out.npy"));
  for (int64_t i = 0; i < expected.numel(); ++i) {
    // Sums in another order than Paddle's: some units in the last place of a probability.
    ASSERT_NEAR(output.data<float>()[i], expected.data<float>()[i], 1e-6);
  }
}

TEST_F(InferenceModelTest, FeedAndFetchOpsSurroundTheProgram) {
  const InferenceModel golden = load_inference_model(data_path("lenet/float"));
  save_inference_model(path("m"), golden.feeds, golden.fetches, golden.program, golden.scope);
  const Program program = read_program(read_file(path("m.pdmodel")), "m");
  const std::vector<Op*> ops = program.ops();
  EXPECT_EQ(ops.front()->type(), "feed");
  EXPECT_EQ(ops.front()->input("X").kind(), VarKind::FeedList);
  EXPECT_EQ(ops.front()->output("Out").name(), "image");
  EXPECT_EQ(ops.back()->type(), "fetch");
  EXPECT_EQ(ops.back()->output("Out").kind(), VarKind::FetchList);
  EXPECT_EQ(ops.back()->attr<int32_t>("col"), 0);
}

TEST_F(InferenceModelTest, AFetchThatNeedsAnUnfedVarIsRefusedBeforeAnythingIsWritten) {
  const Program program = training_program("lenet");
  const Scope scope;
  expect_error(ErrorCode::InvalidArgument, {"'label'", "not fed", "instead of the loss"}, [&] {
    save_inference_model(path("m"), {"image"}, {"mean_1.tmp_0"}, program, scope);
  });
  expect_error(ErrorCode::InvalidArgument, {"needs the feed 'label'"}, [&] {
    save_inference_model(path("m"), {"image", "label"}, {"fc.tmp_2"}, program, scope);
  });
  expect_error(ErrorCode::NotFound, {"no tensor 'c1.b_0'"}, [&] {
    save_inference_model(path("m"), {"image"}, {"fc.tmp_2"}, program, scope);
  });
  expect_error(ErrorCode::NotFound, {"fc.tmp_9"}, [&] {
    save_inference_model(path("m"), {"image"}, {"fc.tmp_9"}, program, scope);
  });
  expect_error(ErrorCode::InvalidArgument, {"named twice"}, [&] {
    save_inference_model(path("m"), {"image", "image"}, {"fc.tmp_2"}, program, scope);
  });
  EXPECT_EQ(file_count(), 0u);
}

TEST_F(InferenceModelTest, AParameterOfAnotherShapeIsRefused) {
  InferenceModel model = load_inference_model(data_path("lenet/float"));
  model.scope.set("c1.b_0", Tensor(DType::Float32, {5}));
  expect_error(ErrorCode::InvalidArgument, {"'c1.b_0'", "[5]", "[4]"}, [&] {
    save_inference_model(path("m"), model.feeds, model.fetches, model.program, model.scope);
  });
}

TEST_F(InferenceModelTest, AFailedWriteLeavesNothing) {
  const InferenceModel model = load_inference_model(data_path("lenet/float"));
  expect_error(ErrorCode::Io, {"absent"}, [&] {
    save_inference_model(path("absent/m"), model.feeds, model.fetches, model.program, model.scope);
  });
  EXPECT_EQ(file_count(), 0u);
}

TEST_F(InferenceModelTest, OldStyleDirectoriesLoad) {
  const std::string model_bytes = read_file(data_path("lenet/qat_v2.pdmodel"));
  const InferenceModel model = load_inference_model(data_path("lenet/qat_v2"));
  for (const bool is_combined : {true, false}) {
    const std::string directory = path(is_combined ? "combined" : "separate");
    std::filesystem::create_directories(directory);
    write_file(directory + "/__model__", model_bytes);
    if (is_combined) {
      write_file(directory + "/__params__", read_file(data_path("lenet/qat_v2.pdiparams")));
    } else {
      for (const std::string& name : model.scope.names()) {
        write_file(directory + "/" + name, write_params({name}, model.scope));
      }
    }
    const InferenceModel loaded = load_inference_model(directory);
    EXPECT_EQ(to_text(loaded.program), to_text(model.program));
    for (const std::string& name : model.scope.names()) {
      EXPECT_TRUE(loaded.scope.get(name).identical(model.scope.get(name))) << name;
    }
  }
}

TEST_F(InferenceModelTest, MissingFilesAreNamed) {
  expect_error(
      ErrorCode::NotFound, {path("no.pdmodel")}, [&] { load_inference_model(path("no")); });
  write_file(path("m.pdmodel"), read_file(data_path("lenet/float.pdmodel")));
  expect_error(
      ErrorCode::NotFound, {path("m.pdiparams")}, [&] { load_inference_model(path("m")); });
}

TEST_F(InferenceModelTest, ParametersOfAnotherModelAreRefused) {
  write_file(path("m.pdmodel"), read_file(data_path("lenet/float.pdmodel")));
  write_file(path("m.pdiparams"), read_file(data_path("lenet/qat_v1.pdiparams")));
  expect_error(ErrorCode::Format, {path("m.pdiparams"), "bytes follow", "byte"}, [&] {
    load_inference_model(path("m"));
  });
}

TEST(InferenceModel, WeightsTakeDtypeAndShapeOfTheirRecord) {
  const InferenceModel model = load_inference_model(data_path("lenet/qat_v2"));
  EXPECT_EQ(model.program.var("c1.w_0").dtype(), DType::Int8);
  const std::string path = data_path("lenet/qat_v2.pdmodel");
  EXPECT_EQ(read_program(read_file(path), path).var("c1.w_0").dtype(), DType::Float32);
}

}  // namespace
}  // namespace intact
