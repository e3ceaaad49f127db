#include <gtest/gtest.h>

#include "support/check_op.h"

namespace intact {
namespace {

TEST(Scale, BiasGoesAfterOrBeforeTheScale) {
  const Tensor x = Tensor::from<float>({2, 1}, {1, -2});
  check_op({.type = "scale",
            .inputs = {{"X", {x}}},
            .attrs = {{"scale", 3.0f}, {"bias", 0.5f}},
            .expected = {{"Out", {Tensor::from<float>({2, 1}, {3.5f, -5.5f})}}},
            .gradients = {"X"}});
  check_op({.type = "scale",
            .inputs = {{"X", {x}}},
            .attrs = {{"scale", 3.0f}, {"bias", 0.5f}, {"bias_after_scale", false}},
            .expected = {{"Out", {Tensor::from<float>({2, 1}, {4.5f, -4.5f})}}},
            .gradients = {"X"}});
}

TEST(Scale, IntegersStayIntegers) {
  check_op({.type = "scale",
            .inputs = {{"X", {Tensor::from<int64_t>({2}, {3, -3})}}},
            .attrs = {{"scale", 2.0f}, {"bias", 1.0f}},
            .expected = {{"Out", {Tensor::from<int64_t>({2}, {7, -5})}}}});
}

}  // namespace
}  // namespace intact
