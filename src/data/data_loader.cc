#include "intact/data/data_loader.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>

#include "base/check.h"
#include "intact/tensor/random.h"

namespace intact {
namespace {

/// Fisher-Yates; the draws depend on (seed, epoch) only.
std::vector<int64_t> order_of(int64_t count, const DataLoaderOptions& options, int64_t epoch) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  if (!options.shuffle) {
    return order;
  }
  const uint64_t stream = stream_seed(options.seed, fmt::format("DataLoader epoch {}", epoch));
  const Philox random(stream);
  for (size_t last = order.size(); last-- > 1;) {
    const size_t other = static_cast<size_t>(uint64_t{random.bits(last)} * (last + 1) >> 32);
    std::swap(order[last], order[other]);
  }
  return order;
}

}  // namespace

/// One pass over the data. With prefetch, a thread fills a bounded queue.
class DataLoader::Epoch {
 public:
  Epoch(const Dataset& dataset,
        const DataLoaderOptions& options,
        int64_t epoch,
        int64_t first_batch,
        int64_t batch_count)
      : dataset_(dataset),
        options_(options),
        epoch_(epoch),
        next_batch_(first_batch),
        batch_count_(batch_count),
        order_(order_of(dataset.size(), options, epoch)) {
    if (options_.prefetch > 0 && next_batch_ < batch_count_) {
      worker_ = std::thread([this] { produce(); });
    }
  }

  ~Epoch() {
    {
      const std::lock_guard lock(mutex_);
      is_cancelled_ = true;
    }
    space_.notify_all();
    if (worker_.joinable()) {
      worker_.join();
    }
  }

  /// The next batch, nothing at the end. Rethrows what preparing it threw.
  std::optional<TensorMap> next() {
    if (!worker_.joinable()) {
      return next_batch_ < batch_count_ ? std::optional(prepare(next_batch_++)) : std::nullopt;
    }
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return !queue_.empty() || is_finished_; });
    if (queue_.empty()) {
      if (error_) {
        std::rethrow_exception(error_);
      }
      return std::nullopt;
    }
    TensorMap batch = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    space_.notify_one();
    return batch;
  }

 private:
  TensorMap prepare(int64_t batch) const {
    const size_t begin = static_cast<size_t>(batch * options_.batch_size);
    const size_t end = std::min(begin + static_cast<size_t>(options_.batch_size), order_.size());
    Sample sample = dataset_.get_batch({order_.data() + begin, end - begin}, epoch_);
    return {{options_.feed_list[0], std::move(sample.image)},
            {options_.feed_list[1], std::move(sample.label)}};
  }

  void produce() {
    std::exception_ptr error;
    try {
      while (next_batch_ < batch_count_) {
        TensorMap batch = prepare(next_batch_++);
        std::unique_lock lock(mutex_);
        space_.wait(lock, [this] {
          return is_cancelled_ || queue_.size() < static_cast<size_t>(options_.prefetch);
        });
        if (is_cancelled_) {
          return;
        }
        queue_.push_back(std::move(batch));
        lock.unlock();
        ready_.notify_one();
      }
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    error_ = error;
    is_finished_ = true;
    ready_.notify_one();
  }

  const Dataset& dataset_;
  const DataLoaderOptions options_;
  const int64_t epoch_;
  int64_t next_batch_;  // the worker's own once it runs
  const int64_t batch_count_;
  const std::vector<int64_t> order_;

  std::mutex mutex_;
  std::condition_variable ready_;
  std::condition_variable space_;
  std::deque<TensorMap> queue_;
  std::exception_ptr error_;
  bool is_finished_ = false;
  bool is_cancelled_ = false;
  std::thread worker_;
};

DataLoader::DataLoader(const Dataset& dataset, DataLoaderOptions options)
    : dataset_(dataset), options_(std::move(options)) {
  check(options_.batch_size > 0,
        "DataLoader: batch_size {} is too small; give at least 1",
        options_.batch_size);
  check(options_.prefetch >= 0,
        "DataLoader: prefetch {} is negative; give 0 or more",
        options_.prefetch);
  check(options_.feed_list.size() == 2 && options_.feed_list[0] != options_.feed_list[1],
        "DataLoader: feed_list {} must hold two names; give those of image and label",
        options_.feed_list);
}

int64_t DataLoader::batch_count() const {
  const int64_t size = dataset_.size();
  const int64_t whole = size / options_.batch_size;
  return options_.drop_last || size % options_.batch_size == 0 ? whole : whole + 1;
}

void DataLoader::skip(int64_t batches) {
  check(batches >= 0 && batches <= batch_count(),
        "DataLoader: cannot skip {} of {} batches; give a number in range",
        batches,
        batch_count());
  skipped_batches_ = batches;
}

DataLoader::Iterator DataLoader::begin() {
  const int64_t first = std::exchange(skipped_batches_, 0);
  return Iterator(std::make_unique<Epoch>(dataset_, options_, epoch_++, first, batch_count()));
}

DataLoader::Iterator::Iterator(std::unique_ptr<Epoch> epoch) : epoch_(std::move(epoch)) {
  ++*this;
}
DataLoader::Iterator::Iterator(Iterator&&) noexcept = default;
DataLoader::Iterator& DataLoader::Iterator::operator=(Iterator&&) noexcept = default;
DataLoader::Iterator::~Iterator() = default;

DataLoader::Iterator& DataLoader::Iterator::operator++() {
  std::optional<TensorMap> batch = epoch_->next();
  is_done_ = !batch.has_value();
  batch_ = batch ? std::move(*batch) : TensorMap();
  return *this;
}

}  // namespace intact
