#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(LookupTable, DropsTheLastDimensionOfIds) {
  const Tensor w = Tensor::from<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  const Tensor ids = Tensor::from<int64_t>({3, 1}, {2, 0, 2});
  check_op({.type = "lookup_table",
            .inputs = {{"W", {w}}, {"Ids", {ids}}},
            .expected = {{"Out", {Tensor::from<float>({3, 2}, {5, 6, 1, 2, 5, 6})}}},
            .gradients = {"W"},
            .batch_inputs = {"Ids"}});
  check_op({.type = "lookup_table",
            .inputs = {{"W", {w}}, {"Ids", {ids.reshaped({1, 3, 1})}}},
            .attrs = {{"padding_idx", int64_t{0}}},
            .expected = {{"Out", {Tensor::from<float>({1, 3, 2}, {5, 6, 0, 0, 5, 6})}}},
            .gradients = {"W"},
            .batch_inputs = {"Ids"}});
}

TEST(LookupTable, ATableOfCodesGivesCodes) {
  check_op({.type = "lookup_table",
            .inputs = {{"W", {Tensor::from<int8_t>({2, 2}, {1, -2, 3, -127})}},
                       {"Ids", {Tensor::from<int64_t>({2, 1}, {1, 0})}}},
            .expected = {{"Out", {Tensor::from<int8_t>({2, 2}, {3, -127, 1, -2})}}},
            .batch_inputs = {"Ids"}});
}

TEST(LookupTable, BadInputs) {
  expect_op_error({.type = "lookup_table",
                   .inputs = {{"W", {random_tensor({3, 2}, 1)}},
                              {"Ids", {Tensor::from<int64_t>({1, 2}, {0, 1})}}}},
                  "Ids is [1,2] but its last dimension must be 1");
}

}  // namespace
}  // namespace intact
