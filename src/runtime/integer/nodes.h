#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/cpu/pool.h"
#include "intact/ir/program.h"
#include "intact/tensor/tensor.h"
#include "runtime/integer/integer_graph.h"

// Steps other than convolutions.
namespace intact::integer {

/// x: reals, y: codes, in one layout.
std::unique_ptr<Node> make_quantize_node(std::string label,
                                         const Graph& graph,
                                         ValueId x,
                                         ValueId y);
/// x: codes, y: reals, in one layout.
std::unique_ptr<Node> make_dequantize_node(std::string label,
                                           const Graph& graph,
                                           ValueId x,
                                           ValueId y);
/// Codes to codes of another scale: quantize(dequantize(x)), by a table.
std::unique_ptr<Node> make_requantize_node(std::string label,
                                           const Graph& graph,
                                           ValueId x,
                                           ValueId y);
/// Codes plus codes; the activation is in y's lo and hi.
std::unique_ptr<Node> make_add_node(
    std::string label, const Graph& graph, ValueId a, ValueId b, ValueId y);
/// Codes times codes of the same shape or of [N,C,1,1]; the activation is in y's lo and hi.
std::unique_ptr<Node> make_mul_node(
    std::string label, const Graph& graph, ValueId a, ValueId b, ValueId y);
/// pool2d on codes, channels last. Max pooling: y has x's scale.
std::unique_ptr<Node> make_pool_node(
    std::string label, const Graph& graph, const Op& op, ValueId x, ValueId y);
/// Codes side by side along `axis` of [N,C,H,W] (or of fewer dimensions), each brought to y's
/// scale.
std::unique_ptr<Node> make_concat_node(
    std::string label, const Graph& graph, std::vector<ValueId> xs, ValueId y, int axis);
/// The same elements with channels last or not, as y says; or, shapes being different, the same
/// bytes.
std::unique_ptr<Node> make_layout_node(std::string label, const Graph& graph, ValueId x, ValueId y);

/// An input of a float op: a Value, or a constant.
struct FloatInput {
  ValueId value = -1;
  Tensor constant;
};
/// An op's reference kernel on tensors in Program order. `op` must outlive the node.
std::unique_ptr<Node> make_float_node(const Graph& graph,
                                      const Op& op,
                                      std::map<std::string, std::vector<FloatInput>> inputs,
                                      std::map<std::string, std::vector<ValueId>> outputs);
/// A fast kernel for a float op on Values of one layout; nullptr when there is none.
std::unique_ptr<Node> make_fast_float_node(const Graph& graph,
                                           const Op& op,
                                           const std::vector<ValueId>& inputs,
                                           ValueId output);

/// The pool2d op's window for x and y of [N,C,H,W].
cpu::PoolShape pool_shape(const Op& op, const Shape& x, const Shape& y);

}  // namespace intact::integer
