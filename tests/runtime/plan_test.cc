#include <gtest/gtest.h>

#include "intact/nn/activation.h"
#include "intact/nn/conv2d.h"
#include "intact/nn/data.h"
#include "intact/nn/program_guard.h"
#include "intact/nn/reduce.h"
#include "support/plan_agrees.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Plan, TrainsATinyConvolution) {
  const TestProgram program = make_test_program(
      [] {
        Var& image = nn::data("image", {-1, 3, 8, 8});
        Var& y = nn::conv2d(image, {.filters = 4, .activation = "relu", .bias = std::nullopt});
        Var& loss = nn::mean(y);
        append_momentum(loss);
        return std::vector<Var*>{&loss, &y};
      },
      {{{"image", random_tensor({2, 3, 8, 8}, 1)}},
       {{"image", random_tensor({2, 3, 8, 8}, 2)}},
       {{"image", random_tensor({5, 3, 8, 8}, 3)}}});
  expect_plan_agrees(program, 1e-5);
}

}  // namespace
}  // namespace intact
