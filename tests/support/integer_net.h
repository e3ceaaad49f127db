#pragma once

#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/tensor/tensor.h"

namespace intact {

/// Builds networks in deployment form, with random weights and the given steps.
class IntegerNet {
 public:
  IntegerNet();

  struct Quantizer {
    DType dtype = DType::UInt8;
    float step = 0.02f;
    int zero_point = 0;
    int qmin = 0;
    int qmax = 127;
  };
  Var& feed(const std::string& name, Shape shape);
  /// The dequantized codes of x.
  Var& quantized(Var& x, const Quantizer& quantizer);
  struct Conv {
    int64_t outputs = 8;
    int kernel = 1;
    int stride = 1;
    int groups = 1;
    float x_step = 0.02f;
    bool has_bias = true;
  };
  Var& conv(Var& x, const Conv& options);
  /// x [N,K] times [K,O].
  Var& fully_connected(Var& x, int64_t outputs, float x_step);
  Var& unary(const std::string& type, Var& x, Attributes attrs = {});
  Var& add(Var& a, Var& b);
  Var& concat(const std::vector<Var*>& xs, int axis);
  Var& pool(Var& x, const std::string& type, int kernel, bool is_global = false);

  Program program;
  Scope scope;

 private:
  Var& constant(const std::string& prefix, const Tensor& value);
  Var& dequantized(Var& codes, Var& step, DType dtype, int64_t count, int axis);
  Var& temporary(const std::string& prefix);
  Tensor random_codes(Shape shape);
  uint64_t next_seed_ = 1;
};

}  // namespace intact
