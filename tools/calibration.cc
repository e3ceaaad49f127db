#include "calibration.h"

#include "intact/data/data_loader.h"

namespace intact::tools {

CalibrationBatches calibration_batches(const CalibrationData& data) {
  auto images = std::make_shared<ImageData>(open_images({.directory = data.directory,
                                                         .mode = Mode::Train,
                                                         .limit = data.batches * data.batch_size,
                                                         .batch_size = data.batch_size,
                                                         .class_count = data.class_count}));
  return [data, images](const std::function<void(const TensorMap&)>& use) {
    DataLoader loader(*images->dataset, {.batch_size = data.batch_size, .drop_last = true});
    for (const TensorMap& batch : loader) {
      use({{data.feed, batch.at("image")}});
    }
  };
}

}  // namespace intact::tools
