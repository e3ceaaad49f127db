// read_params on any bytes, for a program of four parameters: tensors of at most as many bytes, or
// an Error. Tensors are written and read back the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "intact/interop/paddle.h"

namespace {

const intact::Program& program() {
  static const intact::Program program = [] {
    intact::Program result;
    for (const char* name : {"a", "b", "c", "d"}) {
      result.block().add_var(name, intact::DType::Float32, {}, {.is_persistable = true});
    }
    return result;
  }();
  return program;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  intact::Scope scope;
  try {
    intact::read_params(bytes, program(), scope, "fuzz.pdiparams");
  } catch (const intact::Error&) {
    if (!scope.names().empty()) {
      std::abort();
    }
    return 0;
  }
  const std::string written = intact::write_params(intact::param_names(program()), scope);
  intact::Scope again;
  intact::read_params(written, program(), again, "again");
  size_t total = 0;
  for (const std::string& name : scope.names()) {
    total += scope.get(name).size_bytes();
    if (!again.get(name).identical(scope.get(name))) {
      std::abort();
    }
  }
  if (total > size) {
    std::abort();
  }
  return 0;
}
