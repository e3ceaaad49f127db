// The C functions of intact_runtime.h over IntegerModel and IntegerSession.
#include <algorithm>
#include <cstring>
#include <exception>

#include "base/check.h"
#include "intact/base/threads.h"
#include "intact/interop/onnx.h"
#include "intact/passes/deployment_form.h"
#include "intact/runtime/intact_runtime.h"
#include "intact/runtime/integer_model.h"

using intact::check;
using intact::DType;
using intact::ErrorCode;
using intact::IntegerModel;
using intact::IntegerSession;
using intact::Shape;
using intact::Tensor;

namespace {

/// What a model and its sessions share.
struct Contents {
  IntegerModel model;
  std::vector<std::string> names = {};  // what the infos point to
  std::vector<intact_tensor_info> inputs = {};
  std::vector<intact_tensor_info> outputs = {};
  std::string description = {};
};

}  // namespace

struct intact_model {
  std::shared_ptr<const Contents> contents;
};

struct intact_session {
  std::shared_ptr<const Contents> contents;
  IntegerSession session;
  std::vector<Tensor> results = {};
};

namespace {

static_assert(INTACT_BOOL == static_cast<int>(DType::Bool));
static_assert(INTACT_FLOAT64 == static_cast<int>(DType::Float64));

// Fixed memory: keeping a message must not fail.
thread_local char last_error[2048] = "";

void keep_error(const char* message) {
  std::strncpy(last_error, message, sizeof(last_error) - 1);
}

intact_status status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return INTACT_INVALID_ARGUMENT;
    case ErrorCode::NotFound:
      return INTACT_NOT_FOUND;
    case ErrorCode::Unsupported:
      return INTACT_UNSUPPORTED;
    case ErrorCode::Format:
      return INTACT_FORMAT;
    case ErrorCode::Io:
      return INTACT_IO;
    case ErrorCode::Internal:
      break;
  }
  return INTACT_INTERNAL;
}

template <class Body>
intact_status guarded(const Body& body) noexcept {
  try {
    body();
    return INTACT_OK;
  } catch (const intact::Error& error) {
    keep_error(error.what());
    return status_of(error.code());
  } catch (const std::exception& error) {
    keep_error(error.what());
  } catch (...) {
    keep_error("unknown exception");
  }
  return INTACT_INTERNAL;
}

void check_pointer(const void* pointer, const char* function, const char* argument) {
  check(pointer != nullptr, "{}: {} is NULL; pass an address", function, argument);
}

intact_tensor_info info_of(const intact::Var& var, const std::string& name) {
  const Shape& shape = var.shape();
  if (shape.rank() > INTACT_MAX_RANK) {
    intact::fail(
        ErrorCode::Unsupported,
        "intact_model_load: '{}' has {} dimensions, but the C functions take up to {}; use "
        "IntegerModel",
        name,
        shape.rank(),
        static_cast<int>(INTACT_MAX_RANK));
  }
  intact_tensor_info info = {
      name.c_str(), static_cast<intact_dtype>(var.dtype()), shape.rank(), {}};
  std::ranges::copy(shape.dims(), info.dims);
  return info;
}

intact_model* make_model(intact::InferenceModel file, const char* where) {
  check(intact::is_quantized(file.program),
        "{}: holds a float model, but this library runs quantized ones; `intact quantize` the run "
        "and convert again",
        where);
  intact::DeploymentForm form =
      intact::deployment_form(std::move(file.program), std::move(file.scope), file.fetches);
  auto contents = std::make_shared<Contents>(Contents{
      IntegerModel::compile(form.program, std::move(form.scope), file.feeds, file.fetches)});
  contents->names = file.feeds;
  contents->names.insert(contents->names.end(), file.fetches.begin(), file.fetches.end());
  for (size_t i = 0; i < contents->names.size(); ++i) {
    const std::string& name = contents->names[i];
    (i < file.feeds.size() ? contents->inputs : contents->outputs)
        .push_back(info_of(form.program.var(name), name));
  }
  contents->description = contents->model.describe();
  return new intact_model{std::move(contents)};
}

void copy_info(const std::vector<intact_tensor_info>& infos,
               const char* function,
               int32_t index,
               intact_tensor_info* info) {
  check_pointer(info, function, "info");
  check(index >= 0 && static_cast<size_t>(index) < infos.size(),
        "{}: index is {} but there are {}; count from 0",
        function,
        index,
        infos.size());
  *info = infos[static_cast<size_t>(index)];
}

/// The caller's memory as a Tensor.
Tensor feed_of(const intact_tensor& tensor, const intact_tensor_info& wanted) {
  check(tensor.data != nullptr, "intact_session_run: '{}' has no data; set it", wanted.name);
  check(tensor.dtype == wanted.dtype,
        "intact_session_run: '{}' has dtype {} but the model wants {}; convert it",
        wanted.name,
        static_cast<int>(tensor.dtype),
        intact::to_string(static_cast<DType>(wanted.dtype)));
  check(tensor.rank == wanted.rank,
        "intact_session_run: '{}' has rank {} but the model wants {}; give all dimensions",
        wanted.name,
        tensor.rank,
        wanted.rank);
  const Shape shape(std::vector<int64_t>(tensor.dims, tensor.dims + tensor.rank));
  check(shape.is_known() && shape.numel() > 0,
        "intact_session_run: '{}' has shape {}; give each dimension a size",
        wanted.name,
        shape.to_string());
  const auto dtype = static_cast<DType>(tensor.dtype);
  const size_t bytes = static_cast<size_t>(shape.numel()) * intact::size_bytes(dtype);
  check(tensor.size_bytes == bytes,
        "intact_session_run: '{}' has {} bytes but its shape {} needs {}; set size_bytes",
        wanted.name,
        tensor.size_bytes,
        shape.to_string(),
        bytes);
  return Tensor::view(dtype, shape, const_cast<void*>(tensor.data));
}

intact_tensor view_of(const Tensor& tensor) {
  intact_tensor view = {static_cast<intact_dtype>(tensor.dtype()),
                        tensor.shape().rank(),
                        {},
                        tensor.raw(),
                        tensor.size_bytes()};
  std::ranges::copy(tensor.shape().dims(), view.dims);
  return view;
}

void run_session(intact_session& session, const intact_tensor* inputs, intact_tensor* outputs) {
  const Contents& model = *session.contents;
  intact::TensorMap feeds;
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    feeds.emplace(model.names[i], feed_of(inputs[i], model.inputs[i]));
  }
  session.results = session.session.run(feeds);
  std::ranges::transform(session.results, outputs, view_of);
}

}  // namespace

const char* intact_version(void) {
  return INTACT_VERSION;
}

const char* intact_last_error(void) {
  return last_error;
}

intact_status intact_set_threads(int32_t count) {
  return guarded([&] { intact::set_thread_count(count); });
}

intact_status intact_model_load(const char* path, intact_model** model) {
  return guarded([&] {
    check_pointer(model, "intact_model_load", "model");
    *model = nullptr;
    check_pointer(path, "intact_model_load", "path");
    *model = make_model(intact::load_model(path), path);
  });
}

intact_status intact_model_read_onnx(const void* bytes, size_t size_bytes, intact_model** model) {
  return guarded([&] {
    check_pointer(model, "intact_model_read_onnx", "model");
    *model = nullptr;
    check_pointer(bytes, "intact_model_read_onnx", "bytes");
    const std::string_view text(static_cast<const char*>(bytes), size_bytes);
    *model =
        make_model(intact::read_onnx(text, "intact_model_read_onnx"), "intact_model_read_onnx");
  });
}

void intact_model_free(intact_model* model) {
  delete model;
}

int32_t intact_model_input_count(const intact_model* model) {
  return model != nullptr ? static_cast<int32_t>(model->contents->inputs.size()) : 0;
}

int32_t intact_model_output_count(const intact_model* model) {
  return model != nullptr ? static_cast<int32_t>(model->contents->outputs.size()) : 0;
}

intact_status intact_model_input(const intact_model* model,
                                 int32_t index,
                                 intact_tensor_info* info) {
  return guarded([&] {
    check_pointer(model, "intact_model_input", "model");
    copy_info(model->contents->inputs, "intact_model_input", index, info);
  });
}

intact_status intact_model_output(const intact_model* model,
                                  int32_t index,
                                  intact_tensor_info* info) {
  return guarded([&] {
    check_pointer(model, "intact_model_output", "model");
    copy_info(model->contents->outputs, "intact_model_output", index, info);
  });
}

const char* intact_model_describe(const intact_model* model) {
  return model != nullptr ? model->contents->description.c_str() : "";
}

intact_status intact_session_create(const intact_model* model, intact_session** session) {
  return guarded([&] {
    check_pointer(session, "intact_session_create", "session");
    *session = nullptr;
    check_pointer(model, "intact_session_create", "model");
    *session = new intact_session{model->contents, IntegerSession(model->contents->model)};
  });
}

void intact_session_free(intact_session* session) {
  delete session;
}

intact_status intact_session_run(intact_session* session,
                                 const intact_tensor* inputs,
                                 int32_t input_count,
                                 intact_tensor* outputs,
                                 int32_t output_count) {
  return guarded([&] {
    check_pointer(session, "intact_session_run", "session");
    check_pointer(inputs, "intact_session_run", "inputs");
    check_pointer(outputs, "intact_session_run", "outputs");
    check(static_cast<size_t>(std::max(input_count, 0)) == session->contents->inputs.size() &&
              static_cast<size_t>(std::max(output_count, 0)) == session->contents->outputs.size(),
          "intact_session_run: {} inputs and {} outputs were given but the model has {} and {}; "
          "give one of each",
          input_count,
          output_count,
          session->contents->inputs.size(),
          session->contents->outputs.size());
    run_session(*session, inputs, outputs);
  });
}
