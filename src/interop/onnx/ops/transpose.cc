// Transpose, whose default reverses the dimensions. Written by OpDef::onnx.
#include <numeric>

#include "interop/onnx/converter.h"

namespace intact {
namespace {

void read(OnnxReader& reader, const OnnxNode& node) {
  node.expect(1, 1, {"perm"});
  Var& input = reader.input(node, 0);
  Ints reversed(static_cast<size_t>(input.shape().rank()));
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  reader.append({.type = "transpose2",
                 .inputs = {{"X", {&input}}},
                 .outputs = {{"Out", {&reader.output(node)}}},
                 .attrs = {{"axis", node.ints("perm", reversed)}}});
}

}  // namespace

void register_transpose(OnnxConverters& converters) {
  converters.add({.theirs = {"Transpose"}, .read = read});
}

}  // namespace intact
