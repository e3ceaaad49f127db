// read_program on any bytes: a Program or an Error; what is read is written and read back the same,
// but for the declared type of int8 weights: Paddle declares them FP32, and only the parameters'
// file tells that they are int8. Half of the inputs are changed as programs, the others as bytes.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/mutate_program.h"
#include "intact/interop/paddle.h"
#include "intact/ir/text.h"

namespace {

std::optional<intact::Program> read(std::string_view bytes) {
  try {
    return intact::read_program(bytes, "fuzz.pdmodel");
  } catch (const intact::Error&) {
    return std::nullopt;
  }
}

void declare_weights_as_paddle_does(intact::Program& program) {
  for (int index = 0; index < program.block_count(); ++index) {
    for (const intact::Op* op : program.block(index).ops()) {
      for (const auto& [slot, vars] : op->inputs()) {
        for (intact::Var* weight : vars) {
          const bool is_linear = op->type() == "dequantize_linear" && slot == "X";
          const bool is_scaled = op->has_attr(weight->name() + "_quant_scale");
          const bool is_integer =
              weight->dtype() == intact::DType::Int8 || weight->dtype() == intact::DType::Int16;
          if (weight->is_persistable() && is_integer && (is_linear || is_scaled)) {
            weight->set_dtype(intact::DType::Float32);
          }
        }
      }
    }
  }
}

}  // namespace

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data,
                                          size_t size,
                                          size_t max_size,
                                          unsigned seed) {
  const size_t mutated = seed % 2 == 0 ? intact::mutate_program(data, size, max_size, seed / 2) : 0;
  return mutated > 0 ? mutated : LLVMFuzzerMutate(data, size, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto program = read({reinterpret_cast<const char*>(data), size});
  if (program) {
    const auto again = read(intact::write_program(*program));
    declare_weights_as_paddle_does(*program);
    const std::string before = intact::to_text(*program);
    const std::string after = again ? intact::to_text(*again) : "nothing";
    if (before != after) {
      std::fprintf(stderr, "read:\n%s\nread again:\n%s\n", before.c_str(), after.c_str());
      std::abort();
    }
  }
  return 0;
}
