#pragma once

#include <map>
#include <string>
#include <vector>

#include "intact/tensor/tensor.h"

namespace intact {

/// Named tensors that outlive a run: parameters, moving statistics, optimizer state, scales.
/// Tensors are in the Program's (Paddle's) layout.
class Scope {
 public:
  Scope() = default;
  Scope(Scope&&) = default;
  Scope& operator=(Scope&&) = default;

  /// nullptr when absent. Reading gives the live tensor: it shares memory with the Scope.
  const Tensor* find(const std::string& name) const;
  Tensor* find(const std::string& name);
  /// Throws: NotFound, naming the nearest.
  const Tensor& get(const std::string& name) const;
  Tensor& get(const std::string& name);
  bool contains(const std::string& name) const { return find(name) != nullptr; }
  /// Replaces or creates.
  void set(const std::string& name, Tensor tensor);
  void erase(const std::string& name);
  std::vector<std::string> names() const;  // sorted
  /// Deep copy.
  Scope clone() const;

 private:
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  std::map<std::string, Tensor> tensors_;
};

/// The Scope used where none is given.
Scope& global_scope();

}  // namespace intact
