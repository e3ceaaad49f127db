#include "intact/nn/initializer.h"

#include <cmath>

#include "base/check.h"
#include "intact/tensor/dtype.h"
#include "nn/seed.h"

namespace intact::nn {
namespace {

struct Fans {
  double in = 1;
  double out = 1;
};

Fans fans_of(const Var& var) {
  const Shape& shape = var.shape();
  check(shape.rank() >= 2,
        "initializer of '{}': fan_in needs a shape of rank 2 or more but it is {}; use Constant, "
        "Uniform or Normal",
        var.name(),
        shape.to_string());
  if (shape.rank() == 2) {
    return {static_cast<double>(shape[0]), static_cast<double>(shape[1])};
  }
  const auto spatial = static_cast<double>(shape.numel(2, shape.rank()));
  return {static_cast<double>(shape[1]) * spatial, static_cast<double>(shape[0]) * spatial};
}

struct AppendInitializer {
  Program& startup;
  Var& var;

  void operator()(const Constant& constant) const {
    append({.type = "fill_constant", .attrs = {{"value", constant.value}}});
  }
  void operator()(const Uniform& uniform) const {
    append({.type = "uniform_random",
            .attrs = {{"min", uniform.low}, {"max", uniform.high}, {"seed", seed()}}});
  }
  void operator()(const Normal& normal) const {
    append({.type = "gaussian_random",
            .attrs = {{"mean", normal.mean}, {"std", normal.std}, {"seed", seed()}}});
  }
  void operator()(const TruncatedNormal& normal) const {
    append({.type = "truncated_gaussian_random",
            .attrs = {{"mean", normal.mean}, {"std", normal.std}, {"seed", seed()}}});
  }
  void operator()(const KaimingUniform&) const {
    const auto limit = static_cast<float>(std::sqrt(6.0 / fans_of(var).in));
    (*this)(Uniform{-limit, limit});
  }
  void operator()(const KaimingNormal&) const {
    (*this)(Normal{0.0f, static_cast<float>(std::sqrt(2.0 / fans_of(var).in))});
  }
  void operator()(const XavierUniform&) const {
    const Fans fans = fans_of(var);
    const auto limit = static_cast<float>(std::sqrt(6.0 / (fans.in + fans.out)));
    (*this)(Uniform{-limit, limit});
  }
  void operator()(const XavierNormal&) const {
    const Fans fans = fans_of(var);
    (*this)(Normal{0.0f, static_cast<float>(std::sqrt(2.0 / (fans.in + fans.out)))});
  }

 private:
  int32_t seed() const { return op_seed(startup, var.name()); }
  void append(OpSpec spec) const {
    spec.outputs = {{"Out", {&var}}};
    spec.attrs["shape"] = Longs(var.shape().dims());
    spec.attrs["dtype"] = paddle_code(var.dtype());
    startup.block().append_op(std::move(spec));
  }
};

}  // namespace

void append_initializer(Program& startup, Var& var, const Initializer& initializer) {
  check(var.dtype() == DType::Float32,
        "initializer of '{}': the Var is {} but initializers fill float32; use a float32 parameter",
        var.name(),
        to_string(var.dtype()));
  std::visit(AppendInitializer{startup, var}, initializer);
}

}  // namespace intact::nn
