#pragma once

#include <framework.pb.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "intact/ir/program.h"
#include "intact/tensor/tensor.h"

namespace intact::paddle {

namespace proto = intact::paddle_proto;

/// Name of the argument that stands for "no Var here".
inline constexpr std::string_view kEmptyVar = "@EMPTY@";

/// A decoded ProgramDesc with the bytes it came from, which messages point into.
struct ProgramFile {
  proto::ProgramDesc desc;
  std::string_view bytes;
  std::string where;
};

/// Throws: Format.
ProgramFile decode_program(std::string_view bytes, const std::string& where);

/// Names of the persistable tensors of all blocks, in byte order.
std::vector<std::string> param_names(const ProgramFile& file);

/// stored: tensors of the parameter file; their dtypes and shapes replace what the file says.
Program build_program(const ProgramFile& file, const TensorMap& stored);

}  // namespace intact::paddle
