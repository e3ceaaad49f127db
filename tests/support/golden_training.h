#pragma once

#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/tensor/tensor.h"

namespace intact {

/// A network whose training by Paddle 2.6.2 was recorded: data_files/<name>/trace.npz.
struct GoldenNetwork {
  std::string name;
  Var& (*build)(Var& image);
};
GoldenNetwork golden_lenet();
GoldenNetwork golden_mobilenet();

/// The recorded program, from our layers: cross entropy on a softmax output, Momentum(0.01, 0.9).
struct GoldenTraining {
  explicit GoldenTraining(const GoldenNetwork& network);

  Program main;
  Program startup;
  std::vector<std::string> fetches;  // top-1, top-5, loss, as recorded
};

class Trace {
 public:
  explicit Trace(const std::string& network);

  bool contains(const std::string& name) const { return tensors_.contains(name); }
  const Tensor& get(const std::string& name) const { return tensors_.at(name); }
  /// Tensors whose names start with `prefix`, which is cut off.
  TensorMap below(const std::string& prefix) const;
  /// Row `index` of the first axis.
  Tensor row(const std::string& name, int64_t index) const;
  /// Feeds of a step: 0 and 1 are float, 2 and 3 quantized.
  TensorMap batch(int64_t step) const;
  /// Puts below(prefix) into `scope`, with the shapes of the tensors there.
  void load(const std::string& prefix, Scope& scope) const;

 private:
  TensorMap tensors_;
};

/// Largest absolute value.
float largest_of(const Tensor& tensor);
/// Largest difference of two elements at the same place.
float largest_difference(const Tensor& a, const Tensor& b);

}  // namespace intact
