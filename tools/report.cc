// intact report: everything about a run on one page.
#include <fmt/format.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "command.h"
#include "progress.h"
#include "report_data.h"
#include "report_page.h"

namespace intact::tools {
namespace {

struct ReportCommand {
  CommonOptions common;
  ReportSources sources;
  std::string out;
};

int report(ReportCommand command) {
  command.common.apply();
  if (command.out.empty()) {
    command.out = command.sources.run + "/report.html";
  }
  const nlohmann::ordered_json data = collect_report(command.sources);
  write_file(command.out, report_page(data));
  command.common.report(data);
  fmt::print("{}  {}\n", command.out, format_bytes(std::filesystem::file_size(command.out)));
  return kDone;
}

}  // namespace

void add_report_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<ReportCommand>();
  CLI::App* sub = app.add_subcommand(
      "report", "Write one page about a run: curves, layers, histograms, confusion, disagreements");
  sub->add_option("run", command->sources.run, "Directory that `intact train` or `quantize` saved")
      ->required();
  sub->add_option("--data",
                  command->sources.data,
                  "Directory of IDX files under MNIST's names; without it the page has no "
                  "activations, times and predictions");
  sub->add_option("--out", command->out, "FILE.html to write; RUN/report.html unless given");
  sub->add_option("--against",
                  command->sources.against,
                  "Saved run or model whose predictions are compared; unless given, the run's own "
                  "weights in float");
  sub->add_option("--certificate",
                  command->sources.certificate,
                  "certificate.json of `intact verify`; RUN/certificate.json if there is one")
      ->type_name("FILE");
  sub->add_option("--samples", command->sources.samples, "Test images to analyze activations on")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  sub->add_option("--limit", command->sources.limit, "Test images to classify; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_common_options(*sub, command->common);
  sub->callback([command, &action] { action = [command] { return report(*command); }; });
}

}  // namespace intact::tools
