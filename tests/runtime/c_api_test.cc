// The C functions of the runtime library.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "intact/interop/onnx.h"
#include "intact/passes/deployment_form.h"
#include "intact/runtime/intact_runtime.h"
#include "intact/runtime/integer_model.h"
#include "support/integer_net.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

using testing::HasSubstr;

/// Two convolutions and a sum of codes.
struct SmallNet : IntegerNet {
  Var& y;

  SmallNet() : y(build()) {}

  Var& build() {
    Var& image = quantized(feed("image", {-1, 3, 8, 8}), {.step = 0.02f, .zero_point = 128});
    Var& first =
        quantized(unary("relu", conv(image, {.outputs = 8, .kernel = 3})), {.step = 0.02f});
    Var& second = quantized(conv(first, {.outputs = 8}), {.step = 0.03f, .zero_point = 128});
    Var& sum = quantized(add(second, first), {.step = 0.05f, .zero_point = 128});
    return fully_connected(sum, 5, 0.05f);
  }

  std::string bytes() const { return write_onnx({"image"}, {y.name()}, program, scope); }
};

intact_model* read(const std::string& bytes) {
  intact_model* model = nullptr;
  EXPECT_EQ(intact_model_read_onnx(bytes.data(), bytes.size(), &model), INTACT_OK)
      << intact_last_error();
  return model;
}

intact_session* open(const intact_model* model) {
  intact_session* session = nullptr;
  EXPECT_EQ(intact_session_create(model, &session), INTACT_OK) << intact_last_error();
  return session;
}

intact_tensor view(const Tensor& tensor) {
  intact_tensor result = {};
  result.dtype = static_cast<intact_dtype>(tensor.dtype());
  result.rank = tensor.shape().rank();
  std::ranges::copy(tensor.shape().dims(), result.dims);
  result.data = tensor.raw();
  result.size_bytes = tensor.size_bytes();
  return result;
}

Tensor image(int64_t n, uint64_t seed) {
  return random_tensor({n, 3, 8, 8}, seed, -2.0f, 2.0f);
}

TEST(CApiTest, SaysWhatAModelTakesAndGives) {
  const SmallNet net;
  intact_model* model = read(net.bytes());
  ASSERT_EQ(intact_model_input_count(model), 1);
  ASSERT_EQ(intact_model_output_count(model), 1);
  intact_tensor_info info = {};
  ASSERT_EQ(intact_model_input(model, 0, &info), INTACT_OK);
  EXPECT_STREQ(info.name, "image");
  EXPECT_EQ(info.dtype, INTACT_FLOAT32);
  EXPECT_THAT(std::vector<int64_t>(info.dims, info.dims + info.rank),
              testing::ElementsAre(-1, 3, 8, 8));
  ASSERT_EQ(intact_model_output(model, 0, &info), INTACT_OK);
  EXPECT_EQ(info.name, net.y.name());
  EXPECT_THAT(std::vector<int64_t>(info.dims, info.dims + info.rank), testing::ElementsAre(-1, 5));
  EXPECT_THAT(intact_model_describe(model), HasSubstr("integer model"));
  EXPECT_THAT(intact_version(), testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  intact_model_free(model);
}

TEST(CApiTest, ManySessionsInThreadsOutliveTheModelAndGiveItsIntegers) {
  const SmallNet net;
  const std::string bytes = net.bytes();
  InferenceModel file = read_onnx(bytes, "bytes");
  std::vector<Tensor> expected;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    const DeploymentForm form = deployment_form(file.program, file.scope, file.fetches);
    IntegerSession session(
        IntegerModel::compile(form.program, form.scope, file.feeds, file.fetches));
    expected.push_back(session.run({{"image", image(3, seed)}})[0]);
  }
  intact_model* model = read(bytes);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  std::vector<intact_session*> sessions;
  for (int k = 0; k < 4; ++k) {
    sessions.push_back(open(model));
  }
  intact_model_free(model);
  for (size_t k = 0; k < 4; ++k) {
    threads.emplace_back([&, k] {
      for (int repeat = 0; repeat < 20; ++repeat) {
        const Tensor x = image(3, k);
        const intact_tensor input = view(x);
        intact_tensor output = {};
        const bool is_done = intact_session_run(sessions[k], &input, 1, &output, 1) == INTACT_OK &&
                             output.size_bytes == expected[k].size_bytes() &&
                             std::memcmp(output.data, expected[k].raw(), output.size_bytes) == 0;
        wrong[k] += is_done ? 0 : 1;
      }
      intact_session_free(sessions[k]);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(wrong, testing::Each(0));
}

TEST(CApiTest, MemoryNeedsNoAlignmentAndNoRoomBehindIt) {
  const SmallNet net;
  intact_model* model = read(net.bytes());
  intact_session* session = open(model);
  const Tensor x = image(1, 7);
  intact_tensor input = view(x);
  intact_tensor output = {};
  ASSERT_EQ(intact_session_run(session, &input, 1, &output, 1), INTACT_OK);
  std::vector<float> expected(5);
  std::memcpy(expected.data(), output.data, sizeof(float) * 5);
  const auto copy = std::make_unique<float[]>(static_cast<size_t>(x.numel()) + 1);
  std::memcpy(copy.get() + 1, x.raw(), x.size_bytes());
  input.data = copy.get() + 1;
  ASSERT_EQ(intact_session_run(session, &input, 1, &output, 1), INTACT_OK);
  EXPECT_EQ(std::memcmp(expected.data(), output.data, sizeof(float) * 5), 0);
  intact_session_free(session);
  intact_model_free(model);
}

TEST(CApiTest, ErrorsAreAStatusAndAMessageOfTheThread) {
  intact_model* model = nullptr;
  EXPECT_EQ(intact_model_load("/nowhere/model.onnx", &model), INTACT_NOT_FOUND);
  EXPECT_EQ(model, nullptr);
  EXPECT_THAT(intact_last_error(), HasSubstr("/nowhere/model.onnx"));
  std::thread([] { EXPECT_STREQ(intact_last_error(), ""); }).join();
  EXPECT_EQ(intact_model_read_onnx("rubbish", 7, &model), INTACT_FORMAT);
  EXPECT_EQ(intact_model_load(nullptr, &model), INTACT_INVALID_ARGUMENT);
  EXPECT_THAT(intact_last_error(), HasSubstr("path is NULL"));
  EXPECT_EQ(intact_set_threads(0), INTACT_INVALID_ARGUMENT);
  EXPECT_THAT(intact_last_error(), HasSubstr("count is 0"));
  EXPECT_EQ(intact_model_load("x", nullptr), INTACT_INVALID_ARGUMENT);
  EXPECT_EQ(intact_model_input_count(nullptr), 0);
  EXPECT_STREQ(intact_model_describe(nullptr), "");
  intact_model_free(nullptr);
  intact_session_free(nullptr);
}

TEST(CApiTest, AFloatModelIsRefused) {
  IntegerNet net;
  Var& y = net.unary("relu", net.feed("image", {-1, 3, 8, 8}));
  const std::string bytes = write_onnx({"image"}, {y.name()}, net.program, net.scope);
  intact_model* model = nullptr;
  EXPECT_EQ(intact_model_read_onnx(bytes.data(), bytes.size(), &model), INTACT_INVALID_ARGUMENT);
  EXPECT_THAT(intact_last_error(), HasSubstr("`intact quantize`"));
}

TEST(CApiTest, WrongTensorsAreNamedWithBothValues) {
  const SmallNet net;
  intact_model* model = read(net.bytes());
  intact_session* session = open(model);
  const Tensor x = image(2, 1);
  intact_tensor output = {};
  const auto refused = [&](intact_tensor input, const char* words) {
    EXPECT_EQ(intact_session_run(session, &input, 1, &output, 1), INTACT_INVALID_ARGUMENT);
    EXPECT_THAT(intact_last_error(), HasSubstr(words));
  };
  intact_tensor input = view(x);
  input.dtype = INTACT_INT8;
  refused(input, "the model wants float32");
  input = view(x);
  input.rank = 3;
  refused(input, "rank 3 but the model wants 4");
  input = view(x);
  input.dims[1] = 4;
  refused(input, "bytes but its shape [2,4,8,8]");
  input = view(x);
  input.data = nullptr;
  refused(input, "has no data");
  input = view(x);
  EXPECT_EQ(intact_session_run(session, &input, 2, &output, 1), INTACT_INVALID_ARGUMENT);
  EXPECT_THAT(intact_last_error(), HasSubstr("2 inputs and 1 outputs"));
  intact_tensor_info info = {};
  EXPECT_EQ(intact_model_input(model, 1, &info), INTACT_INVALID_ARGUMENT);
  EXPECT_EQ(intact_session_run(session, &input, 1, &output, 1), INTACT_OK);
  intact_session_free(session);
  intact_model_free(model);
}

}  // namespace
}  // namespace intact
