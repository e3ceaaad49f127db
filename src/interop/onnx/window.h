#pragma once

#include "interop/onnx/graph_reader.h"
#include "interop/onnx/graph_writer.h"

namespace intact {

/// ONNX's pads [top,left,bottom,right] of ours [h,w] or [top,bottom,left,right].
Longs pads_of(const OnnxWriter& writer, const Op& op);
/// Adds `pads`, or `auto_pad` where the op's padding depends on its input.
void add_padding(const OnnxWriter& writer, const Op& op, OnnxAttrs& attrs);

/// Our strides, paddings and (with kernel) dilations of a node that slides a window over [N,C,H,W].
struct OnnxWindow {
  Ints kernel;
  Ints strides;
  Ints paddings;  // [top,bottom,left,right]
  Ints dilations;
};
/// kernel: [h,w]. Throws: Unsupported for other than two dimensions.
OnnxWindow read_window(const OnnxNode& node, const Shape& input, const Ints& kernel);
/// The same of a convolution, whose filter is OIHW and agrees with kernel_shape.
OnnxWindow read_conv_window(const OnnxNode& node, const Shape& input, const Shape& filter);

}  // namespace intact
