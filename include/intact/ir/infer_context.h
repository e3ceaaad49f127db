#pragma once

#include <string>

#include "intact/ir/program.h"

namespace intact {

/// What an op's `infer` sees: input shapes and dtypes (a dimension may be -1), attributes, and
/// set_output.
class InferContext {
 public:
  explicit InferContext(Op& op) : op_(op) {}

  const Op& op() const { return op_; }
  /// "conv2d 'name of the first output'": start every message with it.
  std::string where() const { return op_.label(); }
  bool has_input(const std::string& slot) const { return op_.has_input(slot); }
  bool has_output(const std::string& slot) const { return op_.has_output(slot); }
  size_t input_count(const std::string& slot) const { return op_.input_list(slot).size(); }
  size_t output_count(const std::string& slot) const { return op_.output_list(slot).size(); }
  const Shape& shape(const std::string& slot, size_t index = 0) const {
    return op_.input(slot, index).shape();
  }
  DType dtype(const std::string& slot, size_t index = 0) const {
    return op_.input(slot, index).dtype();
  }
  template <class T>
  const T& attr(const std::string& name) const {
    return op_.attr<T>(name);
  }
  /// Does nothing when the (optional or intermediate) output is absent.
  void set_output(const std::string& slot, Shape shape, DType dtype, size_t index = 0);

 private:
  Op& op_;
};

}  // namespace intact
