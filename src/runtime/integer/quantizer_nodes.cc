// Quantize, dequantize and requantize.
#include <array>

#include "runtime/integer/nodes.h"
#include "runtime/integer/reference.h"

namespace intact::integer {
namespace {

class QuantizeNode final : public Node {
 public:
  QuantizeNode(std::string label, ValueId x, ValueId y, const cpu::CodeScale& scale)
      : Node(std::move(label), {x}, {y}), scale_(scale) {}

  std::string kernel() const override { return "quantize"; }

  Step prepare(const std::vector<Shape>& shapes, Mode mode) const override {
    const auto run = mode == Mode::Fast ? cpu::quantize_codes : reference_quantize;
    return {[=, n = shape(shapes, in()).numel(), x = in(), y = out(), scale = scale_](
                const Addresses& at) { run(n, at.reals(x), scale, at.codes(y)); }};
  }

 private:
  cpu::CodeScale scale_;
};

class DequantizeNode final : public Node {
 public:
  DequantizeNode(std::string label, ValueId x, ValueId y, const cpu::CodeScale& scale)
      : Node(std::move(label), {x}, {y}), scale_(scale) {}

  std::string kernel() const override { return "dequantize"; }

  Step prepare(const std::vector<Shape>& shapes, Mode mode) const override {
    const auto run = mode == Mode::Fast ? cpu::dequantize_codes : reference_dequantize;
    return {[=, n = shape(shapes, in()).numel(), x = in(), y = out(), scale = scale_](
                const Addresses& at) { run(n, at.codes(x), scale, at.reals(y)); }};
  }

 private:
  cpu::CodeScale scale_;
};

class RequantizeNode final : public Node {
 public:
  RequantizeNode(
      std::string label, ValueId x, ValueId y, const cpu::CodeScale& from, const cpu::CodeScale& to)
      : Node(std::move(label), {x}, {y}), table_(requantize_table(from, to)) {}

  std::string kernel() const override { return "table"; }

  Step prepare(const std::vector<Shape>& shapes, Mode mode) const override {
    const int64_t n = shape(shapes, in()).numel();
    return {[=, table = table_, x = in(), y = out()](const Addresses& at) {
      if (mode == Mode::Fast) {
        return cpu::look_up_codes(n, at.codes(x), table.data(), at.codes(y));
      }
      for (int64_t i = 0; i < n; ++i) {
        at.codes(y)[i] = table[at.codes(x)[i]];
      }
    }};
  }

 private:
  CodeTable table_;
};

}  // namespace

CodeTable requantize_table(const cpu::CodeScale& from, const cpu::CodeScale& to) {
  CodeTable codes;
  for (size_t i = 0; i < codes.size(); ++i) {
    codes[i] = static_cast<uint8_t>(i);
  }
  std::array<float, 256> reals;
  CodeTable table;
  reference_dequantize(256, codes.data(), from, reals.data());
  reference_quantize(256, reals.data(), to, table.data());
  return table;
}

std::unique_ptr<Node> make_quantize_node(std::string label,
                                         const Graph& graph,
                                         ValueId x,
                                         ValueId y) {
  return std::make_unique<QuantizeNode>(std::move(label), x, y, graph[y].scale);
}

std::unique_ptr<Node> make_dequantize_node(std::string label,
                                           const Graph& graph,
                                           ValueId x,
                                           ValueId y) {
  return std::make_unique<DequantizeNode>(std::move(label), x, y, graph[x].scale);
}

std::unique_ptr<Node> make_requantize_node(std::string label,
                                           const Graph& graph,
                                           ValueId x,
                                           ValueId y) {
  return std::make_unique<RequantizeNode>(std::move(label), x, y, graph[x].scale, graph[y].scale);
}

}  // namespace intact::integer
