#include "intact/ir/scope.h"

#include <atomic>

#include "base/check.h"
#include "base/nearest.h"

namespace intact {
namespace {

std::atomic<uint64_t> next_revision{1};

}  // namespace

Scope::Scope(Scope&& other) noexcept : tensors_(std::move(other.tensors_)) {
  other.tensors_.clear();
  other.touch();
  touch();
}

Scope& Scope::operator=(Scope&& other) noexcept {
  tensors_ = std::move(other.tensors_);
  other.tensors_.clear();
  other.touch();
  touch();
  return *this;
}

void Scope::touch() {
  revision_ = next_revision++;
}

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
  touch();
}

void Scope::erase(const std::string& name) {
  tensors_.erase(name);
  touch();
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
  copy.touch();
  return copy;
}

Scope& global_scope() {
  static Scope scope;
  return scope;
}

}  // namespace intact
