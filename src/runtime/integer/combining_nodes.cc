// Sums, pools, concatenations of codes, and changes of layout.
#include <algorithm>
#include <array>
#include <cstring>

#include "backend/cpu/elementwise.h"
#include "backend/cpu/integer_pool.h"
#include "backend/cpu/parts.h"
#include "ops/detail/window.h"
#include "runtime/integer/nodes.h"
#include "runtime/integer/reference.h"

namespace intact::integer {
namespace {

class AddNode final : public Node {
 public:
  AddNode(std::string label, ValueId a, ValueId b, ValueId y, const cpu::CodeAdd& add)
      : Node(std::move(label), {a, b}, {y}), add_(add) {}

  std::string kernel() const override { return "add"; }

  Step prepare(const std::vector<Shape>& shapes, Mode mode) const override {
    const auto run = mode == Mode::Fast ? cpu::add_codes : reference_add;
    return {[=, n = shape(shapes, in()).numel(), a = in(0), b = in(1), y = out(), add = add_](
                const Addresses& at) { run(n, at.codes(a), at.codes(b), add, at.codes(y)); }};
  }

 private:
  cpu::CodeAdd add_;
};

class PoolNode final : public Node {
 public:
  PoolNode(std::string label, const Graph& graph, const Op& op, ValueId x, ValueId y)
      : Node(std::move(label), {x}, {y}),
        op_(op),
        is_max_(op.attr<std::string>("pooling_type") == "max") {
    const cpu::CodeScale& from = graph[x].scale;
    const cpu::CodeScale& to = graph[y].scale;
    average_ = {.type = from.type,
                .x_zero_point = from.zero_point,
                .x_step = from.step,
                .y_step = to.step,
                .zero_point = to.zero_point,
                .lo = to.lo,
                .hi = to.hi};
  }

  std::string kernel() const override { return is_max_ ? "max" : "average"; }

  Step prepare(const std::vector<Shape>& shapes, Mode mode) const override {
    const cpu::PoolShape s = pool_shape(op_, shape(shapes, in()), shape(shapes, out()));
    if (is_max_) {
      const auto run = mode == Mode::Fast ? cpu::max_pool_codes : reference_max_pool;
      return {[=, type = average_.type, x = in(), y = out()](const Addresses& at) {
        run(s, type, at.codes(x), at.codes(y));
      }};
    }
    const auto run = mode == Mode::Fast ? cpu::average_pool_codes : reference_average_pool;
    return {[=, average = average_, x = in(), y = out()](const Addresses& at) {
      run(s, average, at.codes(x), at.codes(y));
    }};
  }

 private:
  const Op& op_;
  bool is_max_;
  cpu::AverageCodes average_;
};

class ConcatNode final : public Node {
 public:
  ConcatNode(std::string label, const Graph& graph, std::vector<ValueId> xs, ValueId y, int axis)
      : Node(std::move(label), std::move(xs), {y}) {
    // Where the axis lies in memory: [N,C,H,W] is stored as [N,H,W,C] when channels are last.
    constexpr std::array<int, 4> kChannelsLast = {0, 3, 1, 2};
    axis_ = graph[y].is_channels_last ? kChannelsLast[static_cast<size_t>(axis)] : axis;
    is_channels_last_ = graph[y].is_channels_last;
    for (const ValueId x : inputs()) {
      tables_.push_back(requantize_table(graph[x].scale, graph[y].scale));
    }
  }

  std::string kernel() const override { return "table"; }

  Step prepare(const std::vector<Shape>& shapes, Mode) const override {
    const Shape y = stored(shape(shapes, out()));
    const int64_t outer = y.numel(0, axis_);
    const int64_t row = y.numel(axis_, y.rank());
    std::vector<int64_t> widths;
    for (const ValueId x : inputs()) {
      const Shape s = stored(shape(shapes, x));
      widths.push_back(s.numel(axis_, s.rank()));
    }
    return {[this, outer, row, widths, to = out()](const Addresses& at) {
      for (int64_t i = 0; i < outer; ++i) {
        uint8_t* y = at.codes(to) + i * row;
        for (size_t part = 0; part < widths.size(); ++part) {
          const uint8_t* x = at.codes(in(part)) + i * widths[part];
          std::transform(x, x + widths[part], y, [&](uint8_t code) { return tables_[part][code]; });
          y += widths[part];
        }
      }
    }};
  }

 private:
  Shape stored(const Shape& s) const {
    return is_channels_last_ ? Shape{s[0], s[2], s[3], s[1]} : s;
  }

  int axis_ = 0;
  bool is_channels_last_ = false;
  std::vector<CodeTable> tables_;
};

/// y[n,c,r] = x[n,r,c] in elements of one byte.
void swap_bytes(int64_t n, int64_t rows, int64_t columns, const uint8_t* x, uint8_t* y) {
  cpu::for_row_parts(n, rows * columns / 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const uint8_t* from = x + i * rows * columns;
      uint8_t* to = y + i * rows * columns;
      for (int64_t c = 0; c < columns; ++c) {
        for (int64_t r = 0; r < rows; ++r) {
          to[c * rows + r] = from[r * columns + c];
        }
      }
    }
  });
}

class LayoutNode final : public Node {
 public:
  LayoutNode(std::string label, const Graph& graph, ValueId x, ValueId y)
      : Node(std::move(label), {x}, {y}),
        to_channels_last_(graph[y].is_channels_last),
        is_change_(graph[x].is_channels_last != graph[y].is_channels_last),
        element_bytes_(size_bytes(graph[x].dtype)) {}

  std::string kernel() const override { return is_change_ ? "layout" : "copy"; }

  Step prepare(const std::vector<Shape>& shapes, Mode) const override {
    // The change happens on the side that has four dimensions.
    const Shape& s = shape(shapes, in()).rank() == 4 ? shape(shapes, in()) : shape(shapes, out());
    const size_t bytes = static_cast<size_t>(s.numel()) * element_bytes_;
    const bool is_copy =
        !is_change_ || s.rank() != 4 || s[1] == 1 || s.numel(2, 4) == 1 || s.numel() == 0;
    if (is_copy) {
      return {[bytes, x = in(), y = out()](const Addresses& at) {
        std::memcpy(at.values[y], at.values[x], bytes);
      }};
    }
    const int64_t n = s[0];
    const int64_t c = s[1];
    const int64_t hw = s.numel(2, 4);
    if (element_bytes_ == 1) {
      return {[=, x = in(), y = out(), last = to_channels_last_](const Addresses& at) {
        swap_bytes(n, last ? c : hw, last ? hw : c, at.codes(x), at.codes(y));
      }};
    }
    const auto change = to_channels_last_ ? cpu::nchw_to_nhwc : cpu::nhwc_to_nchw;
    return {[=, x = in(), y = out()](const Addresses& at) {
      change(n, c, hw, at.reals(x), at.reals(y));
    }};
  }

 private:
  bool to_channels_last_;
  bool is_change_;
  size_t element_bytes_;
};

}  // namespace

cpu::PoolShape pool_shape(const Op& op, const Shape& x, const Shape& y) {
  cpu::PoolShape s{.n = x[0],
                   .h = x[2],
                   .w = x[3],
                   .c = x[1],
                   .oh = y[2],
                   .ow = y[3],
                   .adaptive = op.attr<bool>("adaptive") || op.attr<bool>("global_pooling"),
                   .exclusive = op.attr<bool>("exclusive")};
  if (!s.adaptive) {
    const Window2d window =
        make_window(op.label(),
                    {.kernel = op.attr<Ints>("ksize"),
                     .strides = op.attr<Ints>("strides"),
                     .paddings = op.attr<Ints>("paddings"),
                     .dilations = {1, 1},
                     .padding_algorithm = op.attr<std::string>("padding_algorithm")},
                    x[2],
                    x[3]);
    s.kh = window.h.kernel;
    s.kw = window.w.kernel;
    s.stride_h = window.h.stride;
    s.stride_w = window.w.stride;
    s.pad_top = window.h.pad_before;
    s.pad_left = window.w.pad_before;
  }
  return s;
}

std::unique_ptr<Node> make_add_node(
    std::string label, const Graph& graph, ValueId a, ValueId b, ValueId y) {
  const cpu::CodeScale& first = graph[a].scale;
  const cpu::CodeScale& second = graph[b].scale;
  const cpu::CodeScale& sum = graph[y].scale;
  cpu::CodeAdd add{.a_type = first.type,
                   .b_type = second.type,
                   .ratio_a = first.step / sum.step,
                   .ratio_b = second.step / sum.step,
                   .lo = sum.lo,
                   .hi = sum.hi};
  const float zero_a = add.ratio_a * static_cast<float>(first.zero_point);
  const float zero_b = add.ratio_b * static_cast<float>(second.zero_point);
  add.offset = static_cast<float>(sum.zero_point) - (zero_a + zero_b);
  return std::make_unique<AddNode>(std::move(label), a, b, y, add);
}

std::unique_ptr<Node> make_pool_node(
    std::string label, const Graph& graph, const Op& op, ValueId x, ValueId y) {
  return std::make_unique<PoolNode>(std::move(label), graph, op, x, y);
}

std::unique_ptr<Node> make_concat_node(
    std::string label, const Graph& graph, std::vector<ValueId> xs, ValueId y, int axis) {
  return std::make_unique<ConcatNode>(std::move(label), graph, std::move(xs), y, axis);
}

std::unique_ptr<Node> make_layout_node(std::string label,
                                       const Graph& graph,
                                       ValueId x,
                                       ValueId y) {
  return std::make_unique<LayoutNode>(std::move(label), graph, x, y);
}

}  // namespace intact::integer
