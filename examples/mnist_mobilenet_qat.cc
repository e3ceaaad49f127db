// MobileNetV1 on MNIST: train, quantize, fine-tune, convert, save.
//   mnist_mobilenet_qat DATA_DIR OUTPUT_PREFIX [--limit IMAGES]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "intact/intact.h"

using namespace intact;

namespace {

constexpr int kBatchSize = 64;

/// What a run fetches.
struct Fetches {
  std::string top1, top5, loss;
};

/// One epoch, or as many batches as cover `limit` images.
void train(Executor& executor,
           const Program& program,
           DataLoader& loader,
           const Fetches& fetches,
           int64_t limit) {
  int64_t iteration = 0;
  for (const TensorMap& batch : loader) {
    const auto results = executor.run(program, batch, {fetches.top1, fetches.top5, fetches.loss});
    if (iteration % 100 == 0) {
      std::printf("train  iteration %4d  top-1 %.4f  top-5 %.4f  loss %.4f\n",
                  static_cast<int>(iteration),
                  results[0].values<float>()[0],
                  results[1].values<float>()[0],
                  results[2].values<float>()[0]);
    }
    if (++iteration * kBatchSize >= limit) {
      break;
    }
  }
}

void test(Executor& executor,
          const Program& program,
          DataLoader& loader,
          const Fetches& fetches,
          int64_t limit) {
  double top1 = 0, top5 = 0;
  int batches = 0;
  for (const TensorMap& batch : loader) {
    const auto results = executor.run(program, batch, {fetches.top1, fetches.top5});
    top1 += results[0].values<float>()[0];
    top5 += results[1].values<float>()[0];
    if (++batches * kBatchSize >= limit) {
      break;
    }
  }
  std::printf("test   top-1 %.4f  top-5 %.4f\n", top1 / batches, top5 / batches);
}

void run_tutorial(const std::string& data_dir, const std::string& prefix, int64_t limit) {
  // 1. The network, as two Programs: train_program computes, startup_program fills the parameters.
  Program train_program, startup_program;
  Fetches fetches;
  std::string output;
  {
    ProgramGuard guard(train_program, startup_program);
    Var& image = nn::data("image", {-1, 1, 28, 28});
    Var& label = nn::reshape(nn::data("label", {-1, 1}, DType::Int64), {-1, 1});
    // Logits: cross_entropy applies softmax. With .softmax_output = true this is the zoo's network.
    Var& out = nn::mobilenet_v1(image, {.class_dim = 10});
    Var& loss = nn::mean(nn::cross_entropy(out, label));
    fetches = {nn::accuracy(out, label, 1).name(), nn::accuracy(out, label, 5).name(), loss.name()};
    output = out.name();
    Momentum({.learning_rate = 0.01f, .momentum = 0.9f}).minimize(loss);
  }
  const Program val_program = train_program.clone_for_test();

  // 2. A place to run; the parameters live in global_scope().
  const CpuPlace place;
  Executor executor(place);
  executor.run(startup_program);

  // 3. The data: pixels from 0..255 to -1..1.
  const Transform transform = Compose({Transpose(), Normalize({127.5f}, {127.5f})});
  const Mnist train_data({.mode = Mode::Train, .directory = data_dir, .transform = transform});
  const Mnist test_data({.mode = Mode::Test, .directory = data_dir, .transform = transform});
  DataLoader train_loader(train_data,
                          {.batch_size = kBatchSize, .shuffle = true, .drop_last = true});
  DataLoader test_loader(test_data, {.batch_size = kBatchSize, .drop_last = true});

  // 4. Train in float.
  train(executor, train_program, train_loader, fetches, limit);
  test(executor, val_program, test_loader, fetches, limit);

  // 5. Quantize both Programs and fine-tune; the optimizer goes on with its own state.
  const QuantConfig config;
  const Program quant_program = quant_aware(train_program, place, config, {.for_test = false});
  const Program val_quant_program = quant_aware(val_program, place, config, {.for_test = true});
  train(executor, quant_program, train_loader, fetches, limit);
  test(executor, val_quant_program, test_loader, fetches, limit);

  // 6. Convert to stored integers and save: as float32 tensors that hold integers, and as int8.
  const Converted converted = convert(val_quant_program, place, config, {.save_int8 = true});
  save_inference_model(prefix, {"image"}, {output}, converted.float_program, converted.scope);
  save_inference_model(
      prefix + "_int8", {"image"}, {output}, *converted.int8_program, converted.scope);
  std::printf("saved  %s.pdmodel, %s_int8.pdmodel\n", prefix.c_str(), prefix.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const bool has_limit = argc == 5 && std::strcmp(argv[3], "--limit") == 0;
  const int64_t limit = has_limit ? std::atoll(argv[4]) : std::numeric_limits<int64_t>::max();
  if ((argc != 3 && !has_limit) || limit <= 0) {
    std::fprintf(stderr, "usage: %s DATA_DIR OUTPUT_PREFIX [--limit IMAGES]\n", argv[0]);
    return 2;
  }
  try {
    run_tutorial(argv[1], argv[2], limit);
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 2;
  }
}
