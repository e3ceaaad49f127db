#include "quant/scope_values.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace intact {
namespace {

template <class T>
Tensor filled_as(const Shape& shape, double value) {
  Tensor tensor(dtype_of<T>, shape);
  std::ranges::fill(tensor.values<T>(), static_cast<T>(value));
  return tensor;
}

}  // namespace

Tensor filled(DType dtype, const Shape& shape, double value) {
  switch (dtype) {
    case DType::Float32:
      return filled_as<float>(shape, value);
    case DType::Float64:
      return filled_as<double>(shape, value);
    case DType::Int32:
      return filled_as<int32_t>(shape, value);
    case DType::Int64:
      return filled_as<int64_t>(shape, value);
    default:
      fail(ErrorCode::Internal, "quant: no initial value of dtype {}", to_string(dtype));
  }
}

void ensure_value(Scope& scope,
                  const std::string& name,
                  DType dtype,
                  const Shape& shape,
                  double initial,
                  std::vector<std::string>& notes) {
  const Tensor* known = scope.find(name);
  if (known != nullptr && known->dtype() == dtype && known->shape() == shape) {
    return;
  }
  if (known != nullptr) {
    notes.push_back(fmt::format("'{}' held {} {}, another configuration's; replaced by {} {}",
                                name,
                                to_string(known->dtype()),
                                known->shape().to_string(),
                                to_string(dtype),
                                shape.to_string()));
  }
  scope.set(name, filled(dtype, shape, initial));
}

Scope share_persistables(const Program& program, const Scope& from) {
  Scope scope;
  for (const Var* var : program.block().vars()) {
    if (var->is_persistable() && var->kind() == VarKind::Tensor && !var->consumers().empty()) {
      scope.set(var->name(), from.get(var->name()));
    }
  }
  // Scales that weight quantizers and observers only write.
  for (const Var* var : program.block().vars()) {
    const Tensor* value = from.find(var->name());
    if (var->is_persistable() && value != nullptr && !scope.contains(var->name())) {
      scope.set(var->name(), *value);
    }
  }
  return scope;
}

void own_tensors(Scope& scope, const Scope& from) {
  std::set<const void*> shared;
  for (const std::string& name : from.names()) {
    shared.insert(from.get(name).raw());
  }
  for (const std::string& name : scope.names()) {
    if (const Tensor& tensor = scope.get(name); shared.contains(tensor.raw())) {
      scope.set(name, tensor.clone());
    }
  }
}

Scope copy_persistables(const Program& program, const Scope& from) {
  Scope scope = share_persistables(program, from);
  own_tensors(scope, from);
  return scope;
}

}  // namespace intact
