// intact bench: time of a training step or of inference, on random images.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "backend/cpu/instruction_set.h"
#include "backend/cpu/machine_peak.h"
#include "base/check.h"
#include "command.h"
#include "intact/base/threads.h"
#include "intact/ir/program.h"
#include "intact/nn/cross_entropy.h"
#include "intact/nn/data.h"
#include "intact/nn/models/registry.h"
#include "intact/nn/program_guard.h"
#include "intact/passes/deployment_form.h"
#include "intact/quant/quant_aware.h"
#include "intact/runtime/executor.h"
#include "intact/runtime/integer_model.h"
#include "intact/tensor/random.h"
#include "intact/train/optimizer.h"
#include "progress.h"
#include "training.h"

namespace intact::tools {
namespace {

struct BenchCommand {
  CommonOptions common;
  std::string what;
  std::string model = "mobilenet_v1";
  int64_t batch_size = 64;
  int64_t image_size = 28;
  int64_t channels = 1;
  int steps = 20;
  bool print_profile = false;
  bool use_integers = false;
};

constexpr int kWarmUpSteps = 3;
constexpr int kClasses = 10;

struct Workload {
  Program program;
  Scope scope;
  TensorMap feeds;
  std::vector<std::string> fetches;
  std::optional<IntegerSession> integers = {};

  std::vector<Tensor> run(Executor& executor) {
    return integers ? integers->run(feeds) : executor.run(program, feeds, fetches, scope);
  }
};

TensorMap random_feeds(const BenchCommand& command) {
  Tensor image(DType::Float32,
               {command.batch_size, command.channels, command.image_size, command.image_size});
  Tensor label(DType::Int64, {command.batch_size, 1});
  const Philox random(stream_seed(command.common.seed, "bench"));
  uint64_t next = 0;
  for (float& pixel : image.values<float>()) {
    pixel = 2.0f * random.uniform(next++) - 1.0f;
  }
  for (int64_t& value : label.values<int64_t>()) {
    value = static_cast<int64_t>(random.bits(next++) % kClasses);
  }
  return {{"image", image}, {"label", label}};
}

Workload build(const BenchCommand& command) {
  Workload work;
  Program startup;
  work.program.set_random_seed(command.common.seed);
  ProgramGuard guard(work.program, startup);
  Var& image = nn::data("image", {-1, command.channels, command.image_size, command.image_size});
  Var& label = nn::data("label", {-1, 1}, DType::Int64);
  Var& output = nn::build_model(command.model, image, {.class_dim = kClasses});
  work.feeds = random_feeds(command);
  if (command.what == "infer" && !command.use_integers) {
    work.fetches = {output.name()};
    Executor().run(startup, {}, {}, work.scope);
    work.program = work.program.clone_for_test().prune({"image"}, work.fetches);
    work.feeds.erase("label");
    return work;
  }
  Var& loss = nn::cross_entropy(output, label);
  work.fetches = {loss.name()};
  const std::string output_name = output.name();
  const Program test = command.what == "infer" ? work.program.clone_for_test() : Program();
  Momentum({.learning_rate = 0.01f, .momentum = 0.9f}).minimize(loss);
  Executor().run(startup, {}, {}, work.scope);
  if (command.what != "train") {
    work.program = quant_aware(work.program, CpuPlace{}, {}, {.scope = &work.scope});
  }
  if (command.what == "infer") {
    Executor().run(work.program, work.feeds, work.fetches, work.scope);  // one step gives scales
    const Program eval =
        quant_aware(test, CpuPlace{}, {}, {.for_test = true, .scope = &work.scope});
    const DeploymentForm form = deployment_form(eval, work.scope, {output_name});
    work.integers.emplace(
        IntegerModel::compile(form.program, form.scope, {"image"}, {output_name}));
    work.feeds.erase("label");
  }
  return work;
}

/// One step of the Plan against what the machine can do.
struct ProfileLine {
  const ProfileRow* row = nullptr;
  double ms = 0;
  double gflops = 0;
  double gbytes = 0;
  double percent = 0;  // of the peak that bounds it: multiply-adds where it has them, else memory
};

bool is_integer(const ProfileRow& row) {
  return row.kernel.starts_with("int8");
}

/// The multiply-adds of a step, and the time they take where nothing but products is computed.
struct Floor {
  double gflop = 0;
  double ms = 0;
};

Floor floor_of(const std::vector<ProfileRow>& rows, const cpu::MachinePeak& peak) {
  Floor floor;
  for (const ProfileRow& row : rows) {
    floor.gflop += row.flops / 1e9;
    floor.ms += row.flops / (is_integer(row) ? peak.code_flops : peak.sgemm_flops) * 1e3;
  }
  return floor;
}

ProfileLine line_of(const ProfileRow& row, const cpu::MachinePeak& peak) {
  const double seconds = row.seconds / static_cast<double>(std::max<int64_t>(1, row.calls));
  const double peak_flops = is_integer(row) ? peak.code_flops : peak.float_flops;
  const double share = row.flops > 0 ? row.flops / peak_flops : row.bytes / peak.memory_bytes;
  return {.row = &row,
          .ms = seconds * 1e3,
          .gflops = row.flops / seconds / 1e9,
          .gbytes = row.bytes / seconds / 1e9,
          .percent = 100 * share / seconds};
}

/// What was added since `before`, which has the same rows: warm-up steps generate code.
std::vector<ProfileRow> since(const std::vector<ProfileRow>& before, std::vector<ProfileRow> rows) {
  for (size_t i = 0; i < before.size(); ++i) {
    rows[i].calls -= before[i].calls;
    rows[i].seconds -= before[i].seconds;
  }
  return rows;
}

/// Slowest first.
std::vector<ProfileLine> profile_lines(const std::vector<ProfileRow>& rows,
                                       const cpu::MachinePeak& peak) {
  std::vector<ProfileLine> lines;
  for (const ProfileRow& row : rows) {
    lines.push_back(line_of(row, peak));
  }
  std::stable_sort(
      lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.ms > b.ms; });
  return lines;
}

void print_profile(const std::vector<ProfileLine>& lines,
                   const cpu::MachinePeak& peak,
                   const Floor& floor,
                   double median_ms) {
  fmt::print(
      "{} peak: {:.1f} GFLOP/s float, {:.1f} in a GEMM, {:.1f} GOP/s int8, {:.1f} GB/s memory\n",
      cpu::instruction_set(),
      peak.float_flops / 1e9,
      peak.sgemm_flops / 1e9,
      peak.code_flops / 1e9,
      peak.memory_bytes / 1e9);
  if (floor.ms > 0) {
    fmt::print(
        "{:.2f} GFLOP a step, {:.2f} ms at the peak of GEMMs; the median is {:.2f} of that\n",
        floor.gflop,
        floor.ms,
        median_ms / floor.ms);
  }
  fmt::print("{:>9} {:>9} {:>8} {:>6}  {:24} {:20} {}\n",
             "ms/step",
             "GFLOP/s",
             "GB/s",
             "% peak",
             "kind",
             "kernel",
             "op");
  for (const ProfileLine& line : lines) {
    fmt::print("{:9.3f} {:9.1f} {:8.1f} {:6.0f}  {:24} {:20} {}\n",
               line.ms,
               line.gflops,
               line.gbytes,
               line.percent,
               line.row->kind,
               line.row->kernel,
               line.row->name);
  }
}

nlohmann::ordered_json profile_json(const std::vector<ProfileLine>& lines,
                                    const cpu::MachinePeak& peak,
                                    const Floor& floor) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const ProfileLine& line : lines) {
    rows.push_back({{"op", line.row->name},
                    {"kind", line.row->kind},
                    {"kernel", line.row->kernel},
                    {"ms", line.ms},
                    {"gflops", line.gflops},
                    {"gbytes_per_s", line.gbytes},
                    {"percent_of_peak", line.percent}});
  }
  return {{"peak",
           {{"float_gflops", peak.float_flops / 1e9},
            {"sgemm_gflops", peak.sgemm_flops / 1e9},
            {"int8_gops", peak.code_flops / 1e9},
            {"memory_gbytes_per_s", peak.memory_bytes / 1e9}}},
          {"gflop", floor.gflop},
          {"floor_ms", floor.ms},
          {"profile", rows}};
}

int bench(const BenchCommand& command) {
  command.common.apply();
  check(!command.use_integers || command.what == "infer",
        "--integer: is for inference, not for {}; use `bench infer --integer`",
        command.what);
  Workload work = build(command);
  const auto arena_bytes = [&](const Executor& executor) {
    return work.integers ? work.integers->arena_bytes() : executor.peak_arena_bytes();
  };
  Executor executor(CpuPlace{}, {.profile = command.print_profile});
  std::vector<double> times_ms;
  std::vector<ProfileRow> warm_up;
  for (int step = -kWarmUpSteps; step < command.steps; ++step) {
    if (step == 0) {
      warm_up = executor.profile();
    }
    const auto start = std::chrono::steady_clock::now();
    work.run(executor);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    if (step >= 0) {
      times_ms.push_back(time.count());
    }
  }
  std::sort(times_ms.begin(), times_ms.end());
  const double median_ms = times_ms[times_ms.size() / 2];
  nlohmann::ordered_json report = {{"command", "bench"},
                                   {"what", command.what},
                                   {"model", command.model},
                                   {"batch_size", command.batch_size},
                                   {"image_size", command.image_size},
                                   {"threads", thread_count()},
                                   {"instruction_set", cpu::instruction_set()},
                                   {"steps", command.steps},
                                   {"median_ms", median_ms},
                                   {"min_ms", times_ms.front()},
                                   {"max_ms", times_ms.back()},
                                   {"arithmetic", command.use_integers ? "integer" : "float"},
                                   {"arena_bytes", arena_bytes(executor)},
                                   {"peak_memory_bytes", peak_memory_bytes()}};
  fmt::print("{} {} batch {}: median {:.2f} ms, min {:.2f}, max {:.2f}; arena {}, peak memory {}\n",
             command.what,
             command.model,
             command.batch_size,
             median_ms,
             times_ms.front(),
             times_ms.back(),
             format_bytes(arena_bytes(executor)),
             format_bytes(peak_memory_bytes()));
  if (command.print_profile) {
    const std::vector<ProfileRow> rows = since(warm_up, executor.profile());
    const cpu::MachinePeak peak = cpu::measure_machine_peak();
    const std::vector<ProfileLine> lines = profile_lines(rows, peak);
    const Floor floor = floor_of(rows, peak);
    print_profile(lines, peak, floor, median_ms);
    report.update(profile_json(lines, peak, floor));
  }
  command.common.report(report);
  return kDone;
}

}  // namespace

void add_bench_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<BenchCommand>();
  CLI::App* sub =
      app.add_subcommand("bench", "Time a training step, a quantized training step, or inference");
  sub->add_option("what", command->what, "train, quantize or infer")
      ->required()
      ->check(CLI::IsMember({"train", "quantize", "infer"}));
  sub->add_option("--model", command->model, "A model of `intact list-models`")
      ->capture_default_str();
  sub->add_option("--batch-size", command->batch_size, "Images a step")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  sub->add_option("--image-size", command->image_size, "Height and width")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  sub->add_option("--channels", command->channels, "Channels of the images")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  sub->add_option("--steps", command->steps, "Steps timed, after a warm-up")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  sub->add_flag("--integer",
                command->use_integers,
                "Infer with the integer program, after one quantized training step");
  sub->add_flag("--profile",
                command->print_profile,
                "Also print a line per step of the plan, slowest first, with its share of the "
                "machine's measured peak");
  add_common_options(*sub, command->common);
  sub->callback([command, &action] { action = [command] { return bench(*command); }; });
}

}  // namespace intact::tools
