#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

const std::string kMax = "max";
const std::string kAvg = "avg";

Tensor plane(int64_t h, int64_t w, const std::vector<float>& values) {
  return Tensor::from<float>({1, 1, h, w}, values);
}

struct NumberCase {
  Attributes attrs;
  Tensor out;
};

TEST(Pool2d, HandWrittenNumbers) {
  const Tensor x = plane(3, 3, {1, 2, 3, 4, 5, 6, 7, 8, 18});
  const Ints two = {2, 2};
  const NumberCase cases[] = {
      {{{"pooling_type", kMax}, {"ksize", two}}, plane(2, 2, {5, 6, 8, 18})},
      {{{"pooling_type", kAvg}, {"ksize", two}}, plane(2, 2, {3, 4, 6, 9.25})},
      {{{"pooling_type", kMax}, {"ksize", two}, {"strides", two}}, plane(1, 1, {5})},
      {{{"pooling_type", kMax}, {"ksize", two}, {"strides", two}, {"ceil_mode", true}},
       plane(2, 2, {5, 6, 8, 18})},
      {{{"pooling_type", kAvg}, {"ksize", two}, {"strides", two}, {"ceil_mode", true}},
       plane(2, 2, {3, 4.5, 7.5, 18})},
      // The window hangs over X by one row and column of padding.
      {{{"pooling_type", kAvg}, {"ksize", two}, {"strides", two}, {"paddings", Ints{1, 1}}},
       plane(2, 2, {1, 2.5, 5.5, 9.25})},
      {{{"pooling_type", kAvg},
        {"ksize", two},
        {"strides", two},
        {"paddings", Ints{1, 1}},
        {"exclusive", false}},
       plane(2, 2, {0.25, 1.25, 2.75, 9.25})},
      {{{"pooling_type", kAvg}, {"ksize", two}, {"global_pooling", true}}, plane(1, 1, {6})},
      {{{"pooling_type", kMax}, {"ksize", two}, {"global_pooling", true}}, plane(1, 1, {18})},
      // Bins of 3 inputs in 2 overlap: rows 0..1 and 1..2.
      {{{"pooling_type", kAvg}, {"ksize", two}, {"adaptive", true}}, plane(2, 2, {3, 4, 6, 9.25})},
      {{{"pooling_type", kAvg}, {"ksize", Ints{1, 3}}, {"adaptive", true}}, plane(1, 3, {4, 5, 9})},
      {{{"pooling_type", kMax},
        {"ksize", two},
        {"strides", two},
        {"padding_algorithm", std::string("SAME")}},
       plane(2, 2, {5, 6, 8, 18})},
  };
  for (const NumberCase& c : cases) {
    check_op({.type = "pool2d",
              .inputs = {{"X", {x}}},
              .attrs = c.attrs,
              .expected = {{"Out", {c.out}}}});
  }
}

TEST(Pool2d, TheFirstOfEqualMaximaGetsTheGradient) {
  const TensorSlots grads = run_reference_gradient(
      {.type = "pool2d",
       .inputs = {{"X", {plane(1, 4, {2, 2, 1, 3})}}},
       .attrs = {{"pooling_type", kMax}, {"ksize", Ints{1, 2}}, {"strides", Ints{1, 2}}},
       .gradients = {"X"}},
      {{"Out", {plane(1, 2, {5, 7})}}});
  expect_close(grads.at("X")[0], plane(1, 4, {5, 0, 0, 7}), 0);
}

TEST(Pool2d, GradientsAreCentralDifferences) {
  const Attributes cases[] = {
      {{"ksize", Ints{2, 2}}, {"strides", Ints{2, 2}}},
      {{"ksize", Ints{3, 2}}, {"strides", Ints{2, 1}}, {"paddings", Ints{1, 0, 0, 1}}},
      {{"ksize", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"ceil_mode", true}},
      {{"ksize", Ints{3, 3}}, {"paddings", Ints{1, 1}}, {"exclusive", false}},
      {{"ksize", Ints{1, 1}}, {"global_pooling", true}},
      {{"ksize", Ints{3, 2}}, {"adaptive", true}},
  };
  for (Attributes attrs : cases) {
    for (const std::string& type : {kMax, kAvg}) {
      attrs["pooling_type"] = type;
      check_op({.type = "pool2d",
                .inputs = {{"X", {random_tensor({2, 2, 5, 6}, 1)}}},
                .attrs = attrs,
                .gradients = {"X"}});
    }
  }
}

TEST(Pool2d, BadInputsAreNamed) {
  const TensorSlots inputs = {{"X", {random_tensor({1, 2, 3, 3}, 1)}}};
  expect_op_error({.type = "pool2d", .inputs = inputs}, "attribute 'ksize' is missing");
  expect_op_error({.type = "pool2d", .inputs = inputs, .attrs = {{"ksize", Ints{2, 2}}}},
                  "pooling_type is ''; use max or avg");
  expect_op_error({.type = "pool2d",
                   .inputs = inputs,
                   .attrs = {{"ksize", Ints{4, 2}}, {"pooling_type", kMax}}},
                  "the 4x2 window does not fit into X [1,2,3,3]");
  expect_op_error(
      {.type = "pool2d", .inputs = inputs, .attrs = {{"ksize", Ints{2}}, {"pooling_type", kMax}}},
      "the kernel size is [2]; give two values >= 1");
  expect_op_error({.type = "pool2d",
                   .inputs = {{"X", {random_tensor({2, 3}, 1)}}},
                   .attrs = {{"ksize", Ints{2, 2}}, {"pooling_type", kMax}}},
                  "X is [2,3]; give 4 dimensions, NCHW");
}

}  // namespace
}  // namespace intact
