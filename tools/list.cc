// intact list-ops, list-passes, list-models, list-fusions, list-quant-keys: what this build has,
// one name a line.
#include <fmt/format.h>

#include "command.h"
#include "intact/ir/op_registry.h"
#include "intact/nn/models/registry.h"
#include "intact/passes/deployment_form.h"
#include "intact/quant/convert.h"
#include "intact/quant/quant_aware.h"
#include "intact/quant/quant_embedding.h"
#include "intact/quant/quant_post.h"
#include "intact/quant/quant_post_dynamic.h"
#include "intact/runtime/executor.h"

namespace intact::tools {
namespace {

void print_ops() {
  for (const std::string& type : op_registry().types()) {
    fmt::print("{}\n", type);
  }
}

void print_group(const char* title, const std::vector<std::string>& names) {
  fmt::print("{}\n", title);
  for (const std::string& name : names) {
    fmt::print("  {}\n", name);
  }
}

void print_passes() {
  print_group("quant_aware", quant_aware_passes());
  print_group("convert, V1 (fake_* ops)", convert_passes(/*onnx_format=*/false));
  print_group("convert --exact, V1", convert_passes(/*onnx_format=*/false, /*exact=*/true));
  print_group("convert, V2 (quantize_linear)", convert_passes(/*onnx_format=*/true));
  print_group("convert --exact, V2", convert_passes(/*onnx_format=*/true, /*exact=*/true));
  print_group("quant_post_static with optimize_model, before quant_aware", optimize_model_passes());
  print_group("quant_post_dynamic", quant_post_dynamic_passes());
  print_group("quant_embedding", quant_embedding_passes());
  print_group("deployment form (ONNX, integer runtime)", deployment_passes());
}

void print_lines(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    fmt::print("{}\n", name);
  }
}

void print_quant_keys() {
  for (const QuantConfigKey& key : quant_config_keys()) {
    fmt::print("{:26} {:16} {:24} {}\n", key.name, key.type, key.default_value, key.help);
  }
}

void add(CLI::App& app, Action& action, const char* name, const char* help, void (*print)()) {
  app.add_subcommand(name, help)->callback([&action, print] {
    action = [print] {
      print();
      return kDone;
    };
  });
}

}  // namespace

void add_list_commands(CLI::App& app, Action& action) {
  add(app, action, "list-ops", "Print the op types this build knows", print_ops);
  add(app,
      action,
      "list-passes",
      "Print the passes of quant_aware, convert and deployment, in order",
      print_passes);
  add(app, action, "list-fusions", "Print the fusions of a Plan, in order", [] {
    print_lines(plan_fusions());
  });
  add(app, action, "list-models", "Print the names --model takes", [] {
    print_lines(nn::model_names());
  });
  add(app,
      action,
      "list-quant-keys",
      "Print the keys of a quantization config: name, type, default, effect",
      print_quant_keys);
}

}  // namespace intact::tools
