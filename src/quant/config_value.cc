#include <algorithm>
#include <charconv>

#include "intact/quant/quant_config.h"

namespace intact {
namespace {

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\"'");
  if (begin == std::string::npos) {
    return "";
  }
  return text.substr(begin, text.find_last_not_of(" \t\"'") - begin + 1);
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> items;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    if (std::string item = trimmed(text.substr(begin, end - begin)); !item.empty()) {
      items.push_back(std::move(item));
    }
    begin = end + 1;
  }
  return items;
}

template <class T>
bool parse_all(const std::string& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

ConfigValue config_value_from_text(const std::string& text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    return split_list(text.substr(1, text.size() - 2));
  }
  if (text.find(',') != std::string::npos) {
    return split_list(text);
  }
  const std::string word = trimmed(text);
  if (word == "true" || word == "false") {
    return word == "true";
  }
  int64_t integer = 0;
  if (parse_all(word, integer)) {
    return integer;
  }
  double number = 0;
  if (parse_all(word, number)) {
    return number;
  }
  return word;
}

}  // namespace intact
