#pragma once

#include <string>

#include "backend/cpu/conv_shape.h"
#include "intact/tensor/shape.h"
#include "ops/detail/window.h"

namespace intact {

/// Of a convolution of x NCHW with w OIHW that gives y NCHW; `where` names it in errors.
cpu::ConvShape conv_shape_of(const std::string& where,
                             const WindowAttributes& window,
                             int64_t groups,
                             const Shape& x,
                             const Shape& w,
                             const Shape& y);

}  // namespace intact
