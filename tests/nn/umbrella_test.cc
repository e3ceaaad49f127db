#include <gtest/gtest.h>

#include <filesystem>

#include "base/atomic_file.h"

namespace intact {
namespace {

TEST(Umbrella, IncludesEveryPublicHeader) {
  namespace fs = std::filesystem;
  const fs::path include = fs::path(INTACT_SOURCE_DIR) / "include";
  // The C interface of libintact_runtime is no part of libintact.
  const std::string c_interface = "intact/runtime/intact_runtime.h";
  const std::string umbrella = read_file((include / "intact/intact.h").string());
  for (const auto& entry : fs::recursive_directory_iterator(include)) {
    const std::string name = fs::relative(entry.path(), include).generic_string();
    if (entry.is_regular_file() && name != "intact/intact.h" && name != c_interface) {
      EXPECT_NE(umbrella.find("#include \"" + name + "\""), std::string::npos)
          << "add " << name << " to intact/intact.h";
    }
  }
}

}  // namespace
}  // namespace intact
