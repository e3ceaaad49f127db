#include "intact/data/mnist.h"

#include <gtest/gtest.h>

#include <chrono>

#include "data/idx_files.h"
#include "support/expect_error.h"

namespace intact {
namespace {

/// A directory of its own for each test, removed at the end.
class MnistTest : public testing::Test {
 protected:
  MnistTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = std::filesystem::temp_directory_path() /
                 fmt::format("intact_mnist_{}_{}", info->name(), ::getpid());
    std::filesystem::create_directories(directory_);
  }
  ~MnistTest() override { std::filesystem::remove_all(directory_); }

  MnistOptions files(const std::string& images, const std::string& labels) const {
    write_bytes(directory_ / "images", images);
    write_bytes(directory_ / "labels", labels);
    return {.image_path = (directory_ / "images").string(),
            .label_path = (directory_ / "labels").string()};
  }

  std::filesystem::path directory_;
};

Transform tutorial() {
  return Compose({Transpose(), Normalize({127.5f}, {127.5f})});
}

TEST_F(MnistTest, SampleHoldsFloatPixelsAndOneLabel) {
  const Mnist data(files(idx({2, 2, 2}, {0, 1, 2, 3, 4, 5, '\xFE', '\xFF'}), idx({2}, {7, 3})));
  EXPECT_EQ(data.size(), 2);
  const Sample sample = data.get(1);
  EXPECT_TRUE(sample.image.identical(Tensor::from<float>({2, 2}, {4, 5, 254, 255})));
  EXPECT_TRUE(sample.label.identical(Tensor::from<int64_t>({1}, {3})));
}

TEST_F(MnistTest, DirectoryFormKnowsEverySpelling) {
  for (const auto& [separator, suffix] :
       {std::pair{"-", ""}, std::pair{"-", ".gz"}, std::pair{".", ""}, std::pair{".", ".gz"}}) {
    const std::filesystem::path directory = directory_ / fmt::format("{}{}", separator, suffix);
    std::filesystem::create_directories(directory);
    uint32_t count = 3;
    for (const char* stem : {"train", "t10k"}) {
      const std::string is_gz = suffix;
      const std::string images = some_images(count, 4, 4);
      const std::string labels = some_labels(count);
      write_bytes(directory / fmt::format("{}-images{}idx3-ubyte{}", stem, separator, suffix),
                  is_gz.empty() ? images : gzip(images));
      write_bytes(directory / fmt::format("{}-labels{}idx1-ubyte{}", stem, separator, suffix),
                  is_gz.empty() ? labels : gzip(labels));
      count = 2;
    }
    EXPECT_EQ(Mnist({.mode = Mode::Train, .directory = directory.string()}).size(), 3);
    EXPECT_EQ(Mnist({.mode = Mode::Test, .directory = directory.string()}).size(), 2);
  }
}

TEST_F(MnistTest, MissingFilesNameWhatWasLookedFor) {
  expect_error(ErrorCode::NotFound,
               {directory_.string(), "t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte.gz"},
               [&] { Mnist({.mode = Mode::Test, .directory = directory_.string()}); });
  expect_error(ErrorCode::NotFound, {"nowhere"}, [&] {
    Mnist({.image_path = "nowhere", .label_path = "nowhere"});
  });
  expect_error(
      ErrorCode::InvalidArgument, {"give a directory"}, [&] { Mnist({.image_path = "only one"}); });
}

TEST_F(MnistTest, FilesThatDoNotFitEachOtherAreRefused) {
  expect_error(ErrorCode::Format, {"3 images", "2 labels"}, [&] {
    Mnist(files(some_images(3, 2, 2), some_labels(2)));
  });
  expect_error(ErrorCode::Format, {"label 10", "byte 9", "10 classes"}, [&] {
    Mnist(files(some_images(2, 2, 2), idx({2}, {1, 10})));
  });
  expect_error(
      ErrorCode::Format, {"no pixel"}, [&] { Mnist(files(some_images(0, 2, 2), some_labels(0))); });
}

TEST_F(MnistTest, BatchByTableEqualsTheGenericChainBitForBit) {
  MnistOptions options = files(some_images(40, 28, 28), some_labels(40));
  for (const Transform& transform :
       {Transform(), tutorial(), Transform(Normalize({33.3f}, {78.6f}))}) {
    options.transform = transform;
    const Mnist data(options);
    const std::vector<int64_t> indices = {7, 0, 39, 7, 12};
    const Sample fast = data.get_batch(indices);
    const Sample generic = data.Dataset::get_batch(indices);
    EXPECT_TRUE(fast.image.identical(generic.image));
    EXPECT_TRUE(fast.label.identical(generic.label));
  }
}

TEST_F(MnistTest, ATransformThatMovesPixelsIsNotDoneByTable) {
  MnistOptions options = files(some_images(8, 6, 4), some_labels(8));
  for (const Transform& transform : {Transform(Transpose({1, 0, 2})),
                                     Transform(Compose({Transpose(), Transpose()})),
                                     Transform(Compose({Transpose(), RandomHorizontalFlip()}))}) {
    options.transform = transform;
    const Mnist data(options);
    const std::vector<int64_t> indices = {3, 1, 2};
    EXPECT_TRUE(
        data.get_batch(indices, 5).image.identical(data.Dataset::get_batch(indices, 5).image));
    EXPECT_TRUE(data.get(3, 5).image.identical(
        transform(Mnist(files(some_images(8, 6, 4), some_labels(8))).get(3).image,
                  {.epoch = 5, .index = 3})));
  }
}

TEST_F(MnistTest, OutOfRangeIndexIsRefused) {
  const Mnist data(files(some_images(2, 2, 2), some_labels(2)));
  expect_error(ErrorCode::InvalidArgument, {"sample 2 of 2"}, [&] { data.get(2); });
  const std::vector<int64_t> bad = {0, -1};
  expect_error(ErrorCode::InvalidArgument, {"sample -1 of 2"}, [&] { data.get_batch(bad); });
}

}  // namespace
}  // namespace intact
