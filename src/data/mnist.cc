#include "intact/data/mnist.h"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "base/atomic_file.h"
#include "base/check.h"
#include "data/idx.h"

namespace intact {
namespace {

/// The first spelling of a standard name that exists, e.g. train-images-idx3-ubyte.
std::string find_file(const std::string& directory, const std::string& stem, int rank) {
  std::vector<std::string> names;
  for (const char* separator : {"-", "."}) {
    for (const char* suffix : {"", ".gz"}) {
      names.push_back(fmt::format("{}{}idx{}-ubyte{}", stem, separator, rank, suffix));
    }
  }
  for (const std::string& name : names) {
    const std::filesystem::path path = std::filesystem::path(directory) / name;
    std::error_code error;
    if (std::filesystem::exists(path, error)) {
      return path.string();
    }
  }
  fail(ErrorCode::NotFound,
       "{}: has none of {}; give the directory of the IDX files",
       directory,
       names);
}

IdxArray read_idx(const std::string& path, int rank) {
  return parse_idx(read_file(path), path, rank);
}

void check_labels(const IdxArray& labels, int64_t class_count, const std::string& path) {
  for (size_t i = 0; i < labels.bytes.size(); ++i) {
    if (labels.bytes[i] >= class_count) {
      fail(ErrorCode::Format,
           "{}: label {} at byte {} of the (decompressed) file is not one of the {} classes; check "
           "the file",
           path,
           labels.bytes[i],
           8 + i,
           class_count);
    }
  }
}

}  // namespace

Mnist::Mnist(MnistOptions options) : transform_(std::move(options.transform)) {
  const bool has_files = !options.image_path.empty() && !options.label_path.empty();
  check(has_files || (!options.directory.empty() && options.image_path.empty() &&
                      options.label_path.empty()),
        "Mnist: give a directory, or both image_path and label_path");
  check(options.class_count > 0, "Mnist: {} classes; give at least 1", options.class_count);
  if (!has_files) {
    const std::string stem = options.mode == Mode::Train ? "train" : "t10k";
    options.image_path = find_file(options.directory, stem + "-images", 3);
    options.label_path = find_file(options.directory, stem + "-labels", 1);
  }
  IdxArray labels = read_idx(options.label_path, 1);
  check_labels(labels, options.class_count, options.label_path);
  IdxArray images = read_idx(options.image_path, 3);
  if (images.dims[0] != labels.dims[0]) {
    fail(ErrorCode::Format,
         "{}: holds {} images (byte 4) but {} holds {} labels; give files that belong together",
         options.image_path,
         images.dims[0],
         options.label_path,
         labels.dims[0]);
  }
  if (std::find(images.dims.begin(), images.dims.end(), 0) != images.dims.end()) {
    fail(ErrorCode::Format,
         "{}: the dimensions {} at byte 4 hold no pixel; get the file again",
         options.image_path,
         images.dims);
  }
  count_ = images.dims[0];
  height_ = images.dims[1];
  width_ = images.dims[2];
  images_ = std::move(images.bytes);
  labels_ = std::move(labels.bytes);
  build_pixel_table();
}

/// A pixel-wise transform is known once it has been applied to an image that holds every byte.
void Mnist::build_pixel_table() {
  if (!transform_.pixelwise_rank(2)) {
    return;
  }
  std::vector<float> every_byte(256);
  std::iota(every_byte.begin(), every_byte.end(), 0.0f);
  const Tensor values = transform_(Tensor::from<float>({16, 16}, every_byte));
  const Tensor shaped = transform_(Tensor(DType::Float32, {height_, width_}));
  if (values.dtype() != DType::Float32 || values.numel() != 256) {
    return;
  }
  pixel_table_.emplace();
  std::copy_n(values.data<float>(), 256, pixel_table_->begin());
  image_shape_ = shaped.shape();
}

Tensor Mnist::raw_image(int64_t index) const {
  check(index >= 0 && index < count_,
        "Mnist: sample {} of {} does not exist; use an index in range",
        index,
        count_);
  Tensor image(DType::Float32, {height_, width_});
  const uint8_t* pixels = images_.data() + index * height_ * width_;
  std::copy_n(pixels, height_ * width_, image.data<float>());
  return image;
}

Sample Mnist::get(int64_t index, int64_t epoch) const {
  Tensor image = transform_(raw_image(index), {.epoch = epoch, .index = index});
  return {std::move(image), Tensor::from<int64_t>({1}, {labels_[static_cast<size_t>(index)]})};
}

Sample Mnist::get_batch(std::span<const int64_t> indices, int64_t epoch) const {
  if (!pixel_table_) {
    return Dataset::get_batch(indices, epoch);
  }
  const int64_t count = static_cast<int64_t>(indices.size());
  std::vector<int64_t> dims = image_shape_.dims();
  dims.insert(dims.begin(), count);
  Sample batch{Tensor(DType::Float32, Shape(dims)), Tensor(DType::Int64, {count, 1})};
  const int64_t pixels = height_ * width_;
  float* image = batch.image.data<float>();
  int64_t* label = batch.label.data<int64_t>();
  for (const int64_t index : indices) {
    check(index >= 0 && index < count_,
          "Mnist: sample {} of {} does not exist; use an index in range",
          index,
          count_);
    const uint8_t* from = images_.data() + index * pixels;
    for (int64_t i = 0; i < pixels; ++i) {
      image[i] = (*pixel_table_)[from[i]];
    }
    image += pixels;
    *label++ = labels_[static_cast<size_t>(index)];
  }
  return batch;
}

}  // namespace intact
