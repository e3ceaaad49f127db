// intact inspect: what a run or model holds, what is quantized with which scale, and why an op is
// not.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/check.h"
#include "command.h"
#include "intact/interop/inference_model.h"
#include "intact/ir/text.h"
#include "intact/quant/report.h"
#include "intact/runtime/executor.h"
#include "intact/train/run_directory.h"
#include "progress.h"

namespace intact::tools {
namespace {

struct InspectCommand {
  CommonOptions common;
  std::string path;
  std::string program = "test";
  std::string why;
  bool print_text = false;
  bool print_plan = false;
  int64_t batch_size = 1;
};

struct Inspected {
  Program program;
  Scope scope;
  std::vector<std::string> fetches;
};

Inspected load(const InspectCommand& command) {
  if (!RunDirectory(command.path).exists()) {
    InferenceModel model = load_model(command.path);
    return {std::move(model.program), std::move(model.scope), model.fetches};
  }
  SavedRun run = RunDirectory(command.path).load();
  const auto it = run.programs.find(command.program);
  if (it == run.programs.end()) {
    std::vector<std::string> roles;
    for (const auto& [role, program] : run.programs) {
      roles.push_back(role);
    }
    fail(ErrorCode::NotFound,
         "{}: has no program '{}'; it has {}",
         command.path,
         command.program,
         roles);
  }
  return {std::move(it->second), std::move(run.scope), {run.info.loss}};
}

void print_parameters(const Inspected& inspected) {
  int64_t elements = 0;
  int64_t bytes = 0;
  fmt::print("\n{:44} {:8} {}\n", "parameter", "dtype", "shape");
  for (const Var* var : inspected.program.block().vars()) {
    const Tensor* tensor = inspected.scope.find(var->name());
    if (!var->is_persistable() || tensor == nullptr) {
      continue;
    }
    fmt::print(
        "{:44} {:8} {}\n", var->name(), to_string(tensor->dtype()), tensor->shape().to_string());
    elements += tensor->numel();
    bytes += static_cast<int64_t>(tensor->size_bytes());
  }
  fmt::print("{} elements, {}\n", elements, format_bytes(static_cast<uint64_t>(bytes)));
}

void print_op_counts(const Program& program) {
  std::map<std::string, int> counts;
  for (const Op* op : program.ops()) {
    ++counts[op->type()];
  }
  fmt::print("{} ops:", program.block().op_count());
  for (const auto& [type, count] : counts) {
    fmt::print(" {} {},", count, type);
  }
  fmt::print("\n\n");
}

void print_ops(const Program& program) {
  fmt::print("{:52} {}\n", "op", "output shape");
  for (const Op* op : program.ops()) {
    for (const SlotDef& slot : op->def().outputs) {
      if (op->has_output(slot.name)) {
        fmt::print("{:52} {}\n", op->label(), op->output(slot.name).shape().to_string());
        break;
      }
    }
  }
}

TensorMap zero_feeds(const Program& program, int64_t batch_size) {
  TensorMap feeds;
  for (const Var* var : program.block().vars()) {
    if (var->is_data()) {
      std::vector<int64_t> dims = var->shape().dims();
      std::replace(dims.begin(), dims.end(), int64_t{-1}, batch_size);
      feeds.emplace(var->name(), Tensor(var->dtype(), Shape(dims)));
    }
  }
  return feeds;
}

int inspect(const InspectCommand& command) {
  command.common.apply();
  Inspected inspected = load(command);
  const QuantReport report = inspect_quantization(inspected.program, inspected.scope);
  nlohmann::ordered_json json = {{"command", "inspect"}, {"path", command.path}};
  json["ops"] = inspected.program.block().op_count();
  json["quantization"] = nlohmann::ordered_json::parse(report.to_json());
  command.common.report(json);
  if (!command.why.empty()) {
    fmt::print("{}\n", report.why(command.why));
  } else if (command.print_text) {
    fmt::print("{}", to_text(inspected.program));
  } else if (command.print_plan) {
    Executor executor;
    fmt::print("{}",
               executor.describe(inspected.program,
                                 zero_feeds(inspected.program, command.batch_size),
                                 inspected.fetches,
                                 inspected.scope));
  } else {
    print_op_counts(inspected.program);
    print_ops(inspected.program);
    print_parameters(inspected);
    fmt::print("\n{}", report.to_text());
  }
  return kDone;
}

}  // namespace

void add_inspect_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<InspectCommand>();
  CLI::App* sub = app.add_subcommand(
      "inspect", "Show ops, shapes, parameters, scales, and why an op is not quantized");
  sub->add_option("path", command->path, "A saved run, FILE.onnx, or the prefix of a .pdmodel")
      ->required();
  sub->add_option(
         "--program", command->program, "Which program of a run: train, test or float_test")
      ->capture_default_str();
  sub->add_option("--why", command->why, "Explain one op: its label, type or output name");
  sub->add_flag("--text", command->print_text, "Print the program in its text form");
  sub->add_flag(
      "--plan", command->print_plan, "Print the compiled plan: kernels, layouts, fusions, memory");
  sub->add_option("--batch-size", command->batch_size, "Batch the plan is compiled for")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  add_common_options(*sub, command->common);
  sub->callback([command, &action] { action = [command] { return inspect(*command); }; });
}

}  // namespace intact::tools
