#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace intact::tools {

/// Replaces `--config FILE` in `arguments` by the file's options, where the command line does not
/// give them. A key may stand at the top or in a section named as the subcommand; `_` and `-` are
/// the same. Throws: Error(NotFound, Format), InvalidArgument for an unknown key, naming the
/// nearest and all valid ones.
std::vector<std::string> expand_config_file(const std::vector<std::string>& arguments,
                                            const CLI::App& app);

}  // namespace intact::tools
