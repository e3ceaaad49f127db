#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

const std::vector<std::string> kTypes = {"elementwise_add",
                                         "elementwise_sub",
                                         "elementwise_mul",
                                         "elementwise_div",
                                         "elementwise_max",
                                         "elementwise_min",
                                         "elementwise_pow"};

TEST(Elementwise, HandWrittenNumbers) {
  const std::map<std::string, std::vector<float>> expected = {
      {"elementwise_add", {3, 7, 3}},
      {"elementwise_sub", {-1, 1, 1}},
      {"elementwise_mul", {2, 12, 2}},
      {"elementwise_div", {0.5, 4.0f / 3, 2}},
      {"elementwise_max", {2, 4, 2}},
      {"elementwise_min", {1, 3, 1}},
      {"elementwise_pow", {1, 64, 2}}};
  for (const std::string& type : kTypes) {
    check_op({.type = type,
              .inputs = {{"X", {Tensor::from<float>({3}, {1, 4, 2})}},
                         {"Y", {Tensor::from<float>({3}, {2, 3, 1})}}},
              .expected = {{"Out", {Tensor::from<float>({3}, expected.at(type))}}}});
  }
}

TEST(Elementwise, IntegersStayIntegers) {
  check_op({.type = "elementwise_div",
            .inputs = {{"X", {Tensor::from<int64_t>({2}, {7, -7})}},
                       {"Y", {Tensor::from<int64_t>({1}, {2})}}},
            .expected = {{"Out", {Tensor::from<int64_t>({2}, {3, -3})}}},
            .has_batch = false});
  check_op({.type = "elementwise_pow",
            .inputs = {{"X", {Tensor::from<int32_t>({2}, {3, 2})}},
                       {"Y", {Tensor::from<int32_t>({2}, {4, 10})}}},
            .expected = {{"Out", {Tensor::from<int32_t>({2}, {81, 1024})}}}});
}

TEST(Elementwise, AxisPlacesTheSmallerOperand) {
  const Tensor x = Tensor::from<float>({2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  const Tensor bias = Tensor::from<float>({2}, {10, 20});
  check_op(
      {.type = "elementwise_add",
       .inputs = {{"X", {x}}, {"Y", {bias}}},
       .attrs = {{"axis", int32_t{1}}},
       .expected = {{"Out", {Tensor::from<float>({2, 2, 2}, {10, 11, 22, 23, 14, 15, 26, 27})}}}});
  check_op(
      {.type = "elementwise_add",
       .inputs = {{"X", {x}}, {"Y", {bias}}},
       .expected = {{"Out", {Tensor::from<float>({2, 2, 2}, {10, 21, 12, 23, 14, 25, 16, 27})}}}});
}

struct Case {
  Shape x;
  Shape y;
  int32_t axis = -1;
};

TEST(Elementwise, GradientsAreCentralDifferencesForAllTypesAndBroadcasts) {
  const Case cases[] = {{{2, 3}, {2, 3}},
                        {{2, 3}, {2, 3}, 0},
                        {{2, 3, 2, 2}, {3}, 1},
                        {{2, 3, 2}, {2, 3, 1}, 0},
                        {{2, 3}, {2, 1, 1}, 0},
                        {{2, 3, 2}, {3, 1}},
                        {{3, 1}, {2, 3, 2}},
                        {{2, 1, 3}, {1, 4, 1}},
                        {{2, 2}, {1}},
                        {{2, 2}, {}}};
  for (const Case& c : cases) {
    for (const std::string& type : kTypes) {
      SCOPED_TRACE(c.x.to_string() + " " + c.y.to_string());
      // Positive, for pow and div; X and Y never nearer than 1e-4, for max and min.
      check_op({.type = type,
                .inputs = {{"X", {random_tensor(c.x, 1, 0.5f, 2.0f)}},
                           {"Y", {random_tensor(c.y, 2, 0.5f, 2.0f)}}},
                .attrs = {{"axis", c.axis}},
                .gradients = {"X", "Y"},
                .has_batch = c.x.rank() >= c.y.rank()});
    }
  }
}

TEST(Elementwise, BadInputsAreNamed) {
  const auto inputs = [](Shape x, Shape y) {
    return TensorSlots{{"X", {random_tensor(std::move(x), 1)}},
                       {"Y", {random_tensor(std::move(y), 2)}}};
  };
  expect_op_error({.type = "elementwise_add", .inputs = inputs({2, 3}, {2})},
                  "X [2,3] and Y [2] do not broadcast with axis=-1: sizes 3 and 2 meet");
  expect_op_error({.type = "elementwise_add",
                   .inputs = inputs({2, 3}, {2, 3, 4}),
                   .attrs = {{"axis", int32_t{2}}}},
                  "with axis=2 the dimensions of [2,3] and [2,3,4] do not line up; use axis -1 or "
                  "one in 0..1");
  expect_op_error(
      {.type = "elementwise_add",
       .inputs = {{"X", {Tensor(DType::Int64, {2})}}, {"Y", {Tensor(DType::Int32, {2})}}}},
      "X is int64 but Y is int32; cast one of them");
}

}  // namespace
}  // namespace intact
