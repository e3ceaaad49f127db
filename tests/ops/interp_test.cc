#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

Tensor row(const std::vector<float>& values) {
  return Tensor::from<float>({1, 1, 1, static_cast<int64_t>(values.size())}, values);
}

TEST(Interp, HandWrittenNumbers) {
  const Attributes to_four = {{"out_h", int32_t{1}}, {"out_w", int32_t{4}}};
  const auto with = [&](bool align_corners, int32_t align_mode) {
    Attributes attrs = to_four;
    attrs["align_corners"] = align_corners;
    attrs["align_mode"] = align_mode;
    return attrs;
  };
  struct Case {
    std::string type;
    Attributes attrs;
    std::vector<float> out;
  };
  const Case cases[] = {
      {"bilinear_interp_v2", with(true, 1), {0, 3, 6, 9}},
      {"bilinear_interp_v2", with(false, 1), {0, 4.5, 9, 9}},
      {"bilinear_interp_v2", with(false, 0), {0, 2.25, 6.75, 9}},
      {"nearest_interp_v2", with(false, 1), {0, 0, 9, 9}},
      {"nearest_interp_v2", with(true, 1), {0, 0, 9, 9}},
      {"nearest_interp_v2", {{"scale", Floats{1, 1.5f}}, {"align_corners", false}}, {0, 0, 9}}};
  for (const Case& c : cases) {
    // 1e-6: thirds are not exact.
    check_op({.type = c.type,
              .inputs = {{"X", {row({0, 9})}}},
              .attrs = c.attrs,
              .expected = {{"Out", {row(c.out)}}},
              .tolerance = 1e-6});
  }
}

TEST(Interp, GradientsAreCentralDifferences) {
  for (const char* type : {"nearest_interp_v2", "bilinear_interp_v2"}) {
    for (const bool align_corners : {false, true}) {
      for (const Attributes& size : {Attributes{{"out_h", int32_t{5}}, {"out_w", int32_t{2}}},
                                     Attributes{{"scale", Floats{2}}}}) {
        Attributes attrs = size;
        attrs["align_corners"] = align_corners;
        attrs["align_mode"] = int32_t{0};
        check_op({.type = type,
                  .inputs = {{"X", {random_tensor({2, 2, 3, 4}, 1)}}},
                  .attrs = attrs,
                  .gradients = {"X"}});
      }
    }
  }
}

TEST(Interp, BadInputsAreNamed) {
  expect_op_error({.type = "bilinear_interp_v2", .inputs = {{"X", {row({1, 2})}}}},
                  "the output would be [1,1,0,0]; give out_h and out_w");
}

}  // namespace
}  // namespace intact
