#include "intact/ir/scope.h"

#include "base/check.h"
#include "base/nearest.h"

namespace intact {

const Tensor* Scope::find(const std::string& name) const {
  const auto it = tensors_.find(name);
  return it == tensors_.end() ? nullptr : &it->second;
}

Tensor* Scope::find(const std::string& name) {
  const auto it = tensors_.find(name);
  return it == tensors_.end() ? nullptr : &it->second;
}

const Tensor& Scope::get(const std::string& name) const {
  if (const Tensor* tensor = find(name)) {
    return *tensor;
  }
  const std::string near = nearest(name, names());
  fail(ErrorCode::NotFound,
       "scope: no tensor '{}'{}; run the startup program or load parameters first",
       name,
       near.empty() ? "" : fmt::format(", the nearest is '{}'", near));
}

Tensor& Scope::get(const std::string& name) {
  return const_cast<Tensor&>(static_cast<const Scope*>(this)->get(name));
}

void Scope::set(const std::string& name, Tensor tensor) {
  tensors_.insert_or_assign(name, std::move(tensor));
}

void Scope::erase(const std::string& name) {
  tensors_.erase(name);
}

std::vector<std::string> Scope::names() const {
  std::vector<std::string> names;
  names.reserve(tensors_.size());
  for (const auto& [name, tensor] : tensors_) {
    names.push_back(name);
  }
  return names;
}

Scope Scope::clone() const {
  Scope copy;
  for (const auto& [name, tensor] : tensors_) {
    copy.tensors_.emplace(name, tensor.clone());
  }
  return copy;
}

Scope& global_scope() {
  static Scope scope;
  return scope;
}

}  // namespace intact
