#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace intact::tools {

/// Exit codes: 0 done, 1 done but not equal (verify --strict), 2 bad input (one line on standard
/// error), 130 interrupted by Ctrl-C.
inline constexpr int kDone = 0;
inline constexpr int kDiffers = 1;
inline constexpr int kBadInput = 2;
inline constexpr int kInterrupted = 130;

/// What the command line chose to do.
using Action = std::function<int()>;

/// Options of every subcommand.
struct CommonOptions {
  int threads = 0;  // 0: all cores
  uint64_t seed = 0;
  std::string json;
  std::string config;  // read by main, before parsing

  void apply() const;
  /// Writes `result` to the --json file, if one was asked for.
  void report(const nlohmann::ordered_json& result) const;
};

void add_common_options(CLI::App& command, CommonOptions& options);

/// One per subcommand, each in its own file. Adds the subcommand; when it is chosen `action`
/// becomes its work.
void add_train_command(CLI::App& app, Action& action);
void add_quantize_command(CLI::App& app, Action& action);
void add_ptq_command(CLI::App& app, Action& action);
void add_eval_command(CLI::App& app, Action& action);
void add_convert_command(CLI::App& app, Action& action);
void add_run_command(CLI::App& app, Action& action);
void add_verify_command(CLI::App& app, Action& action);
void add_compare_command(CLI::App& app, Action& action);
void add_report_command(CLI::App& app, Action& action);
void add_inspect_command(CLI::App& app, Action& action);
void add_bench_command(CLI::App& app, Action& action);
void add_list_commands(CLI::App& app, Action& action);

}  // namespace intact::tools
