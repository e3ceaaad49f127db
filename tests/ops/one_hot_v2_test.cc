#include <gtest/gtest.h>

#include "support/check_op.h"

namespace intact {
namespace {

TEST(OneHotV2, MarksTheClass) {
  check_op({.type = "one_hot_v2",
            .inputs = {{"X", {Tensor::from<int64_t>({2}, {2, 0})}}},
            .attrs = {{"depth", 3}},
            .expected = {{"Out", {Tensor::from<float>({2, 3}, {0, 0, 1, 1, 0, 0})}}}});
  const OpCase outside = {.type = "one_hot_v2",
                          .inputs = {{"X", {Tensor::from<int32_t>({2}, {-1, 1})}}},
                          .attrs = {{"depth", 2}, {"dtype", 3}}};
  EXPECT_ANY_THROW(run_reference(outside));
  OpCase allowed = outside;
  allowed.attrs["allow_out_of_range"] = true;
  allowed.expected = {{"Out", {Tensor::from<int64_t>({2, 2}, {0, 0, 0, 1})}}};
  check_op(allowed);
  expect_op_error({.type = "one_hot_v2", .inputs = {{"X", {Tensor(DType::Int64, {2})}}}},
                  "depth is -1");
}

}  // namespace
}  // namespace intact
