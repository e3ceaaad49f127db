#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "intact/interop/inference_model.h"
#include "intact/ir/program.h"
#include "intact/ir/scope.h"

namespace intact {

struct WriteOptions {
  /// major * 1,000,000 + minor * 1,000 + patch of the Paddle release whose op set the file follows.
  int64_t version = 2006002;
};

/// The Program as a serialized ProgramDesc (a .pdmodel file). Every attribute is written, defaults
/// too, since readers' graph passes misread files without them; op_callstack is not.
std::string write_program(const Program& program, const WriteOptions& options = {});

/// Reads a ProgramDesc. Attributes an op's definition does not know are kept; shapes of what ops
/// write are inferred anew. `where` (a path) starts the messages.
/// Throws: Format (damaged, with the byte offset), Unsupported (op, attribute or variable types
/// this build lacks, by name).
Program read_program(std::string_view bytes, const std::string& where);

/// Persistable tensors of the Program in byte order of their names: what a .pdiparams file holds.
std::vector<std::string> param_names(const Program& program);

/// The tensors of a .pdiparams file. Throws: NotFound when the Scope lacks one.
std::string write_params(const std::vector<std::string>& names, const Scope& scope);

/// Puts the tensors of a .pdiparams file into `scope`, which is unchanged on error. The dtype and
/// shape of a tensor are those of its record, whatever the Program says.
/// Throws: Format (with the byte offset), Unsupported.
void read_params(std::string_view bytes,
                 const Program& program,
                 Scope& scope,
                 const std::string& where);

/// Writes prefix.pdiparams, then prefix.pdmodel, each atomically: the ops that `fetches` need from
/// `feeds`, in test mode, with feed and fetch ops around them. Program and Scope stay as they are.
/// Throws: NotFound (name, parameter), InvalidArgument (a fetch needs a data Var that is not fed,
/// a feed is not used, a parameter has another shape), Io.
void save_inference_model(const std::string& prefix,
                          const std::vector<std::string>& feeds,
                          const std::vector<std::string>& fetches,
                          const Program& program,
                          const Scope& scope);

/// path: the prefix, the .pdmodel file, or an old-style directory with __model__ and __params__ or
/// one file per parameter. The Program comes without feed and fetch ops; dtypes and shapes of
/// parameters are those of the stored tensors.
/// Throws: NotFound, Io, Format (path and byte offset), Unsupported.
InferenceModel load_inference_model(const std::string& path);

}  // namespace intact
