#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "intact/data/dataset.h"
#include "intact/tensor/tensor.h"

namespace intact {

struct DataLoaderOptions {
  int64_t batch_size = 1;
  bool shuffle = false;    // a new permutation each epoch, from (seed, epoch)
  bool drop_last = false;  // leave out the last batch when it is smaller
  uint64_t seed = 0;
  /// Names of image and label in the batches.
  std::vector<std::string> feed_list = {"image", "label"};
  /// Batches prepared ahead on a thread of its own; 0 prepares them when asked.
  int prefetch = 2;
};

/// Cuts a Dataset into batches: `for (const TensorMap& batch : loader)` is one epoch.
/// The batches are a function of (dataset, options, epoch), whatever the timing.
class DataLoader {
  class Epoch;

 public:
  /// `dataset` must outlive the loader. Throws: InvalidArgument.
  explicit DataLoader(const Dataset& dataset, DataLoaderOptions options = {});
  explicit DataLoader(const Dataset&& dataset, DataLoaderOptions options = {}) = delete;

  /// Batches of a whole epoch.
  int64_t batch_count() const;
  /// The epoch that the next begin() delivers; each begin() moves it on by one.
  int64_t epoch() const { return epoch_; }
  void set_epoch(int64_t epoch) { epoch_ = epoch; }
  /// Leaves out the first `batches` of the next epoch only: resumes at a data cursor.
  void skip(int64_t batches);
  const DataLoaderOptions& options() const { return options_; }

  /// Moves through one epoch. Throws from ++ and begin() what the Dataset threw, in the place of
  /// the batch it threw for.
  class Iterator {
   public:
    using value_type = TensorMap;
    using difference_type = std::ptrdiff_t;
    using reference = const TensorMap&;
    using iterator_category = std::input_iterator_tag;

    explicit Iterator(std::unique_ptr<Epoch> epoch);
    Iterator(Iterator&&) noexcept;
    Iterator& operator=(Iterator&&) noexcept;
    ~Iterator();

    const TensorMap& operator*() const { return batch_; }
    const TensorMap* operator->() const { return &batch_; }
    Iterator& operator++();
    bool operator==(std::default_sentinel_t) const { return is_done_; }

   private:
    std::unique_ptr<Epoch> epoch_;
    TensorMap batch_;
    bool is_done_ = false;
  };
  Iterator begin();
  std::default_sentinel_t end() const { return std::default_sentinel; }

 private:
  const Dataset& dataset_;
  DataLoaderOptions options_;
  int64_t epoch_ = 0;
  int64_t skipped_batches_ = 0;
};

}  // namespace intact
