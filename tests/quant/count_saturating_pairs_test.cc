// Counts on data against a naive walk over every pair of products.
#include <gtest/gtest.h>

#include <algorithm>

#include "intact/base/threads.h"
#include "intact/quant/saturation.h"
#include "intact/runtime/integer_model.h"
#include "support/expect_error.h"
#include "support/integer_net.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

constexpr IntegerNet::Quantizer kFull = {.step = 0.01f, .zero_point = 128, .qmin = 0, .qmax = 255};
constexpr IntegerNet::Quantizer kSigned = {
    .dtype = DType::Int8, .step = 0.01f, .zero_point = 3, .qmin = -127, .qmax = 127};

int code_at(const Tensor& codes, int64_t i) {
  return codes.dtype() == DType::Int8 ? codes.data<int8_t>()[i] + 128 : codes.data<uint8_t>()[i];
}

/// products: of one output, in order.
void add_pairs(const std::vector<int>& products, PairCount& count) {
  for (size_t i = 0; i < products.size(); i += 2) {
    const int sum = products[i] + (i + 1 < products.size() ? products[i + 1] : 0);
    count.saturating += sum < -32768 || sum > 32767 ? 1 : 0;
    ++count.pairs;
  }
}

struct Window {
  int64_t stride = 1;
  int64_t pad = 0;
  int64_t groups = 1;
  int padding_code = 0;
};

PairCount naive_conv(const Tensor& x, const Tensor& w, const Window& window) {
  PairCount count;
  const int64_t size = w.shape()[2];
  const int64_t height = (x.shape()[2] + 2 * window.pad - size) / window.stride + 1;
  const int64_t width = (x.shape()[3] + 2 * window.pad - size) / window.stride + 1;
  for (int64_t n = 0; n < x.shape()[0]; ++n) {
    for (int64_t o = 0; o < w.shape()[0]; ++o) {
      for (int64_t position = 0; position < height * width; ++position) {
        std::vector<int> products;
        for (int64_t tap = 0; tap < size * size; ++tap) {
          const int64_t row = position / width * window.stride - window.pad + tap / size;
          const int64_t column = position % width * window.stride - window.pad + tap % size;
          const bool is_inside =
              row >= 0 && column >= 0 && row < x.shape()[2] && column < x.shape()[3];
          for (int64_t i = 0; i < w.shape()[1]; ++i) {
            const int64_t group = o / (w.shape()[0] / window.groups);
            const int64_t channel = n * x.shape()[1] + group * w.shape()[1] + i;
            const int64_t at = (channel * x.shape()[2] + row) * x.shape()[3] + column;
            const int code = is_inside ? code_at(x, at) : window.padding_code;
            products.push_back(code * w.data<int8_t>()[(o * w.shape()[1] + i) * size * size + tap]);
          }
        }
        add_pairs(products, count);
      }
    }
  }
  return count;
}

/// w [terms, outputs].
PairCount naive_product(const Tensor& x, const Tensor& w) {
  PairCount count;
  const int64_t terms = w.shape()[0];
  for (int64_t row = 0; row < x.numel() / terms; ++row) {
    for (int64_t o = 0; o < w.shape()[1]; ++o) {
      std::vector<int> products;
      for (int64_t k = 0; k < terms; ++k) {
        products.push_back(code_at(x, row * terms + k) * w.data<int8_t>()[k * w.shape()[1] + o]);
      }
      add_pairs(products, count);
    }
  }
  return count;
}

struct Counted {
  std::vector<PairCount> counts;
  TensorMap codes;
};

Counted count_over(const IntegerNet& net, const Var& y, const Tensor& image) {
  IntegerSession session(IntegerModel::compile(net.program, net.scope, {"image"}, {y.name()}),
                         {.keep_codes = true});
  session.run({{"image", image}});
  return {count_saturating_pairs(net.program, net.scope, session.codes()), session.codes()};
}

void expect_equal(const PairCount& got, const PairCount& expected) {
  EXPECT_EQ(got.saturating, expected.saturating) << got.op;
  EXPECT_EQ(got.pairs, expected.pairs) << got.op;
  EXPECT_GT(got.saturating, 0) << got.op << ": the data must reach the limit";
  EXPECT_LT(got.saturating, got.pairs);
}

TEST(CountSaturatingPairs, EqualsANaiveCountOfConvolutions) {
  for (const int64_t channels : {3, 4}) {  // odd: pairs straddle taps
    for (const IntegerNet::Quantizer& quantizer : {kFull, kSigned}) {
      for (const int stride : {1, 2}) {
        IntegerNet net;
        Var& x = net.quantized(net.feed("image", {-1, channels, 7, 6}), quantizer);
        const Var& y = net.conv(x, {.outputs = 5, .kernel = 3, .stride = stride, .x_step = 0.01f});
        const Tensor image = random_tensor({2, channels, 7, 6}, 3, -1.3f, 1.3f);
        const Counted counted = count_over(net, y, image);
        ASSERT_EQ(counted.counts.size(), 1U);
        const int padding = quantizer.zero_point + (quantizer.dtype == DType::Int8 ? 128 : 0);
        expect_equal(counted.counts[0],
                     naive_conv(counted.codes.begin()->second,
                                net.scope.get("weight_0"),
                                {.stride = stride, .pad = 1, .padding_code = padding}));
      }
    }
  }
}

TEST(CountSaturatingPairs, KeepsGroupsApartAndLeavesDepthwiseOut) {
  IntegerNet net;
  Var& x = net.quantized(net.feed("image", {-1, 6, 5, 5}), kFull);
  Var& grouped = net.conv(x, {.outputs = 4, .kernel = 3, .groups = 2, .x_step = 0.01f});
  Var& deep = net.quantized(grouped, kFull);
  const Var& y = net.conv(deep, {.outputs = 4, .kernel = 3, .groups = 4, .x_step = 0.01f});
  const Counted counted = count_over(net, y, random_tensor({2, 6, 5, 5}, 4, -1.3f, 1.3f));
  ASSERT_EQ(counted.counts.size(), 1U);
  expect_equal(counted.counts[0],
               naive_conv(counted.codes.begin()->second,
                          net.scope.get("weight_0"),
                          {.pad = 1, .groups = 2, .padding_code = 128}));
}

TEST(CountSaturatingPairs, EqualsANaiveCountOfMatrixProducts) {
  IntegerNet net;
  Var& x = net.quantized(net.feed("image", {-1, 3, 3, 3}), kFull);  // 27 terms: one is alone
  const Var& y = net.fully_connected(x, 7, 0.01f);
  const Counted counted = count_over(net, y, random_tensor({9, 3, 3, 3}, 6, -1.3f, 1.3f));
  ASSERT_EQ(counted.counts.size(), 1U);
  expect_equal(counted.counts[0],
               naive_product(counted.codes.begin()->second, net.scope.get("weight_0")));
}

TEST(CountSaturatingPairs, DoesNotDependOnThreads) {
  IntegerNet net;
  Var& x = net.quantized(net.feed("image", {-1, 4, 7, 7}), kFull);
  const Var& y = net.conv(x, {.outputs = 5, .kernel = 3, .x_step = 0.01f});
  const Tensor image = random_tensor({3, 4, 7, 7}, 3, -1.3f, 1.3f);
  const int threads = thread_count();
  set_thread_count(1);
  const PairCount one = count_over(net, y, image).counts[0];
  set_thread_count(2);
  const PairCount two = count_over(net, y, image).counts[0];
  set_thread_count(threads);
  EXPECT_EQ(one.saturating, two.saturating);
  EXPECT_EQ(one.pairs, two.pairs);
}

// A layer within its bound has no entry; one that can saturate has, with what this data does.
TEST(CountSaturatingPairs, CountsOnlyLayersThatCanSaturate) {
  IntegerNet net;
  Var& x = net.quantized(net.feed("image", {-1, 4, 5, 5}), {.step = 0.01f});  // codes 0..127
  const Var& y = net.conv(x, {.outputs = 4, .x_step = 0.01f});
  EXPECT_TRUE(count_over(net, y, random_tensor({2, 4, 5, 5}, 3)).counts.empty());
}

TEST(CountSaturatingPairs, NamesCodesThatAreMissing) {
  IntegerNet net;
  Var& x = net.quantized(net.feed("image", {-1, 4, 5, 5}), kFull);
  net.conv(x, {.outputs = 4, .x_step = 0.01f});
  expect_error(ErrorCode::InvalidArgument, {"no codes of 'codes_0'", "keep_codes"}, [&] {
    count_saturating_pairs(net.program, net.scope, {});
  });
}

}  // namespace
}  // namespace intact
