#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/tensor/tensor.h"

namespace intact {

/// What a reference kernel sees: the op's attributes and its tensors, all with known shapes, C
/// order, NCHW. Outputs are allocated. An in-place output shares memory with its input.
class KernelContext {
 public:
  using TensorSlots = std::map<std::string, std::vector<Tensor>>;

  KernelContext(const Op& op, TensorSlots inputs, TensorSlots outputs, uint64_t run_index = 0)
      : op_(op), inputs_(std::move(inputs)), outputs_(std::move(outputs)), run_index_(run_index) {}

  const Op& op() const { return op_; }
  std::string where() const { return op_.label(); }
  bool has_input(const std::string& slot) const { return count(inputs_, slot) > 0; }
  bool has_output(const std::string& slot) const { return count(outputs_, slot) > 0; }
  size_t input_count(const std::string& slot) const { return count(inputs_, slot); }
  size_t output_count(const std::string& slot) const { return count(outputs_, slot); }
  /// Throws: NotFound when absent.
  const Tensor& input(const std::string& slot, size_t index = 0) const {
    return at(inputs_, slot, index);
  }
  Tensor output(const std::string& slot, size_t index = 0) const {
    return at(outputs_, slot, index);
  }
  template <class T>
  const T& attr(const std::string& name) const {
    return op_.attr<T>(name);
  }
  /// Counts runs of the Program; with the op's seed it picks the stream of a random op.
  uint64_t run_index() const { return run_index_; }
  void set_run_index(uint64_t run_index) { run_index_ = run_index; }

 private:
  static size_t count(const TensorSlots& slots, const std::string& slot);
  const Tensor& at(const TensorSlots& slots, const std::string& slot, size_t index) const;

  const Op& op_;
  TensorSlots inputs_;
  TensorSlots outputs_;
  uint64_t run_index_ = 0;
};

}  // namespace intact
