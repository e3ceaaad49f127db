#include "config_file.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "base/atomic_file.h"
#include "base/check.h"
#include "base/nearest.h"

namespace intact::tools {
namespace {

std::string with_dashes(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

/// The file named by --config, and the arguments without it.
std::optional<std::string> take_config(std::vector<std::string>& arguments) {
  static const std::string kFlag = "--config";
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto at = arguments.begin() + static_cast<std::ptrdiff_t>(i);
    if (arguments[i] == kFlag) {
      check(i + 1 < arguments.size(), "--config: no file follows; give a TOML file");
      std::string path = arguments[i + 1];
      arguments.erase(at, at + 2);
      return path;
    }
    if (arguments[i].starts_with(kFlag + "=")) {
      std::string path = arguments[i].substr(kFlag.size() + 1);
      arguments.erase(at);
      return path;
    }
  }
  return std::nullopt;
}

const CLI::App& chosen_command(const std::vector<std::string>& arguments, const CLI::App& app) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (std::find(arguments.begin(), arguments.end(), command->get_name()) != arguments.end()) {
      return *command;
    }
  }
  return app;
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (name != "help" && name != "config") {
        names.push_back(name);
      }
    }
  }
  return names;
}

bool is_given(const std::vector<std::string>& arguments, const std::string& flag) {
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
    return argument == flag || argument.starts_with(flag + "=");
  });
}

}  // namespace

std::vector<std::string> expand_config_file(const std::vector<std::string>& arguments,
                                            const CLI::App& app) {
  std::vector<std::string> result = arguments;
  const std::optional<std::string> path = take_config(result);
  if (!path) {
    return result;
  }
  std::vector<CLI::ConfigItem> items;
  try {
    std::istringstream text(read_file(*path));
    items = CLI::ConfigTOML().from_config(text);
  } catch (const CLI::Error& error) {
    fail(ErrorCode::Format, "{}: {}; write `name = value` lines", *path, error.what());
  }
  const CLI::App& command = chosen_command(result, app);
  const std::vector<std::string> names = option_names(command);
  for (const CLI::ConfigItem& item : items) {
    if (item.name == "++" || item.name == "--") {
      continue;  // CLI11's marks for the begin and end of a section
    }
    const bool is_other_section =
        !item.parents.empty() && item.parents.front() != command.get_name();
    if (is_other_section) {
      const auto all = app.get_subcommands([](const CLI::App*) { return true; });
      const bool is_known = std::any_of(all.begin(), all.end(), [&](const CLI::App* other) {
        return other->get_name() == item.parents.front();
      });
      check(is_known,
            "{}: section [{}] is no command; use [{}]",
            *path,
            item.parents.front(),
            command.get_name());
      continue;
    }
    const std::string name = with_dashes(item.name);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const std::string near = nearest(name, names);
      fail(ErrorCode::InvalidArgument,
           "{}: unknown key '{}'{}; valid keys of `intact {}` are {}",
           *path,
           item.name,
           near.empty() ? "" : fmt::format(", the nearest is '{}'", near),
           command.get_name(),
           fmt::join(names, ", "));
    }
    if (!is_given(result, "--" + name)) {
      result.push_back(fmt::format("--{}={}", name, fmt::join(item.inputs, ",")));
    }
  }
  return result;
}

}  // namespace intact::tools
