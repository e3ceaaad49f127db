#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(TopK, FindsTheLargestAlongTheLastAxis) {
  check_op({.type = "top_k",
            .inputs = {{"X", {Tensor::from<float>({2, 3}, {1, 3, 2, 6, 4, 6})}}},
            .attrs = {{"k", 2}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {3, 2, 6, 6})}},
                         {"Indices", {Tensor::from<int64_t>({2, 2}, {1, 2, 0, 2})}}}});
  check_op({.type = "top_k",
            .inputs = {{"X", {Tensor::from<float>({2, 3}, {1, 3, 2, 6, 4, 5})}}},
            .attrs = {{"k", 2}},
            .gradients = {"X"}});
  expect_op_error(
      {.type = "top_k", .inputs = {{"X", {random_tensor({2, 3}, 1)}}}, .attrs = {{"k", 4}}},
      "k is 4 but X [2,3] has 3 elements along axis 1");
}

}  // namespace
}  // namespace intact
