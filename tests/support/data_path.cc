#include "support/data_path.h"

namespace intact {

std::string data_path(const std::string& name) {
  return std::string(INTACT_TEST_DATA) + "/" + name;
}

}  // namespace intact
