#include "command.h"

#include <algorithm>
#include <thread>

#include "base/atomic_file.h"
#include "intact/base/threads.h"

namespace intact::tools {

void CommonOptions::apply() const {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  set_thread_count(threads > 0 ? threads : cores);
}

void CommonOptions::report(const nlohmann::ordered_json& result) const {
  if (!json.empty()) {
    write_file(json, result.dump(2) + "\n");
  }
}

void add_common_options(CLI::App& command, CommonOptions& options) {
  command
      .add_option(
          "--threads", options.threads, "Threads; 0 means all cores. Results do not depend on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Seed of everything random")->capture_default_str();
  command.add_option("--json", options.json, "Also write the result to this JSON file")
      ->type_name("FILE");
  command
      .add_option("--config",
                  options.config,
                  "TOML file with any of these options as `name = value`; the command line wins")
      ->type_name("FILE");
}

}  // namespace intact::tools
