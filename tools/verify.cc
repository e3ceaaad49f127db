// intact verify: runs a model in other people's runtimes and writes a certificate of what differs.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "base/atomic_file.h"
#include "base/check.h"
#include "base/sha256.h"
#include "certificate.h"
#include "command.h"
#include "dataset.h"
#include "intact/data/npy.h"
#include "intact/interop/onnx.h"
#include "model_runner.h"
#include "process.h"

namespace intact::tools {
namespace {

namespace fs = std::filesystem;

struct VerifyCommand {
  CommonOptions common;
  std::string model;
  std::string data;
  std::vector<std::string> clients = {"onnxruntime"};
  std::string out = ".";
  int64_t limit = 0;
  int64_t batch_size = 250;
  std::string emulated_cpu;
  bool is_strict = false;
};

/// A folder of its own that goes with this object.
class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(fs::temp_directory_path() / fmt::format("intact-verify-{}", ::getpid())) {
    fs::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

/// What we compute of a batch.
struct Batch {
  std::vector<Tensor> outputs;
  TensorMap codes;
  std::vector<int64_t> predicted;
  std::vector<int64_t> labels;
};

/// paddle3 is another version of paddle, run by the same script.
std::string script_of(const std::string& client) {
  return client == "paddle3" ? "paddle" : client;
}

const char* const kEmulator = "qemu-x86_64";
/// What qemu cannot emulate of many CPUs, and would warn of once a thread.
const char* const kNotEmulated = ",-pcid,-x2apic,-tsc-deadline,-hle,-invpcid,-rtm";

/// What runs a program as on that CPU; empty for this machine's own.
std::vector<std::string> emulator(const std::string& cpu) {
  return cpu.empty() ? std::vector<std::string>{}
                     : std::vector<std::string>{kEmulator, "-cpu", cpu + kNotEmulated};
}

void check_emulator(const std::string& cpu) {
  std::vector<std::string> arguments = emulator(cpu);
  arguments.emplace_back("/bin/true");
  try {
    run_process(arguments);
  } catch (const Error& error) {
    fail(ErrorCode::InvalidArgument,
         "--emulate-cpu: '{}' does not run ({}); install Debian's qemu-user, and see `{} -cpu "
         "help` for the CPUs it has",
         cpu,
         error.what(),
         kEmulator);
  }
}

/// One client with one setting, over all batches.
class ClientRun {
 public:
  ClientRun(const std::string& client,
            bool optimizations,
            const InferenceModel& model,
            bool exposes_codes,
            std::vector<std::string> emulator)
      : quantized_(exposes_codes ? quantized_tensors(model.program) : std::vector<std::string>{}),
        emulator_(std::move(emulator)) {
    result_.client = client;
    result_.optimizations = optimizations;
    for (const std::string& name : model.fetches) {
      result_.outputs.push_back({.name = name});
    }
    for (const std::string& name : quantized_) {
      result_.tensors.push_back({.name = name});
    }
    python_ = run_process({client_scripts() + "/python.sh", client});
    python_.erase(python_.find_last_not_of('\n') + 1);
  }

  /// A client that fails is asked no more; the certificate says so.
  void run(const std::string& model, const TemporaryFolder& folder, const Batch& batch) {
    if (!result_.failure.empty()) {
      return;
    }
    try {
      run_batch(model, folder, batch);
    } catch (const Error& error) {
      result_.failure = error.what();
    }
  }

  const ClientResult& result() const { return result_; }

 private:
  void run_batch(const std::string& model, const TemporaryFolder& folder, const Batch& batch) {
    std::vector<std::string> arguments = emulator_;
    const std::string script =
        fmt::format("{}/{}_client.py", client_scripts(), script_of(result_.client));
    arguments.insert(arguments.end(),
                     {python_,
                      script,
                      "--model",
                      model,
                      "--input",
                      folder.file("x.npy"),
                      "--out",
                      folder.file(""),
                      "--optimizations",
                      result_.optimizations ? "on" : "off"});
    if (!quantized_.empty()) {
      arguments.insert(arguments.end(), {"--exposed", folder.file("exposed.onnx")});
    }
    run_process(arguments);
    const auto json = nlohmann::ordered_json::parse(read_file(folder.file("client.json")));
    result_.version = json.at("version");
    result_.ops = json.at("ops");
    result_.float_ops = json.at("float_ops");
    compare(folder, batch);
  }

  void compare(const TemporaryFolder& folder, const Batch& batch) {
    for (size_t i = 0; i < batch.outputs.size(); ++i) {
      const Tensor theirs = load_npy(folder.file(fmt::format("untouched_{}.npy", i)));
      compare_outputs(batch.outputs[i], theirs, result_.outputs[i]);
      if (i == 0) {
        count_labels(predicted_labels(theirs), batch);
      }
    }
    for (size_t i = 0; i < quantized_.size(); ++i) {
      const size_t index = batch.outputs.size() + i;
      compare_codes(batch.codes.at(quantized_[i]),
                    load_npy(folder.file(fmt::format("exposed_{}.npy", index))),
                    result_.tensors[i]);
    }
  }

  void count_labels(const std::vector<int64_t>& theirs, const Batch& batch) {
    for (size_t i = 0; i < theirs.size(); ++i) {
      result_.label_flips += theirs[i] != batch.predicted[i] ? 1 : 0;
      result_.correct += theirs[i] == batch.labels[i] ? 1 : 0;
    }
  }

  std::vector<std::string> quantized_;
  std::vector<std::string> emulator_;
  std::string python_;
  ClientResult result_;
};

std::map<std::string, std::string> data_digests(const std::string& directory) {
  std::map<std::string, std::string> digests;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (entry.is_regular_file() && entry.path().filename().string().starts_with("t10k")) {
      digests[entry.path().filename().string()] = sha256(read_file(entry.path().string()));
    }
  }
  return digests;
}

void check_clients(const VerifyCommand& command, bool is_onnx) {
  const std::set<std::string> onnx = {"onnxruntime", "openvino"};
  const std::set<std::string> paddle = {"paddle", "paddle3", "paddlelite"};
  for (const std::string& client : command.clients) {
    check(onnx.contains(client) || paddle.contains(client),
          "--client: '{}' is unknown; there are {} and {}",
          client,
          fmt::join(onnx, ", "),
          fmt::join(paddle, ", "));
    check(onnx.contains(client) == is_onnx,
          "--client: {} does not load {}; convert with --format {}",
          client,
          command.model,
          is_onnx ? "paddle" : "onnx");
  }
}

std::vector<ClientRun> start_clients(const VerifyCommand& command,
                                     const InferenceModel& model,
                                     bool is_onnx) {
  std::vector<ClientRun> runs;
  for (const std::string& client : command.clients) {
    for (const bool optimizations : {true, false}) {
      if (client == "paddlelite" && !optimizations) {
        continue;  // it has no such switch
      }
      runs.emplace_back(client, optimizations, model, is_onnx, emulator(command.emulated_cpu));
    }
  }
  return runs;
}

Batch run_ours(ModelRunner& runner, const TensorMap& fed) {
  Batch batch;
  batch.outputs = runner.run({{runner.model().feeds[0], fed.at("image")}});
  batch.codes = runner.codes();
  batch.predicted = predicted_labels(batch.outputs[0]);
  const auto labels = fed.at("label").values<int64_t>();
  batch.labels.assign(labels.begin(), labels.end());
  return batch;
}

std::string model_file(const std::string& path, bool is_onnx) {
  return is_onnx || path.ends_with(".pdmodel") ? path : path + ".pdmodel";
}

Certificate make_certificate(const VerifyCommand& command) {
  const bool is_onnx = command.model.ends_with(".onnx");
  check_clients(command, is_onnx);
  if (!command.emulated_cpu.empty()) {
    check_emulator(command.emulated_cpu);
  }
  ModelRunner runner(load_model(command.model), {.keep_codes = is_onnx});
  const InferenceModel& model = runner.model();
  check(model.feeds.size() == 1,
        "{}: is fed {}, but verify needs one image",
        command.model,
        model.feeds);
  const TemporaryFolder folder;
  const std::string bytes = read_file(model_file(command.model, is_onnx));
  if (is_onnx) {
    write_file(
        folder.file("exposed.onnx"),
        expose_onnx_values(bytes, command.model, model.program, quantized_tensors(model.program)));
  }
  Certificate certificate = {.model = fs::path(command.model).filename().string(),
                             .model_sha256 = sha256(bytes),
                             .data = command.data,
                             .data_sha256 = data_digests(command.data),
                             .cpu = cpu_name(),
                             .cpu_flags = cpu_flags(),
                             .emulated_cpu = command.emulated_cpu,
                             .version = INTACT_VERSION,
                             .engine = runner.engine()};
  std::vector<ClientRun> clients = start_clients(command, model, is_onnx);
  const ImageData images = open_images({.directory = command.data,
                                        .mode = Mode::Test,
                                        .limit = command.limit,
                                        .batch_size = command.batch_size});
  for (const TensorMap& fed : *images.loader) {
    const Batch batch = run_ours(runner, fed);
    save_npy(folder.file("x.npy"), fed.at("image"));
    for (size_t i = 0; i < batch.labels.size(); ++i) {
      certificate.correct += batch.predicted[i] == batch.labels[i] ? 1 : 0;
    }
    for (ClientRun& client : clients) {
      client.run(command.model, folder, batch);
    }
    certificate.images += static_cast<int64_t>(batch.labels.size());
  }
  for (const ClientRun& client : clients) {
    certificate.clients.push_back(client.result());
  }
  return certificate;
}

int verify_model(const VerifyCommand& command) {
  command.common.apply();
  const Certificate certificate = make_certificate(command);
  const nlohmann::ordered_json json = to_json(certificate);
  fs::create_directories(command.out);
  write_file(command.out + "/certificate.json", json.dump(2) + "\n");
  write_file(command.out + "/certificate.html", to_html(certificate));
  command.common.report(json);
  bool is_equal = true;
  fmt::print("intact  top-1 {}/{}\n", certificate.correct, certificate.images);
  if (!command.emulated_cpu.empty()) {
    fmt::print("clients on an emulated {}\n", command.emulated_cpu);
  }
  for (const ClientResult& result : certificate.clients) {
    if (!result.failure.empty()) {
      is_equal = false;
      fmt::print("{} {} optimizations {}: failed\n",
                 result.client,
                 result.version,
                 result.optimizations ? "on" : "off");
      continue;
    }
    fmt::print(
        "{} {} optimizations {}: {} of {} integers differ, by up to {}; {} label flips; top-1 "
        "{}/{}\n",
        result.client,
        result.version,
        result.optimizations ? "on" : "off",
        result.differing(),
        result.integers(),
        result.largest_step(),
        result.label_flips,
        result.correct,
        certificate.images);
    is_equal =
        is_equal && result.label_flips == 0 && (result.differing() == 0 || !result.optimizations);
  }
  fmt::print("{0}/certificate.json, {0}/certificate.html\n", command.out);
  return is_equal || !command.is_strict ? kDone : kDiffers;
}

}  // namespace

void add_verify_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<VerifyCommand>();
  CLI::App* sub = app.add_subcommand(
      "verify", "Run a model in other runtimes and certify that they compute the same integers");
  sub->add_option("model", command->model, "FILE.onnx, or the prefix of a .pdmodel")->required();
  sub->add_option(
         "--data", command->data, "Directory of IDX files under MNIST's names, raw or gzipped")
      ->required();
  sub->add_option("--client",
                  command->clients,
                  "onnxruntime, openvino (FILE.onnx), paddle (2.6.2), paddle3 (3.3.1) or "
                  "paddlelite; several with commas")
      ->delimiter(',')
      ->capture_default_str();
  sub->add_option("--out", command->out, "Directory of certificate.json and certificate.html")
      ->capture_default_str();
  sub->add_option("--limit", command->limit, "Only the first so many test images; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub->add_option("--batch-size", command->batch_size, "Images a client gets at once")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  sub->add_option(
      "--emulate-cpu",
      command->emulated_cpu,
      "Run the clients on a CPU that Debian's qemu-user emulates, as Haswell, which has "
      "AVX2 and no VNNI; slow");
  sub->add_flag("--strict",
                command->is_strict,
                "Exit with 1 when a label differs, or an integer of an optimized client");
  add_common_options(*sub, command->common);
  sub->callback([command, &action] { action = [command] { return verify_model(*command); }; });
}

}  // namespace intact::tools
