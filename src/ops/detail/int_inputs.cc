#include "ops/detail/int_inputs.h"

#include <algorithm>

#include "base/check.h"
#include "ops/detail/constant_value.h"

namespace intact {
namespace {

Longs attribute_ints(const Op& op, const std::string& name) {
  const Attribute& value = op.attrs().at(name);
  if (const auto* one = std::get_if<int32_t>(&value)) {
    return {*one};
  }
  if (const auto* ints = std::get_if<Ints>(&value)) {
    return {ints->begin(), ints->end()};
  }
  return op.attr<Longs>(name);
}

Longs tensor_ints(const Op& op, const Var& var) {
  check((var.dtype() == DType::Int32 || var.dtype() == DType::Int64) && var.shape().is_known(),
        "{}: reads its sizes from '{}' {} {}; use int32 or int64 of known shape",
        op.label(),
        var.name(),
        to_string(var.dtype()),
        var.shape().to_string());
  const std::optional<Tensor> value = constant_value(var);
  if (!value.has_value()) {
    return Longs(static_cast<size_t>(var.shape().numel()), kUnknownInt);
  }
  const Tensor wide = value->cast(DType::Int64);
  const auto values = wide.values<int64_t>();
  return {values.begin(), values.end()};
}

}  // namespace

Longs int_inputs(const Op& op, const IntSource& source) {
  if (op.has_input(source.list)) {
    Longs values;
    for (const Var* var : op.input_list(source.list)) {
      const Longs one = tensor_ints(op, *var);
      check(one.size() == 1,
            "{}: {} holds '{}' of {} elements; give one size a Var",
            op.label(),
            source.list,
            var->name(),
            one.size());
      values.push_back(one.front());
    }
    return values;
  }
  return op.has_input(source.tensor) ? tensor_ints(op, op.input(source.tensor))
                                     : attribute_ints(op, source.attr);
}

bool has_unknown(const Longs& values) {
  return std::ranges::count(values, kUnknownInt) > 0;
}

int64_t int_input(const Op& op, const IntSource& source) {
  const Longs values = int_inputs(op, source);
  check(values.size() == 1 && !has_unknown(values),
        "{}: {} is not one number that follows from attributes and shapes; use the attribute {}",
        op.label(),
        source.tensor,
        source.attr);
  return values.front();
}

}  // namespace intact
