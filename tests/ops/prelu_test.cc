#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Prelu, HandWrittenNumbers) {
  const Tensor x = Tensor::from<float>({1, 2, 2}, {-1, 2, -4, -8});
  struct Case {
    std::string mode;
    std::vector<float> alpha;
    std::vector<float> out;
  };
  const Case cases[] = {{"all", {0.5}, {-0.5, 2, -2, -4}},
                        {"channel", {0.5, 0.25}, {-0.5, 2, -1, -2}},
                        {"element", {1, 2, 3, 4}, {-1, 2, -12, -32}}};
  for (const Case& c : cases) {
    const Shape alpha = {static_cast<int64_t>(c.alpha.size())};
    check_op({.type = "prelu",
              .inputs = {{"X", {x}}, {"Alpha", {Tensor::from<float>(alpha, c.alpha)}}},
              .attrs = {{"mode", c.mode}},
              .expected = {{"Out", {Tensor::from<float>({1, 2, 2}, c.out)}}}});
  }
}

TEST(Prelu, GradientsAreCentralDifferences) {
  const Tensor x = kink_free_tensor({2, 3, 2, 2}, 1, -2, 2, 4);
  for (const auto& [mode, count] :
       std::map<std::string, int64_t>{{"all", 1}, {"channel", 3}, {"element", 12}}) {
    check_op({.type = "prelu",
              .inputs = {{"X", {x}}, {"Alpha", {random_tensor({count}, 2)}}},
              .attrs = {{"mode", mode}},
              .gradients = {"X", "Alpha"}});
  }
}

TEST(Prelu, BadInputsAreNamed) {
  const TensorSlots inputs = {{"X", {random_tensor({2, 3}, 1)}},
                              {"Alpha", {random_tensor({2}, 2)}}};
  expect_op_error({.type = "prelu", .inputs = inputs, .attrs = {{"mode", std::string("channel")}}},
                  "Alpha is [2] but X [2,3] needs 3 values with mode 'channel'");
  expect_op_error({.type = "prelu", .inputs = inputs, .attrs = {{"mode", std::string("each")}}},
                  "mode is 'each'; use all, channel or element");
}

}  // namespace
}  // namespace intact
