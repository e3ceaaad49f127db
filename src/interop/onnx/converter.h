#pragma once

#include <map>
#include <string>
#include <vector>

#include "interop/onnx/graph_reader.h"
#include "interop/onnx/graph_writer.h"

namespace intact {

/// How one ONNX op and the ops of ours that stand for it turn into each other. Written once, in
/// src/interop/onnx/ops/<foreign op or family>.cc; pure renames are data in the ops' own files
/// (OpDef::onnx).
struct OnnxConverter {
  std::vector<std::string> ours = {};  // op types that `write` takes
  void (*write)(OnnxWriter&, const Op&) = nullptr;
  std::vector<std::string> theirs = {};  // op types that `read` takes
  void (*read)(OnnxReader&, const OnnxNode&) = nullptr;
};

class OnnxConverters {
 public:
  /// Throws: Internal when a type is taken already.
  void add(const OnnxConverter& converter);
  /// nullptr when there is none.
  decltype(OnnxConverter::write) writer(const std::string& type) const;
  decltype(OnnxConverter::read) reader(const std::string& type) const;
  std::vector<std::string> foreign_types() const;  // sorted

 private:
  std::map<std::string, decltype(OnnxConverter::write)> writers_;
  std::map<std::string, decltype(OnnxConverter::read)> readers_;
};

/// Filled on first use by register_onnx_converters, which the build writes.
const OnnxConverters& onnx_converters();

}  // namespace intact
