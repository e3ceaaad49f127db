#include "runtime/conv_shape.h"

namespace intact {

cpu::ConvShape conv_shape_of(const std::string& where,
                             const WindowAttributes& attributes,
                             int64_t groups,
                             const Shape& x,
                             const Shape& w,
                             const Shape& y) {
  const Window2d window = make_window(where, attributes, x[2], x[3]);
  return {.n = x[0],
          .h = x[2],
          .w = x[3],
          .ci = x[1],
          .co = w[0],
          .kh = w[2],
          .kw = w[3],
          .stride_h = window.h.stride,
          .stride_w = window.w.stride,
          .pad_top = window.h.pad_before,
          .pad_bottom = window.h.pad_after,
          .pad_left = window.w.pad_before,
          .pad_right = window.w.pad_after,
          .dilation_h = window.h.dilation,
          .dilation_w = window.w.dilation,
          .groups = groups,
          .oh = y[2],
          .ow = y[3]};
}

}  // namespace intact
