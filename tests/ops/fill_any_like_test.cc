#include <gtest/gtest.h>

#include "support/check_op.h"

namespace intact {
namespace {

TEST(FillAnyLike, TakesTheShapeOfX) {
  check_op({.type = "fill_any_like",
            .inputs = {{"X", {Tensor(DType::Float32, {2, 1})}}},
            .attrs = {{"value", 3.0f}},
            .expected = {{"Out", {Tensor::from<float>({2, 1}, {3, 3})}}}});
  check_op({.type = "fill_any_like",
            .inputs = {{"X", {Tensor(DType::Float32, {2})}}},
            .attrs = {{"value", 3.0f}, {"dtype", 3}},
            .expected = {{"Out", {Tensor::from<int64_t>({2}, {3, 3})}}}});
}

}  // namespace
}  // namespace intact
