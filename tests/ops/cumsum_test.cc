#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Cumsum, HandWrittenNumbers) {
  const Tensor x = Tensor::from<int64_t>({2, 2}, {1, 2, 3, 4});
  struct Case {
    Attributes attrs;
    std::vector<int64_t> out;
  };
  const Case cases[] = {{{}, {1, 3, 3, 7}},
                        {{{"axis", int32_t{0}}}, {1, 2, 4, 6}},
                        {{{"exclusive", true}}, {0, 1, 0, 3}},
                        {{{"reverse", true}}, {3, 2, 7, 4}},
                        {{{"reverse", true}, {"exclusive", true}}, {2, 0, 4, 0}}};
  for (const Case& c : cases) {
    check_op({.type = "cumsum",
              .inputs = {{"X", {x}}},
              .attrs = c.attrs,
              .expected = {{"Out", {Tensor::from<int64_t>({2, 2}, c.out)}}}});
  }
  check_op({.type = "cumsum",
            .inputs = {{"X", {x}}},
            .attrs = {{"flatten", true}},
            .expected = {{"Out", {Tensor::from<int64_t>({4}, {1, 3, 6, 10})}}}});
}

TEST(Cumsum, GradientsAreCentralDifferences) {
  for (const bool exclusive : {false, true}) {
    for (const bool reverse : {false, true}) {
      for (const bool flatten : {false, true}) {
        check_op({.type = "cumsum",
                  .inputs = {{"X", {random_tensor({2, 3, 2}, 1)}}},
                  .attrs = {{"axis", int32_t{1}},
                            {"exclusive", exclusive},
                            {"reverse", reverse},
                            {"flatten", flatten}},
                  .gradients = {"X"}});
      }
    }
  }
}

}  // namespace
}  // namespace intact
