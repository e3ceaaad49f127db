#pragma once

#include <string>
#include <vector>

namespace intact::tools {

/// Runs a program with its standard output caught; standard error goes to ours. Throws: Io when it
/// cannot be started or ends with another code than 0, naming it.
std::string run_process(const std::vector<std::string>& arguments);

/// The folder of scripts/clients: beside the sources this command was built from, or installed as
/// share/intact/clients. Throws: NotFound.
std::string client_scripts();

}  // namespace intact::tools
