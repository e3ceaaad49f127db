#pragma once

#include <memory>
#include <string>

#include "intact/data/data_loader.h"
#include "intact/data/mnist.h"

namespace intact::tools {

/// MNIST-style images with the tutorial's transforms ([1,H,W], -1..1), and the loader that batches
/// them.
struct ImageData {
  std::unique_ptr<Dataset> dataset;
  std::unique_ptr<DataLoader> loader;
  int64_t height = 0;
  int64_t width = 0;
};

struct ImageDataOptions {
  std::string directory;
  Mode mode = Mode::Train;
  int64_t limit = 0;  // the first so many images; 0: all
  int64_t batch_size = 64;
  int64_t class_count = 10;
  uint64_t seed = 0;
};

/// Train: shuffled, last incomplete batch dropped. Test: in order, every image.
/// Throws: InvalidArgument when there are fewer images than one training batch, and what Mnist
/// throws.
ImageData open_images(const ImageDataOptions& options);

}  // namespace intact::tools
