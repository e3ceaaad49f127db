#include "casters.h"
#include "intact/data/data_loader.h"

namespace intact::python {
namespace {

/// One epoch as a Python iterator. Waits for batches, and for the thread that makes them, without
/// the GIL, which a Dataset written in Python needs there.
class BatchIterator {
 public:
  explicit BatchIterator(DataLoader& loader) : loader_(&loader) {}
  BatchIterator(BatchIterator&&) = default;
  BatchIterator& operator=(BatchIterator&&) = delete;
  ~BatchIterator() {
    const nb::gil_scoped_release release;
    iterator_.reset();
  }

  TensorMap next() {
    bool is_done = false;
    {
      const nb::gil_scoped_release release;
      if (iterator_.has_value()) {
        ++*iterator_;
      } else {
        iterator_.emplace(loader_->begin());
      }
      is_done = *iterator_ == loader_->end();
    }
    if (is_done) {
      throw nb::stop_iteration();
    }
    return **iterator_;
  }

 private:
  DataLoader* loader_;
  std::optional<DataLoader::Iterator> iterator_;
};

}  // namespace

void bind_loader(nb::module_& m) {
  const DataLoaderOptions defaults;
  nb::class_<BatchIterator>(m, "BatchIterator", "One epoch of a DataLoader.")
      .def(
          "__iter__",
          [](BatchIterator& self) -> BatchIterator& { return self; },
          nb::rv_policy::reference)
      .def("__next__", &BatchIterator::next);
  nb::class_<DataLoader>(m, "DataLoader", doc("DataLoader"))
      .def(
          "__init__",
          [](DataLoader* self,
             const Dataset& dataset,
             int64_t batch_size,
             bool shuffle,
             bool drop_last,
             uint64_t seed,
             std::vector<std::string> feed_list,
             int prefetch) {
            new (self) DataLoader(dataset,
                                  {.batch_size = batch_size,
                                   .shuffle = shuffle,
                                   .drop_last = drop_last,
                                   .seed = seed,
                                   .feed_list = std::move(feed_list),
                                   .prefetch = prefetch});
          },
          "dataset"_a,
          nb::kw_only(),
          "batch_size"_a = defaults.batch_size,
          "shuffle"_a = defaults.shuffle,
          "drop_last"_a = defaults.drop_last,
          "seed"_a = defaults.seed,
          "feed_list"_a = defaults.feed_list,
          "prefetch"_a = defaults.prefetch,
          nb::keep_alive<1, 2>())
      .def("batch_count", &DataLoader::batch_count, doc("DataLoader.batch_count"))
      .def("__len__", &DataLoader::batch_count)
      .def_prop_rw("epoch", &DataLoader::epoch, &DataLoader::set_epoch, doc("DataLoader.epoch"))
      .def("skip", &DataLoader::skip, "batches"_a, doc("DataLoader.skip"))
      .def(
          "__iter__", [](DataLoader& self) { return BatchIterator(self); }, nb::keep_alive<0, 1>());
}

}  // namespace intact::python
