#include "intact/nn/data.h"

#include "intact/nn/program_guard.h"

namespace intact::nn {

Var& data(const std::string& name, Shape shape, DType dtype) {
  return default_main_program().block().add_var(
      name, dtype, std::move(shape), {.is_data = true, .stop_gradient = true});
}

}  // namespace intact::nn
