#include "runtime/find_scale.h"

#include <algorithm>

#include "backend/cpu/pair_scale.h"
#include "backend/cpu/quantize.h"
#include "ops/detail/pair_limit.h"

namespace intact {
namespace {

void find_pair_limited(const Quantizer& q, const Run& run) {
  cpu::pair_limited_scales({.channels = q.pairs.channels,
                            .inputs = q.pairs.inputs,
                            .taps = q.pairs.taps,
                            .is_transposed = q.axis == 1,
                            .any_two = q.pairs.any_two()},
                           run.at(q.x),
                           pair_factor<float>(q.bits, q.pair_limit),
                           run.at(q.scale_out));
}

}  // namespace

const float* find_scale(const Quantizer& q, const ValueChannels& view, const Run& run) {
  const int64_t count = view.outer * view.channels * view.inner;
  switch (q.source) {
    case ScaleSource::AbsMax:
      if (q.axis < 0) {
        *run.at(q.scale_out) = cpu::abs_max(count, run.at(q.x));
      } else {
        cpu::abs_max_channels(
            view.outer, view.channels, view.inner, run.at(q.x), run.at(q.scale_out));
      }
      return run.at(q.scale_out);
    case ScaleSource::PairLimited:
      find_pair_limited(q, run);
      return run.at(q.scale_out);
    case ScaleSource::MovingAverage:
      q.average.update(run, cpu::abs_max(count, run.at(q.x)));
      return run.at(q.scale_out);
    case ScaleSource::Given:
      break;
  }
  if (q.scale_out != kNoValue && run.at(q.scale_out) != run.at(q.scale_in)) {
    std::copy_n(run.at(q.scale_in), view.channels, run.at(q.scale_out));
  }
  return run.at(q.scale_in);
}

}  // namespace intact
