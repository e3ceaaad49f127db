#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Shape, GivesTheDimensions) {
  check_op({.type = "shape",
            .inputs = {{"Input", {random_tensor({2, 3}, 1)}}},
            .expected = {{"Out", {Tensor::from<int32_t>({2}, {2, 3})}}}});
}

}  // namespace
}  // namespace intact
