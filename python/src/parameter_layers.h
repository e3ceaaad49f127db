#pragma once

#include "bind.h"

namespace intact::python {

/// Layers of windows: conv2d, conv2d_transpose, pool2d.
void bind_conv_layers(nb::module_& m);
/// The other layers that make parameters.
void bind_parameter_layers(nb::module_& m);

}  // namespace intact::python
