// Products of codes, as squeeze-and-excite blocks have them.
#include <gtest/gtest.h>

#include <cmath>

#include "intact/ir/interpret.h"
#include "intact/runtime/integer_model.h"
#include "runtime/integer/reference.h"
#include "support/integer_net.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

using cpu::CodeScale;
using cpu::CodeType;

TEST(MulCodesTest, TableIsTheRoundedProductOfEveryPairOfCodes) {
  const CodeScale scales[] = {
      {.step = 0.02f},
      {.step = 0.0173f, .zero_point = 128},
      {.type = CodeType::Signed8, .step = 0.031f, .zero_point = -7, .lo = -128, .hi = 127},
  };
  for (const CodeScale& a : scales) {
    for (const CodeScale& b : scales) {
      for (const CodeScale& y : scales) {
        const std::vector<uint8_t> table = integer::product_table(a, b, y);
        for (size_t i = 0; i < table.size(); ++i) {
          const int first = integer::code_value(a.type, static_cast<uint8_t>(i >> 8));
          const int second = integer::code_value(b.type, static_cast<uint8_t>(i));
          const double exact = double{a.step} * double{b.step} / double{y.step} *
                                   (first - a.zero_point) * (second - b.zero_point) +
                               y.zero_point;
          const double clamped = std::clamp<double>(exact, y.lo, y.hi);
          // Half a code, and the rounding of three float32 operations on up to 2^16.
          ASSERT_NEAR(integer::code_value(y.type, table[i]), clamped, 0.502) << i;
        }
      }
    }
  }
}

/// image times a factor per channel or of its own shape, both quantized.
struct Product : IntegerNet {
  Var& y;

  explicit Product(bool is_per_channel) : y(build(is_per_channel)) {}

  Var& build(bool is_per_channel) {
    Var& image = quantized(feed("image", {-1, 8, 6, 6}), {.step = 0.02f, .zero_point = 128});
    Var& gate = is_per_channel ? pool(image, "avg", 1, true) : image;
    Var& factor = quantized(unary("sigmoid", gate), {.step = 1 / 255.0f, .qmin = 0, .qmax = 255});
    Var& product = program.block().add_var("product", DType::Float32, {-1, 8, 6, 6});
    program.block().append_op({.type = "elementwise_mul",
                               .inputs = {{"X", {&image}}, {"Y", {&factor}}},
                               .outputs = {{"Out", {&product}}}});
    return quantized(unary("relu", product), {.step = 0.015f, .qmin = 0, .qmax = 255});
  }
};

TEST(MulCodesTest, RunsOnCodesAndFollowsTheFloatSimulation) {
  for (const bool is_per_channel : {false, true}) {
    const Product net(is_per_channel);
    const IntegerModel model =
        IntegerModel::compile(net.program, net.scope, {"image"}, {net.y.name()});
    for (const std::string& op : model.float_ops()) {
      EXPECT_EQ(op.find("elementwise_mul"), std::string::npos) << op;
    }
    const TensorMap feeds = {{"image", random_tensor({3, 8, 6, 6}, 4, -2.0f, 2.0f)}};
    IntegerSession session(model);
    const Tensor got = session.run(feeds)[0];
    Scope scope = net.scope.clone();
    const Tensor want = interpret(net.program, feeds, {net.y.name()}, scope)[0];
    ASSERT_EQ(got.shape(), want.shape());
    int64_t differing = 0;
    for (int64_t i = 0; i < got.numel(); ++i) {
      // One code more or less, where the float product is rounded to the other side of a tie.
      ASSERT_NEAR(got.data<float>()[i], want.data<float>()[i], 0.0151);
      differing += got.data<float>()[i] != want.data<float>()[i] ? 1 : 0;
    }
    EXPECT_LE(differing, got.numel() / 50);
  }
}

}  // namespace
}  // namespace intact
