#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "intact/ir/interpret.h"
#include "runtime/arena.h"
#include "runtime/integer/model.h"
#include "runtime/memory.h"

namespace intact {
namespace {

using integer::Addresses;
using integer::Graph;
using integer::Lowered;
using integer::Mode;
using integer::Step;
using integer::ValueId;

/// What a layout decides for one set of feed shapes.
struct Schedule {
  std::vector<Shape> feed_shapes;
  std::vector<Shape> shapes;  // of every Value
  std::vector<Step> steps;
  std::vector<size_t> offsets;            // of every Value that lives in the arena
  std::vector<size_t> workspace_offsets;  // of every step
  size_t arena_bytes = 0;
};

size_t bytes_of(const integer::Value& value, const Shape& shape) {
  // Kernels read codes in fours, up to three beyond the last.
  return static_cast<size_t>(shape.numel()) * size_bytes(value.dtype) + 3;
}

std::vector<Buffer> value_buffers(const Lowered& model, const std::vector<Shape>& shapes) {
  const Graph& graph = model.graph;
  std::vector<Buffer> buffers(graph.values.size());
  const auto extend = [&](ValueId id, int step) {
    const auto index = static_cast<size_t>(id);
    Buffer& buffer = buffers[index];
    if (buffer.bytes == 0) {
      buffer.bytes = bytes_of(graph.values[index], shapes[index]);
      buffer.first = step;
    }
    buffer.last = std::max(buffer.last, step);
  };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const ValueId id : graph.nodes[i]->outputs()) {
      extend(id, static_cast<int>(i));
    }
    for (const ValueId id : graph.nodes[i]->inputs()) {
      extend(id, static_cast<int>(i));
    }
  }
  for (const ValueId id : model.fetches) {
    extend(id, static_cast<int>(graph.nodes.size()));
  }
  for (const ValueId id : model.feeds) {
    buffers[static_cast<size_t>(id)].bytes = 0;  // the caller's memory
  }
  return buffers;
}

Schedule make_schedule(const Program& program,
                       const Lowered& model,
                       const TensorMap& feeds,
                       Mode mode) {
  Schedule schedule;
  const Program specialized = specialize(program, feeds);
  for (const integer::Value& value : model.graph.values) {
    schedule.shapes.push_back(specialized.var(value.name).shape());
  }
  std::vector<Buffer> buffers = value_buffers(model, schedule.shapes);
  for (size_t i = 0; i < model.graph.nodes.size(); ++i) {
    schedule.steps.push_back(model.graph.nodes[i]->prepare(schedule.shapes, mode));
    const int now = static_cast<int>(i);
    buffers.push_back({schedule.steps.back().workspace_bytes, now, now});
  }
  schedule.arena_bytes = plan_memory(buffers);
  const size_t values = model.graph.values.size();
  for (size_t i = 0; i < buffers.size(); ++i) {
    (i < values ? schedule.offsets : schedule.workspace_offsets).push_back(buffers[i].offset);
  }
  return schedule;
}

/// A copy of a Value's elements in the Program's order.
Tensor copy_out(const integer::Value& value, const Shape& shape, const void* from) {
  Tensor result(value.dtype, shape);
  const auto* bytes = static_cast<const std::byte*>(from);
  const size_t size = size_bytes(value.dtype);
  auto* to = static_cast<std::byte*>(result.raw());
  if (!value.is_channels_last || integer::is_layout_free(shape)) {
    std::copy_n(bytes, result.size_bytes(), to);
    return result;
  }
  const int64_t channels = shape[1];
  const int64_t pixels = shape.numel(2, 4);
  for (int64_t n = 0; n < shape[0]; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t p = 0; p < pixels; ++p, to += size) {
        std::copy_n(bytes + static_cast<size_t>((n * pixels + p) * channels + c) * size, size, to);
      }
    }
  }
  return result;
}

}  // namespace

struct IntegerSession::Impl {
  std::shared_ptr<const IntegerModel::Impl> model;
  IntegerSessionOptions options;
  std::vector<Schedule> schedules;  // the latest last
  Arena arena;
  std::vector<void*> addresses;
  TensorMap codes;
  std::vector<IntegerStepTime> times;

  void run_step(const Schedule& schedule, size_t index, std::byte* memory);
  const Schedule& schedule_for(const TensorMap& feeds);
  void bind(const Schedule& schedule, const TensorMap& feeds);
  void keep_codes(const integer::Node& node, const Schedule& schedule);
};

namespace {

constexpr size_t kMaxSchedules = 8;

std::vector<Shape> shapes_of(const std::vector<std::string>& names, const TensorMap& feeds) {
  std::vector<Shape> shapes;
  for (const std::string& name : names) {
    const auto it = feeds.find(name);
    check(it != feeds.end(), "integer model: feed '{}' is missing; feed it", name);
    shapes.push_back(it->second.shape());
  }
  return shapes;
}

}  // namespace

const Schedule& IntegerSession::Impl::schedule_for(const TensorMap& feeds) {
  std::vector<Shape> wanted = shapes_of(model->feeds, feeds);
  const auto found = std::ranges::find_if(
      schedules, [&](const Schedule& schedule) { return schedule.feed_shapes == wanted; });
  if (found != schedules.end()) {
    std::rotate(found, found + 1, schedules.end());
    return schedules.back();
  }
  TensorMap known;
  for (const std::string& name : model->feeds) {
    known.emplace(name, feeds.at(name));
  }
  Schedule schedule = make_schedule(
      model->program, model->lowered, known, options.use_reference ? Mode::Reference : Mode::Fast);
  schedule.feed_shapes = std::move(wanted);
  if (schedules.size() == kMaxSchedules) {
    schedules.erase(schedules.begin());
  }
  schedules.push_back(std::move(schedule));
  return schedules.back();
}

void IntegerSession::Impl::bind(const Schedule& schedule, const TensorMap& feeds) {
  std::byte* memory = arena.reserve(schedule.arena_bytes + 64);
  addresses.resize(schedule.offsets.size());
  for (size_t i = 0; i < addresses.size(); ++i) {
    addresses[i] = memory + schedule.offsets[i];
  }
  const Graph& graph = model->lowered.graph;
  for (size_t i = 0; i < model->feeds.size(); ++i) {
    const Tensor& tensor = feeds.at(model->feeds[i]);
    const ValueId id = model->lowered.feeds[i];
    check(tensor.dtype() == graph[id].dtype,
          "integer model: feed '{}' is {} but the model wants {}; convert it",
          model->feeds[i],
          to_string(tensor.dtype()),
          to_string(graph[id].dtype));
    addresses[static_cast<size_t>(id)] = const_cast<void*>(tensor.raw());
  }
}

void IntegerSession::Impl::keep_codes(const integer::Node& node, const Schedule& schedule) {
  for (const ValueId id : node.outputs()) {
    const auto index = static_cast<size_t>(id);
    const integer::Value& value = model->lowered.graph[id];
    if (value.is_quantizer_output) {
      codes.insert_or_assign(value.name, copy_out(value, schedule.shapes[index], addresses[index]));
    }
  }
}

void IntegerSession::Impl::run_step(const Schedule& schedule, size_t index, std::byte* memory) {
  const Addresses at = {addresses.data(), memory + schedule.workspace_offsets[index]};
  if (!options.profile) {
    schedule.steps[index].run(at);
    return;
  }
  const auto start = std::chrono::steady_clock::now();
  schedule.steps[index].run(at);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  times[index].seconds += time.count();
}

IntegerSession::IntegerSession(IntegerModel model, IntegerSessionOptions options)
    : impl_(std::make_unique<Impl>()) {
  impl_->model = model.impl_;
  impl_->options = options;
  if (options.profile) {
    for (const auto& node : impl_->model->lowered.graph.nodes) {
      impl_->times.push_back({.op = node->label(), .kernel = node->kernel()});
    }
  }
}

IntegerSession::IntegerSession(IntegerSession&&) noexcept = default;
IntegerSession& IntegerSession::operator=(IntegerSession&&) noexcept = default;
IntegerSession::~IntegerSession() = default;

std::vector<Tensor> IntegerSession::run(const TensorMap& feeds) {
  const Schedule& schedule = impl_->schedule_for(feeds);
  impl_->bind(schedule, feeds);
  impl_->codes.clear();
  const Lowered& model = impl_->model->lowered;
  auto* memory = impl_->arena.reserve(schedule.arena_bytes + 64);
  for (size_t i = 0; i < schedule.steps.size(); ++i) {
    impl_->run_step(schedule, i, memory);
    if (impl_->options.keep_codes) {
      impl_->keep_codes(*model.graph.nodes[i], schedule);
    }
  }
  std::vector<Tensor> results;
  for (const ValueId id : model.fetches) {
    const auto index = static_cast<size_t>(id);
    results.push_back(copy_out(model.graph[id], schedule.shapes[index], impl_->addresses[index]));
  }
  return results;
}

const TensorMap& IntegerSession::codes() const {
  return impl_->codes;
}

const std::vector<IntegerStepTime>& IntegerSession::times() const {
  return impl_->times;
}

size_t IntegerSession::arena_bytes() const {
  return impl_->schedules.empty() ? 0 : impl_->schedules.back().arena_bytes;
}

}  // namespace intact
