#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/tensor/tensor.h"

namespace intact {

/// A Program in deployment form (passes/deployment_form.h: onnx_quantize_linear and
/// onnx_dequantize_linear around its ops, int8 weights, int32 biases) made ready to run on integer
/// codes: weights packed, ops fused with their quantizers, kernels chosen so that none saturates.
/// Immutable; copies share it, and any number of sessions and threads may use it at once.
class IntegerModel {
 public:
  /// Nothing of `program` and `scope` is needed afterwards. Ops without an integer form run in
  /// float by their reference kernels; describe() lists them. Throws: NotFound (feed, fetch,
  /// parameter), Unsupported (sums that do not fit 32 bits).
  static IntegerModel compile(const Program& program,
                              const Scope& scope,
                              const std::vector<std::string>& feeds,
                              const std::vector<std::string>& fetches);
  /// The same, keeping the Scope's tensors where it can instead of copying them.
  static IntegerModel compile(const Program& program,
                              Scope&& scope,
                              const std::vector<std::string>& feeds,
                              const std::vector<std::string>& fetches);

  const std::vector<std::string>& feeds() const;
  const std::vector<std::string>& fetches() const;
  /// One line a step: the op, what it reads and writes, the kernel, and why that one is exact.
  std::string describe() const;
  /// Ops that run in float, as "softmax 'softmax_0.tmp_0': <why>".
  std::vector<std::string> float_ops() const;

 private:
  friend class IntegerSession;
  struct Impl;
  explicit IntegerModel(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

struct IntegerSessionOptions {
  /// Run the readable scalar code that defines each step: slow, equal bit for bit.
  bool use_reference = false;
  /// Keep the codes of every quantized tensor; codes() has them.
  bool keep_codes = false;
  /// Time every step; times() has the sums.
  bool profile = false;
};

/// What one step of an IntegerSession has cost so far.
struct IntegerStepTime {
  std::string op;      // as in IntegerModel::describe()
  std::string kernel;  // and why it is exact
  double seconds = 0;  // over all runs
};

/// Runs an IntegerModel. One thread at a time; memory is laid out once per feed shape.
class IntegerSession {
 public:
  explicit IntegerSession(IntegerModel model, IntegerSessionOptions options = {});
  IntegerSession(IntegerSession&&) noexcept;
  IntegerSession& operator=(IntegerSession&&) noexcept;
  ~IntegerSession();

  /// feeds: a tensor per feed of the model. Returns the fetched tensors (the caller's own copies).
  /// Throws: InvalidArgument (missing or misshapen feed).
  std::vector<Tensor> run(const TensorMap& feeds);

  /// Of the last run, by the name of the quantizer's output: int8 or uint8, NCHW. Empty without
  /// keep_codes.
  const TensorMap& codes() const;
  /// In running order. Empty without IntegerSessionOptions::profile.
  const std::vector<IntegerStepTime>& times() const;
  /// Bytes of activation memory for the last run's shapes.
  size_t arena_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace intact
