#pragma once

#include "intact/ir/program.h"
#include "intact/nn/param_attr.h"

namespace intact::nn {

/// A trained float32 parameter of the current main Program, for networks that no layer function
/// builds. Default: XavierUniform, 0 with is_bias. Throws: InvalidArgument when the name exists
/// with another shape.
Var& create_parameter(Shape shape, const ParamAttr& attr = {}, bool is_bias = false);

}  // namespace intact::nn
