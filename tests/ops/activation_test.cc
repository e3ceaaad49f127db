#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

struct NumberCase {
  std::string type;
  float x;
  double out;
  Attributes attrs = {};
};

// The values are the definitions worked out by hand.
TEST(Activation, HandWrittenNumbers) {
  const double e = std::numbers::e;
  const NumberCase cases[] = {
      {"relu", -1, 0},
      {"relu", 2, 2},
      {"relu6", -1, 0},
      {"relu6", 5.5, 5.5},
      {"relu6", 7, 6},
      {"relu6", 7, 3, {{"threshold", 3.0f}}},
      {"leaky_relu", 3, 3},
      {"leaky_relu", -2, -0.5, {{"alpha", 0.25f}}},
      {"elu", 3, 3},
      {"elu", -1, 2 / e - 2, {{"alpha", 2.0f}}},
      {"sigmoid", 0, 0.5},
      {"sigmoid", -1, 1 / (1 + e)},
      {"tanh", 1, (e * e - 1) / (e * e + 1)},
      {"hard_sigmoid", 1, 0.75, {{"slope", 0.25f}}},
      {"hard_sigmoid", -9, 0},
      {"hard_sigmoid", 9, 1},
      {"hard_swish", 1, 4.0 / 6},
      {"hard_swish", -4, 0},
      {"hard_swish", 4, 4},
      {"swish", 1, e / (1 + e)},
      {"swish", 1, e * e / (1 + e * e), {{"beta", 2.0f}}},
      {"silu", -1, -1 / (1 + e)},
      {"mish", 0, 0},
      {"mish", 30, 30},
      {"gelu", 1, 0.84134474606854293},
      {"gelu", 1, 0.84119199060827, {{"approximate", true}}},
      {"softplus", 0, std::numbers::ln2},
      {"softplus", 0, std::numbers::ln2 / 2, {{"beta", 2.0f}}},
      {"softplus", 2, 2, {{"threshold", 1.0f}}},
      {"exp", 1, e},
      {"log", 2, std::numbers::ln2},
      {"sqrt", 9, 3},
      {"rsqrt", 4, 0.5},
      {"square", -3, 9},
      {"abs", -3, 3},
      {"erf", 1, 0.84270079294971489},
      {"pow", 2, 8, {{"factor", 3.0f}}},
  };
  for (const NumberCase& c : cases) {
    SCOPED_TRACE(c.x);
    // 1e-7: the result is computed in double and rounded once to float32 (6e-8).
    check_op({.type = c.type,
              .inputs = {{"X", {Tensor::from<float>({1}, {c.x})}}},
              .attrs = c.attrs,
              .expected = {{"Out", {Tensor::from<float>({1}, {static_cast<float>(c.out)})}}},
              .tolerance = 1e-7});
  }
}

TEST(Activation, GradientsAreCentralDifferences) {
  // Kinks of relu (0), relu6 (0, 6), hard_sigmoid (+-2.5), hard_swish (+-3): multiples of 0.5.
  const Tensor any_sign = kink_free_tensor({4, 10}, 1, -7, 7, 0.5);
  for (const char* type : {"relu",
                           "relu6",
                           "leaky_relu",
                           "elu",
                           "sigmoid",
                           "tanh",
                           "hard_sigmoid",
                           "hard_swish",
                           "swish",
                           "silu",
                           "mish",
                           "gelu",
                           "softplus",
                           "exp",
                           "square",
                           "abs",
                           "erf"}) {
    check_op({.type = type, .inputs = {{"X", {any_sign}}}, .gradients = {"X"}});
  }
  const Tensor positive = random_tensor({3, 4}, 1, 0.5, 4);
  for (const char* type : {"log", "sqrt", "rsqrt"}) {
    check_op({.type = type, .inputs = {{"X", {positive}}}, .gradients = {"X"}});
  }
  check_op({.type = "pow",
            .inputs = {{"X", {positive}}},
            .attrs = {{"factor", -1.5f}},
            .gradients = {"X"}});
  const NumberCase with_attrs[] = {{"gelu", 0, 0, {{"approximate", true}}},
                                   {"swish", 0, 0, {{"beta", 0.5f}}},
                                   {"softplus", 0, 0, {{"beta", 2.0f}, {"threshold", 3.0f}}},
                                   {"mish", 0, 0, {{"threshold", 3.0f}}},
                                   {"elu", 0, 0, {{"alpha", 0.5f}}},
                                   {"hard_swish", 0, 0, {{"threshold", 4.0f}, {"scale", 5.0f}}}};
  for (const NumberCase& c : with_attrs) {
    check_op({.type = c.type, .inputs = {{"X", {any_sign}}}, .attrs = c.attrs, .gradients = {"X"}});
  }
}

TEST(Activation, PowTakesItsFactorFromATensor) {
  check_op({.type = "pow",
            .inputs = {{"X", {Tensor::from<float>({2}, {2, 3})}},
                       {"FactorTensor", {Tensor::from<float>({1}, {2})}}},
            .expected = {{"Out", {Tensor::from<float>({2}, {4, 9})}}},
            .gradients = {"X"}});
}

TEST(Activation, UnknownAttributeIsNamed) {
  expect_op_error({.type = "leaky_relu",
                   .inputs = {{"X", {random_tensor({2}, 1)}}},
                   .attrs = {{"alhpa", 0.1f}}},
                  "has no attribute 'alhpa', the nearest is 'alpha'");
}

}  // namespace
}  // namespace intact
