#pragma once

#include "casters.h"
#include "intact/quant/calibrate.h"

namespace intact::python {

/// Batches of feeds; iterated over once for every pass a calibration makes.
using Batches = nb::typed<nb::iterable, Feeds>;

/// Takes the GIL while it reads a batch. `batches` must outlive it.
inline CalibrationBatches to_batches(nb::handle batches) {
  return [batches](const std::function<void(const TensorMap&)>& use) {
    const nb::gil_scoped_acquire gil;
    for (nb::handle batch : nb::iter(batches)) {
      const Feeds feeds = nb::cast<Feeds>(batch);
      const nb::gil_scoped_release release;
      use(feeds.tensors);
    }
  };
}

}  // namespace intact::python
