#pragma once

#include "bind.h"

namespace intact::python {

/// conv2d, batch_norm, pool2d, fc: the layers with many options.
void bind_parameter_layers(nb::module_& m);

}  // namespace intact::python
