#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Pad3d, HandWrittenNumbers) {
  const Tensor x = Tensor::from<float>({1, 1, 1, 1, 3}, {1, 2, 3});
  const std::map<std::string, std::vector<float>> expected = {{"constant", {9, 9, 1, 2, 3, 9}},
                                                              {"reflect", {3, 2, 1, 2, 3, 2}},
                                                              {"replicate", {1, 1, 1, 2, 3, 3}},
                                                              {"circular", {2, 3, 1, 2, 3, 1}}};
  for (const auto& [mode, out] : expected) {
    check_op({.type = "pad3d",
              .inputs = {{"X", {x}}},
              .attrs = {{"paddings", Ints{2, 1, 0, 0, 0, 0}}, {"mode", mode}, {"value", 9.0f}},
              .expected = {{"Out", {Tensor::from<float>({1, 1, 1, 1, 6}, out)}}}});
  }
  check_op({.type = "pad3d",
            .inputs = {{"X", {Tensor::from<float>({1, 1, 1, 1, 1}, {5})}}},
            .attrs = {{"paddings", Ints{0, 0, 1, 0, 0, 1}}},
            .expected = {{"Out", {Tensor::from<float>({1, 1, 2, 2, 1}, {0, 5, 0, 0})}}}});
}

TEST(Pad3d, GradientsAreCentralDifferences) {
  for (const char* mode : {"constant", "reflect", "replicate", "circular"}) {
    check_op({.type = "pad3d",
              .inputs = {{"X", {random_tensor({2, 2, 2, 3, 3}, 1)}}},
              .attrs = {{"paddings", Ints{2, 1, 0, 2, 1, 1}}, {"mode", std::string(mode)}},
              .gradients = {"X"}});
  }
}

TEST(Pad3d, BadInputsAreNamed) {
  const TensorSlots inputs = {{"X", {random_tensor({1, 1, 1, 2, 3}, 1)}}};
  expect_op_error({.type = "pad3d", .inputs = inputs, .attrs = {{"paddings", Ints{1, 2}}}},
                  "paddings is [1,2]; give [left,right,top,bottom,front,back]");
  expect_op_error(
      {.type = "pad3d",
       .inputs = inputs,
       .attrs = {{"paddings", Ints{3, 0, 0, 0, 0, 0}}, {"mode", std::string("reflect")}}},
      "a padding of 3 is more than mode 'reflect' allows for size 3; use at most 2");
}

}  // namespace
}  // namespace intact
