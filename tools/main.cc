#include <fmt/format.h>

#include <csignal>

#include "command.h"
#include "config_file.h"
#include "intact/base/error.h"

namespace intact::tools {
namespace {

void add_commands(CLI::App& app, Action& action) {
  add_train_command(app, action);
  add_quantize_command(app, action);
  add_ptq_command(app, action);
  add_eval_command(app, action);
  add_convert_command(app, action);
  add_run_command(app, action);
  add_verify_command(app, action);
  add_compare_command(app, action);
  add_report_command(app, action);
  add_inspect_command(app, action);
  add_bench_command(app, action);
  add_list_commands(app, action);
}

int run(int argc, char** argv) {
  CLI::App app("Trains, quantizes and converts int8 networks, accuracy intact", "intact");
  app.require_subcommand(1);
  app.set_version_flag("--version", INTACT_VERSION);
  Action action;
  add_commands(app, action);
  try {
    std::vector<std::string> arguments = expand_config_file({argv + 1, argv + argc}, app);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      return app.exit(error);  // --help, --version
    }
    fmt::print(stderr, "intact: {}; see `intact --help`\n", error.what());
    return kBadInput;
  }
  return action();
}

}  // namespace
}  // namespace intact::tools

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a full disk is an error we report
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return intact::tools::run(argc, argv);
  } catch (const intact::Error& error) {
    fmt::print(stderr, "intact: {}\n", error.what());
    return intact::tools::kBadInput;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "intact: out of memory; use a smaller batch or model\n");
    return intact::tools::kBadInput;
  } catch (const std::exception& error) {
    fmt::print(stderr, "intact: {}\n", error.what());
    return intact::tools::kBadInput;
  }
}
