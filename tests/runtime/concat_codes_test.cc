// Concatenation of codes: every code of each operand, brought to the result's scale.
#include <gtest/gtest.h>

#include "runtime/integer/nodes.h"
#include "tensor/affine_quantize.h"

namespace intact::integer {
namespace {

using cpu::CodeScale;
using cpu::CodeType;

int32_t number(CodeType type, uint8_t stored) {
  return type == CodeType::Signed8 ? static_cast<int8_t>(stored) : stored;
}

uint8_t moved(uint8_t stored, const CodeScale& from, const CodeScale& to) {
  const float real = dequantize_affine(number(from.type, stored), from.step, from.zero_point);
  return static_cast<uint8_t>(quantize_affine(real, to.step, to.zero_point, {to.lo, to.hi}));
}

void expect_exact(const CodeScale& a, const CodeScale& b, const CodeScale& y) {
  Graph graph;
  const auto add = [&](const CodeScale& scale) {
    return graph.add({.name = "v", .dtype = DType::UInt8, .is_codes = true, .scale = scale});
  };
  const ValueId first = add(a);
  const ValueId second = add(b);
  const ValueId result = add(y);
  const auto node = make_concat_node("concat", graph, {first, second}, result, 1);
  const Step step = node->prepare({{1, 256}, {1, 256}, {1, 512}}, Mode::Fast);
  std::vector<uint8_t> codes(256);
  for (size_t i = 0; i < codes.size(); ++i) {
    codes[i] = static_cast<uint8_t>(i);
  }
  std::vector<uint8_t> got(512);
  void* values[] = {codes.data(), codes.data(), got.data()};
  step.run({values, nullptr});
  for (size_t i = 0; i < 256; ++i) {
    ASSERT_EQ(got[i], moved(codes[i], a, y)) << i;
    ASSERT_EQ(got[256 + i], moved(codes[i], b, y)) << i;
  }
}

TEST(ConcatCodesTest, IsExactForEveryCodeOfBothOperands) {
  const CodeScale scales[] = {
      {},
      {.step = 0.02f},
      {.step = 0.0173f, .zero_point = 128},
      {.step = 0.05f, .zero_point = 3, .lo = 3, .hi = 200},
      {.type = CodeType::Signed8, .step = 0.031f, .lo = -128, .hi = 127},
      {.type = CodeType::Signed8, .step = 0.5f, .zero_point = -7, .lo = -127, .hi = 127},
  };
  for (const CodeScale& a : scales) {
    for (const CodeScale& b : scales) {
      for (const CodeScale& y : scales) {
        expect_exact(a, b, y);
      }
    }
  }
}

}  // namespace
}  // namespace intact::integer
