#include "base/default_thread_count.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace intact {

int default_thread_count(const char* setting, unsigned cores) {
  const std::string_view text = setting == nullptr ? "" : setting;
  int count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count >= 1 && count <= 1024 ? count : static_cast<int>(std::clamp(cores, 1u, 1024u));
}

}  // namespace intact
