// intact compare: two models on the same test images: which is right where, and is the difference
// more than chance.
#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/check.h"
#include "certificate.h"
#include "command.h"
#include "comparison.h"
#include "dataset.h"
#include "model_runner.h"

namespace intact::tools {
namespace {

struct CompareCommand {
  CommonOptions common;
  std::string a;
  std::string b;
  std::string data;
  std::string html;
  int64_t limit = 0;
  int64_t batch_size = 64;
};

Comparison compare_models(const CompareCommand& command) {
  ModelRunner a(deployed(load_run_or_model(command.a)));
  ModelRunner b(deployed(load_run_or_model(command.b)));
  for (const auto& [path, runner] : {std::pair{&command.a, &a}, std::pair{&command.b, &b}}) {
    check(runner->model().feeds.size() == 1,
          "{}: is fed {}, but compare needs one image",
          *path,
          runner->model().feeds);
  }
  const ImageData images = open_images({.directory = command.data,
                                        .mode = Mode::Test,
                                        .limit = command.limit,
                                        .batch_size = command.batch_size});
  Comparison comparison;
  for (const TensorMap& batch : *images.loader) {
    const Tensor& pixels = batch.at("image");
    comparison.add(batch, predict(a, pixels), predict(b, pixels), !command.html.empty());
  }
  return comparison;
}

std::string to_html(const CompareCommand& command, const Comparison& comparison) {
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Comparison</title>"
      "<style>body{{font:15px sans-serif;max-width:70em;margin:2em auto;padding:0 1em}}"
      "table{{border-collapse:collapse}}td,th{{border:1px solid #bbb;padding:.3em .6em}}"
      "figure{{display:inline-block;margin:.4em;text-align:center;font-size:12px}}"
      "img{{width:84px;height:84px;image-rendering:pixelated}}</style></head><body>\n"
      "<h1>A = {}, B = {}</h1>\n<table><tr><th></th><th>B right</th><th>B wrong</th></tr>"
      "<tr><th>A right</th><td>{}</td><td>{}</td></tr><tr><th>A wrong</th><td>{}</td><td>{}</td>"
      "</tr></table>\n<p>{} images; McNemar's exact p = {:.4g}; {} labels differ{}.</p>\n",
      escape_html(command.a),
      escape_html(command.b),
      comparison.both,
      comparison.only_a,
      comparison.only_b,
      comparison.neither,
      comparison.images,
      comparison.p(),
      comparison.disagreements.size(),
      comparison.disagreements.size() > Comparison::kMaxPictures
          ? fmt::format(", the first {} are shown", Comparison::kMaxPictures)
          : "");
  for (const Disagreement& found : comparison.disagreements) {
    if (!found.picture.empty()) {
      text += fmt::format(
          "<figure><img src=\"{}\" alt=\"image {}\"><figcaption>image {}: {}<br>A {}, B {}"
          "</figcaption></figure>\n",
          found.picture,
          found.image,
          found.image,
          found.label,
          found.a,
          found.b);
    }
  }
  return text + "</body></html>\n";
}

int compare(const CompareCommand& command) {
  command.common.apply();
  const Comparison comparison = compare_models(command);
  nlohmann::ordered_json report = {{"command", "compare"}, {"a", command.a}, {"b", command.b}};
  report.update(to_json(comparison));
  command.common.report(report);
  fmt::print("A {}  top-1 {}/{}\nB {}  top-1 {}/{}\n",
             command.a,
             comparison.both + comparison.only_a,
             comparison.images,
             command.b,
             comparison.both + comparison.only_b,
             comparison.images);
  fmt::print("{:>10} {:>10} {:>10}\n", "", "B right", "B wrong");
  fmt::print("{:>10} {:>10} {:>10}\n", "A right", comparison.both, comparison.only_a);
  fmt::print("{:>10} {:>10} {:>10}\n", "A wrong", comparison.only_b, comparison.neither);
  fmt::print("McNemar's exact p = {:.4g}; {} labels differ\n",
             comparison.p(),
             comparison.disagreements.size());
  if (!command.html.empty()) {
    write_file(command.html, to_html(command, comparison));
    fmt::print("{}\n", command.html);
  }
  return kDone;
}

}  // namespace

void add_compare_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<CompareCommand>();
  CLI::App* sub = app.add_subcommand(
      "compare", "Compare two models image by image: paired table, exact p-value, pictures");
  sub->add_option("a", command->a, "A saved run, FILE.onnx, or the prefix of a .pdmodel")
      ->required();
  sub->add_option("b", command->b, "The other one")->required();
  sub->add_option(
         "--data", command->data, "Directory of IDX files under MNIST's names, raw or gzipped")
      ->required();
  sub->add_option("--html", command->html, "FILE.html with a grid of the images they differ on");
  sub->add_option("--limit", command->limit, "Only the first so many test images; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub->add_option("--batch-size", command->batch_size, "Images a step")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  add_common_options(*sub, command->common);
  sub->callback([command, &action] { action = [command] { return compare(*command); }; });
}

}  // namespace intact::tools
