#pragma once

#include <string>

namespace intact {

/// Path of a file below tests/data_files.
std::string data_path(const std::string& name);

}  // namespace intact
