#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(TopKV2, EqualElementsKeepTheirOrder) {
  check_op({.type = "top_k_v2",
            .inputs = {{"X", {Tensor::from<float>({2, 4}, {1, 3, 3, 2, 5, 5, 5, 5})}}},
            .attrs = {{"k", 3}},
            .expected = {{"Out", {Tensor::from<float>({2, 3}, {3, 3, 2, 5, 5, 5})}},
                         {"Indices", {Tensor::from<int64_t>({2, 3}, {1, 2, 3, 0, 1, 2})}}}});
}

TEST(TopKV2, SmallestAlongAnotherAxis) {
  check_op({.type = "top_k_v2",
            .inputs = {{"X", {Tensor::from<float>({3, 2}, {3, 1, 1, 2, 2, 3})}}},
            .attrs = {{"k", 2}, {"axis", 0}, {"largest", false}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {1, 1, 2, 2})}},
                         {"Indices", {Tensor::from<int64_t>({2, 2}, {1, 0, 2, 1})}}},
            .has_batch = false});
}

TEST(TopKV2, BadInputs) {
  expect_op_error(
      {.type = "top_k_v2", .inputs = {{"X", {random_tensor({2, 3}, 1)}}}, .attrs = {{"k", 4}}},
      "k is 4 but X [2,3] has 3 elements along axis 1; use 1..3");
  expect_op_error(
      {.type = "top_k_v2", .inputs = {{"X", {random_tensor({2, 3}, 1)}}}, .attrs = {{"axis", 2}}},
      "axis is 2 but the tensor [2,3] has 2 dimensions");
}

}  // namespace
}  // namespace intact
