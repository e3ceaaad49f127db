// Products of codes, by a table of all of them.
#include "backend/cpu/parts.h"
#include "runtime/integer/nodes.h"
#include "runtime/integer/reference.h"

namespace intact::integer {
namespace {

class MulNode final : public Node {
 public:
  MulNode(std::string label, ValueId a, ValueId b, ValueId y, std::vector<uint8_t> table)
      : Node(std::move(label), {a, b}, {y}), table_(std::move(table)) {}

  std::string kernel() const override { return "table"; }

  Step prepare(const std::vector<Shape>& shapes, Mode) const override {
    const Shape& x = shape(shapes, in(0));
    const bool is_per_channel = x != shape(shapes, in(1));
    // Rows of x that one row of factors multiplies: pixels, channels last, or all of it.
    const int64_t columns = is_per_channel ? x[1] : x.numel();
    const int64_t rows = columns == 0 ? 0 : x.numel() / columns;
    const int64_t rows_a_factor = is_per_channel ? x.numel(2, 4) : 1;
    return {[=, this, a = in(0), b = in(1), y = out()](const Addresses& at) {
      cpu::for_row_parts(rows, columns, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const uint8_t* factors = at.codes(b) + row / rows_a_factor * columns;
          multiply(columns, at.codes(a) + row * columns, factors, at.codes(y) + row * columns);
        }
      });
    }};
  }

 private:
  void multiply(int64_t n, const uint8_t* a, const uint8_t* b, uint8_t* y) const {
    for (int64_t i = 0; i < n; ++i) {
      y[i] = table_[static_cast<size_t>(a[i]) << 8 | b[i]];
    }
  }

  std::vector<uint8_t> table_;
};

}  // namespace

std::unique_ptr<Node> make_mul_node(
    std::string label, const Graph& graph, ValueId a, ValueId b, ValueId y) {
  return std::make_unique<MulNode>(
      std::move(label), a, b, y, product_table(graph[a].scale, graph[b].scale, graph[y].scale));
}

}  // namespace intact::integer
