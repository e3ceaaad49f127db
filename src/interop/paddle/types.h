#pragma once

#include <framework.pb.h>

#include <optional>
#include <string>

#include "intact/ir/attribute.h"
#include "intact/tensor/dtype.h"

namespace intact::paddle {

namespace proto = intact::paddle_proto;

/// Nothing for the types Tensor does not have (BF16, complex) and for types of containers.
std::optional<DType> from_proto(proto::VarType::Type type);
proto::VarType::Type to_proto(DType dtype);

/// "FP32", "LOD_TENSOR", "SCALARS": Paddle's own names. The lite runtime has none.
std::string name_of(proto::VarType::Type type);
std::string name_of(proto::AttrType type);

/// The attribute's value; nothing when its type has no counterpart (VAR, SCALAR, ...) or it holds
/// no value.
std::optional<Attribute> from_proto(const proto::OpDesc::Attr& attr);
void to_proto(const std::string& name, const Attribute& value, proto::OpDesc::Attr& attr);

/// `value` as the type of `like` where Paddle releases differ in it and the value fits: INT, LONG
/// and BOOLEAN, FLOAT and FLOAT64, their lists, and any empty list. Otherwise `value`.
Attribute coerced(const Attribute& value, const Attribute& like);

}  // namespace intact::paddle
