// Converted programs carry codes as floats and add up their products as floats: exact, so a Plan
// gives what interpret() gives, with ==. Kernels that are only close, as Winograd's, stay out.
#include <gtest/gtest.h>

#include <cmath>

#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/quant/convert.h"
#include "intact/quant/quant_aware.h"
#include "intact/runtime/executor.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

// Shapes that Winograd's kernel would take. With values all positive, sums of codes come near 2^24,
// so that its quarters would be rounded.
const char* const kNet = R"(
  var %x: float32[-1,32,8,8] data stop_gradient
  var %w1: float32[96,32,3,3] persistable parameter
  var %w2: float32[40,96,3,3] persistable parameter
  Output=%c1 = conv2d(Input=%x, Filter=%w1) {paddings=[1,1]}
  Out=%r1 = relu(X=%c1)
  Output=%c2 = conv2d(Input=%r1, Filter=%w2) {paddings=[1,1]}
  Out=%y = relu(X=%c2)
  Out=%mean = reduce_mean(X=%y) {reduce_all=true}
)";

TensorMap batch(uint64_t seed) {
  return {{"x", random_tensor({4, 32, 8, 8}, seed, 0.5f, 1.0f)}};
}

Converted converted_net(const QuantConfig& config) {
  Scope scope;
  scope.set("w1", random_tensor({96, 32, 3, 3}, 1, 0.5f, 1.0f));
  scope.set("w2", random_tensor({40, 96, 3, 3}, 2, 0.5f, 1.0f));
  const Program program = parse_program(kNet);
  const Program train = quant_aware(program, CpuPlace{}, config, {.scope = &scope});
  interpret(train, batch(1), {"mean"}, scope);
  const Program eval =
      quant_aware(program, CpuPlace{}, config, {.for_test = true, .scope = &scope});
  return convert(eval, CpuPlace{}, config, {.scope = &scope});
}

/// Outputs of the program's convolutions (V1), or of its activations' quantizers (V2).
std::vector<std::string> names_of_codes(const Program& program, bool onnx_format) {
  std::vector<std::string> names;
  for (const Op* op : program.ops()) {
    if (!onnx_format && op->type() == "conv2d") {
      names.push_back(op->output("Output").name());
    } else if (onnx_format && op->type() == "quantize_linear" && !op->attr<bool>("only_observer")) {
      names.push_back(op->output("Y").name());
    }
  }
  return names;
}

class CodesInFloats : public testing::TestWithParam<bool> {};

TEST_P(CodesInFloats, PlanGivesTheCodesOfTheReference) {
  const bool onnx_format = GetParam();
  Converted net = converted_net({.onnx_format = onnx_format});
  const std::vector<std::string> names = names_of_codes(net.float_program, onnx_format);
  ASSERT_GE(names.size(), 2U);
  Executor executor;
  for (uint64_t seed = 10; seed < 13; ++seed) {
    const std::vector<Tensor> want = interpret(net.float_program, batch(seed), names, net.scope);
    const std::vector<Tensor> got = executor.run(net.float_program, batch(seed), names, net.scope);
    for (size_t i = 0; i < names.size(); ++i) {
      for (const float value : want[i].values<float>()) {
        ASSERT_EQ(value, std::nearbyint(value)) << names[i];
      }
      EXPECT_TRUE(got[i].identical(want[i])) << names[i];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, CodesInFloats, testing::Bool());

}  // namespace
}  // namespace intact
