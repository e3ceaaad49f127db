// check_op must fail when something is wrong.
#include "support/check_op.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "intact/base/error.h"

namespace intact {
namespace {

const Tensor kInput = Tensor::from<float>({3}, {-1, 0, 2});

TEST(CheckOp, WrongNumbersFail) {
  EXPECT_NONFATAL_FAILURE(
      check_op({.type = "relu",
                .inputs = {{"X", {kInput}}},
                .expected = {{"Out", {Tensor::from<float>({3}, {0, 0, 2.5})}}}}),
      "element 2 of [3] is 2, not 2.5");
}

TEST(CheckOp, WrongShapeFails) {
  EXPECT_NONFATAL_FAILURE(check_op({.type = "relu",
                                    .inputs = {{"X", {kInput}}},
                                    .expected = {{"Out", {Tensor(DType::Float32, {1, 3})}}}}),
                          "is float32 [3], not float32 [1,3]");
}

TEST(CheckOp, WrongGradientFails) {
  // relu has a kink at 0: its gradient 0 is not the central difference 1/2.
  EXPECT_NONFATAL_FAILURE(
      check_op({.type = "relu", .inputs = {{"X", {kInput}}}, .gradients = {"X"}}),
      "gradient of X[0] against central differences: element 1");
}

TEST(CheckOp, MissingErrorFails) {
  EXPECT_NONFATAL_FAILURE(expect_op_error({.type = "relu", .inputs = {{"X", {kInput}}}}, "no X"),
                          "did not throw");
  EXPECT_NONFATAL_FAILURE(expect_op_error({.type = "relu", .inputs = {}}, "other text"),
                          "input slot 'X' is empty");
}

TEST(CheckOp, OpWithoutGradientRuleThrows) {
  EXPECT_THROW(run_reference_gradient({.type = "fc",
                                       .inputs = {{"Input", {Tensor(DType::Float32, {1, 2})}},
                                                  {"W", {Tensor(DType::Float32, {2, 1})}}},
                                       .gradients = {"Input"}},
                                      {{"Out", {Tensor(DType::Float32, {1, 1})}}}),
               Error);
}

}  // namespace
}  // namespace intact
