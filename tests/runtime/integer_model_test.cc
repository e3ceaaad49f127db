#include "intact/runtime/integer_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "intact/base/threads.h"
#include "intact/ir/interpret.h"
#include "support/expect_error.h"
#include "support/integer_net.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr IntegerNet::Quantizer kSigned = {
    .dtype = DType::Int8, .step = 0.02f, .qmin = -127, .qmax = 127};
constexpr IntegerNet::Quantizer kHalf = {.step = 0.02f};
constexpr IntegerNet::Quantizer kPortable = {
    .step = 0.02f, .zero_point = 128, .qmin = 0, .qmax = 255};

/// Every kind of step: quantizers of three kinds, convolutions, a residual sum, pools, concat, a
/// flattened fully connected layer, softmax.
struct Everything : IntegerNet {
  Var& y;

  Everything() : y(build()) {}

  Var& build() {
    Var& image = quantized(feed("image", {-1, 3, 12, 12}), kSigned);
    Var& first =
        quantized(unary("relu", conv(image, {.outputs = 16, .kernel = 3, .stride = 2})), kHalf);
    Var& depthwise =
        quantized(unary("relu6", conv(first, {.outputs = 16, .kernel = 3, .groups = 16})), kHalf);
    Var& branch = quantized(conv(depthwise, {.outputs = 16}), kPortable);
    Var& sum = quantized(unary("relu", add(branch, first)), {.step = 0.05f});
    Var& pooled = quantized(pool(sum, "max", 2), {.step = 0.05f});
    Var& average = quantized(pool(sum, "avg", 2), {.step = 0.03f});
    Var& both = quantized(concat({&pooled, &average}, 1), {.step = 0.04f});
    Var& late = quantized(
        pool(unary("relu", conv(both, {.outputs = 20, .kernel = 3, .x_step = 0.04f})), "max", 1),
        {.step = 0.3f, .qmin = 0, .qmax = 255});
    Var& flat = quantized(late, {.step = 0.4f});
    return unary("softmax", fully_connected(flat, 10, 0.4f), {{"axis", int32_t{-1}}});
  }

  IntegerModel model() const {
    return IntegerModel::compile(program, scope, {"image"}, {y.name()});
  }
};

TensorMap image(int64_t n, uint64_t seed = 5) {
  return {{"image", random_tensor({n, 3, 12, 12}, seed, -2.0f, 2.0f)}};
}

void expect_same_codes(const TensorMap& a, const TensorMap& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    ASSERT_TRUE(b.contains(name)) << name;
    EXPECT_TRUE(tensor.identical(b.at(name))) << name;
  }
}

TEST(IntegerModelTest, FastStepsEqualTheReferenceBitForBit) {
  const Everything net;
  for (const int64_t batch : {1, 5, 64}) {
    IntegerSession fast(net.model(), {.keep_codes = true});
    IntegerSession reference(net.model(), {.use_reference = true, .keep_codes = true});
    const std::vector<Tensor> got = fast.run(image(batch));
    const std::vector<Tensor> expected = reference.run(image(batch));
    EXPECT_TRUE(got[0].identical(expected[0])) << batch;
    EXPECT_EQ(fast.codes().size(), 10U);
    expect_same_codes(fast.codes(), reference.codes());
  }
}

TEST(IntegerModelTest, ResultsDoNotDependOnThreads) {
  const Everything net;
  const int threads = thread_count();
  IntegerSession session(net.model(), {.keep_codes = true});
  set_thread_count(1);
  const Tensor one = session.run(image(33))[0];
  set_thread_count(2);
  const Tensor two = session.run(image(33))[0];
  set_thread_count(threads);
  EXPECT_TRUE(one.identical(two));
}

/// Codes of the Program's own meaning: float arithmetic on dequantized codes.
TEST(IntegerModelTest, CodesFollowTheFloatSimulationExceptNearTies) {
  const Everything net;
  IntegerSession session(net.model(), {.keep_codes = true});
  session.run(image(7));
  int64_t compared = 0;
  int64_t differing = 0;
  for (const auto& [name, codes] : session.codes()) {
    Scope scope = net.scope.clone();
    const Tensor expected = interpret(net.program, image(7), {name}, scope)[0];
    ASSERT_EQ(expected.dtype(), codes.dtype()) << name;
    ASSERT_EQ(expected.shape(), codes.shape()) << name;
    for (int64_t i = 0; i < codes.numel(); ++i) {
      const auto at = [i](const Tensor& t) {
        return t.dtype() == DType::Int8 ? int{t.data<int8_t>()[i]} : int{t.data<uint8_t>()[i]};
      };
      // A code that rounds the other way moves the codes behind it by a few.
      ASSERT_LE(std::abs(at(expected) - at(codes)), 3) << name;
      differing += at(expected) != at(codes) ? 1 : 0;
      ++compared;
    }
  }
  EXPECT_GT(compared, 20000);
  EXPECT_LT(differing, compared / 200);
}

TEST(IntegerModelTest, ProfileTimesEveryStep) {
  const Everything net;
  IntegerSession session(net.model(), {.profile = true});
  session.run(image(4));
  const std::vector<IntegerStepTime> once = session.times();
  session.run(image(4));
  ASSERT_GT(once.size(), 10U);
  for (size_t i = 0; i < once.size(); ++i) {
    EXPECT_THAT(net.model().describe(), HasSubstr(once[i].op));
    EXPECT_FALSE(once[i].kernel.empty());
    EXPECT_GT(session.times()[i].seconds, once[i].seconds);
  }
  EXPECT_TRUE(IntegerSession(net.model()).times().empty());
}

TEST(IntegerModelTest, SaysWhichKernelsRunAndWhyTheyAreExact) {
  const Everything net;
  const std::string text = net.model().describe();
  EXPECT_THAT(text, HasSubstr("magnitudes of codes"));     // the signed image
  EXPECT_THAT(text, HasSubstr("codes up to 127 lie in"));  // halves
  EXPECT_THAT(text, HasSubstr("depthwise; exact: sums of 9 products"));
  EXPECT_THAT(net.model().float_ops(), testing::ElementsAre(HasSubstr("softmax")));
}

TEST(IntegerModelTest, RunsWhatHasNoIntegerFormInFloat) {
  IntegerNet net;
  Var& x = net.quantized(net.feed("image", {-1, 3, 12, 12}), kSigned);
  Var& activated = net.unary("hard_swish", net.conv(x, {.outputs = 8, .kernel = 3}));
  Var& y = net.unary("sigmoid", net.quantized(activated, kSigned));
  const IntegerModel model =
      IntegerModel::compile(net.program, net.scope, {"image"}, {y.name(), activated.name()});
  EXPECT_THAT(model.float_ops(),
              testing::ElementsAre(HasSubstr("hard_swish"), HasSubstr("sigmoid")));
  IntegerSession session(model);
  const std::vector<Tensor> got = session.run(image(3));
  Scope scope = net.scope.clone();
  const std::vector<Tensor> expected =
      interpret(net.program, image(3), {y.name(), activated.name()}, scope);
  for (size_t k = 0; k < got.size(); ++k) {
    ASSERT_EQ(got[k].shape(), expected[k].shape());
    for (int64_t i = 0; i < got[k].numel(); ++i) {
      // One code of the second quantizer is 0.02; the sum itself is exact here.
      ASSERT_NEAR(got[k].data<float>()[i], expected[k].data<float>()[i], k == 0 ? 0.006 : 1e-4);
    }
  }
}

TEST(IntegerModelTest, ManySessionsShareAModel) {
  const Everything net;
  const IntegerModel model = net.model();
  std::vector<Tensor> expected;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    expected.push_back(IntegerSession(model).run(image(2, seed))[0]);
  }
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (size_t k = 0; k < 4; ++k) {
    threads.emplace_back([&, k] {
      set_thread_count(1);
      IntegerSession session(model);
      for (int repeat = 0; repeat < 10; ++repeat) {
        wrong[k] += session.run(image(2, k))[0].identical(expected[k]) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(wrong, testing::Each(0));
}

TEST(IntegerModelTest, OutlivesProgramAndScope) {
  auto net = std::make_unique<Everything>();
  IntegerSession session(net->model());
  const Tensor before = session.run(image(2))[0];
  for (const std::string& name : net->scope.names()) {
    Tensor& tensor = net->scope.get(name);
    std::fill_n(static_cast<uint8_t*>(tensor.raw()), tensor.size_bytes(), uint8_t{0});
  }
  net.reset();
  EXPECT_TRUE(before.identical(session.run(image(2))[0]));
}

TEST(IntegerModelTest, RefusesMissingAndMisshapenFeeds) {
  const Everything net;
  IntegerSession session(net.model());
  expect_error(ErrorCode::InvalidArgument, {"feed 'image' is missing"}, [&] { session.run({}); });
  expect_error(ErrorCode::InvalidArgument, {"has shape [2,4,12,12]"}, [&] {
    session.run({{"image", random_tensor({2, 4, 12, 12}, 1)}});
  });
}

TEST(IntegerModelTest, RefusesSumsThatLeave32Bits) {
  IntegerNet net;
  Var& x = net.quantized(net.feed("image", {-1, 3, 12, 12}), kSigned);
  Var& y = net.conv(x, {.outputs = 8});
  for (const std::string& name : net.scope.names()) {
    if (net.scope.get(name).dtype() == DType::Int32 && name.starts_with("bias")) {
      net.scope.get(name).data<int32_t>()[3] = 2147483647;
    }
  }
  expect_error(ErrorCode::Unsupported, {"more than 32 bits hold"}, [&] {
    IntegerModel::compile(net.program, net.scope, {"image"}, {y.name()});
  });
}

}  // namespace
}  // namespace intact
