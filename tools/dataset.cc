#include "dataset.h"

#include <algorithm>

#include "base/check.h"

namespace intact::tools {
namespace {

/// The first `size` samples of another dataset.
class FirstImages : public Dataset {
 public:
  FirstImages(std::unique_ptr<Dataset> all, int64_t size)
      : all_(std::move(all)), size_(std::min(size, all_->size())) {}

  int64_t size() const override { return size_; }
  Sample get(int64_t index, int64_t epoch) const override { return all_->get(index, epoch); }
  Sample get_batch(std::span<const int64_t> indices, int64_t epoch) const override {
    return all_->get_batch(indices, epoch);
  }

 private:
  std::unique_ptr<Dataset> all_;
  int64_t size_;
};

}  // namespace

ImageData open_images(const ImageDataOptions& options) {
  auto images = std::make_unique<Mnist>(
      MnistOptions{.mode = options.mode,
                   .directory = options.directory,
                   .transform = Compose({Transpose(), Normalize({127.5f}, {127.5f})}),
                   .class_count = options.class_count});
  ImageData data;
  data.height = images->height();
  data.width = images->width();
  data.dataset = std::move(images);
  if (options.limit > 0) {
    data.dataset = std::make_unique<FirstImages>(std::move(data.dataset), options.limit);
  }
  const bool is_training = options.mode == Mode::Train;
  check(!is_training || data.dataset->size() >= options.batch_size,
        "--data: {} has {} training images but a batch is {}; use a smaller --batch-size",
        options.directory,
        data.dataset->size(),
        options.batch_size);
  data.loader = std::make_unique<DataLoader>(*data.dataset,
                                             DataLoaderOptions{.batch_size = options.batch_size,
                                                               .shuffle = is_training,
                                                               .drop_last = is_training,
                                                               .seed = options.seed});
  return data;
}

}  // namespace intact::tools
