#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(LookupTableV2, TakesRowsAndAddsUpRepeatedOnes) {
  const Tensor w = Tensor::from<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  const Tensor ids = Tensor::from<int64_t>({2, 2}, {2, 0, 2, 1});
  check_op({.type = "lookup_table_v2",
            .inputs = {{"W", {w}}, {"Ids", {ids}}},
            .expected = {{"Out", {Tensor::from<float>({2, 2, 2}, {5, 6, 1, 2, 5, 6, 3, 4})}}},
            .gradients = {"W"},
            .batch_inputs = {"Ids"}});
  check_op({.type = "lookup_table_v2",
            .inputs = {{"W", {w}}, {"Ids", {ids}}},
            .attrs = {{"padding_idx", int64_t{2}}},
            .expected = {{"Out", {Tensor::from<float>({2, 2, 2}, {0, 0, 1, 2, 0, 0, 3, 4})}}},
            .gradients = {"W"},
            .batch_inputs = {"Ids"}});
}

TEST(LookupTableV2, BadInputs) {
  EXPECT_ANY_THROW(run_reference(
      {.type = "lookup_table_v2",
       .inputs = {{"W", {random_tensor({3, 2}, 1)}}, {"Ids", {Tensor::from<int64_t>({1}, {3})}}}}));
  expect_op_error(
      {.type = "lookup_table_v2",
       .inputs = {{"W", {random_tensor({3}, 1)}}, {"Ids", {Tensor::from<int64_t>({1}, {0})}}}},
      "W is [3] and Ids are int64");
}

}  // namespace
}  // namespace intact
