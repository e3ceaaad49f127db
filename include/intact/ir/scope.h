#pragma once

#include <cstdint>
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
  Scope(Scope&&) noexcept;
  Scope& operator=(Scope&&) noexcept;

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
  /// Changes with every set, erase and move, to a number no other Scope of the process has had; 0
  /// before the first. While it stays, addresses that find() gave stay valid.
  uint64_t revision() const { return revision_; }

 private:
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  void touch();

  std::map<std::string, Tensor> tensors_;
  uint64_t revision_ = 0;
};

/// The Scope used where none is given.
Scope& global_scope();

}  // namespace intact
