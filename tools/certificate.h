#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intact/tensor/tensor.h"

namespace intact::tools {

/// Two tensors of integers, element by element, over all images.
struct CodeComparison {
  std::string name;
  int64_t integers = 0;
  int64_t differing = 0;
  int64_t largest_step = 0;
};

/// The same of float outputs.
struct OutputComparison {
  std::string name;
  int64_t values = 0;
  int64_t differing = 0;  // other bits
  double largest_difference = 0;
};

/// What one client did with the model, with or without its optimizations.
struct ClientResult {
  std::string client;
  std::string version;
  bool optimizations = true;
  std::string failure;  // why it stopped, "" when it did not; its own message is on standard error
  std::vector<CodeComparison> tensors;    // of the copy whose quantized tensors are outputs
  std::vector<OutputComparison> outputs;  // of the file as it is
  int64_t label_flips = 0;
  int64_t correct = 0;
  nlohmann::ordered_json ops;        // op types it ran, where it says
  nlohmann::ordered_json float_ops;  // those of them that computed in float

  int64_t integers() const;
  int64_t differing() const;
  int64_t largest_step() const;
};

struct Certificate {
  std::string model;
  std::string model_sha256;
  std::string data;
  std::map<std::string, std::string> data_sha256;  // by file name
  int64_t images = 0;
  std::string cpu;
  std::vector<std::string> cpu_flags;
  std::string emulated_cpu;  // that the clients saw in its place, as qemu calls it; "": none
  std::string version;
  std::string engine;  // what ran the model here
  int64_t correct = 0;
  std::vector<ClientResult> clients;
};

/// Throws: InvalidArgument when dtypes or shapes differ.
void compare_codes(const Tensor& ours, const Tensor& theirs, CodeComparison& comparison);
void compare_outputs(const Tensor& ours, const Tensor& theirs, OutputComparison& comparison);

nlohmann::ordered_json to_json(const Certificate& certificate);
/// One self-contained page.
std::string to_html(const Certificate& certificate);

/// Text with & < > " replaced.
std::string escape_html(const std::string& text);

/// Model name and the vector instructions of this CPU.
std::string cpu_name();
std::vector<std::string> cpu_flags();

}  // namespace intact::tools
