#include "bind.h"

namespace intact::python {
namespace {

/// The class of intact/errors.py that stands for a code.
const char* class_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return "InvalidArgumentError";
    case ErrorCode::NotFound:
      return "NotFoundError";
    case ErrorCode::Unsupported:
      return "UnsupportedError";
    case ErrorCode::Format:
      return "FormatError";
    case ErrorCode::Io:
      return "IoError";
    case ErrorCode::Internal:
      return "InternalError";
  }
  return "InternalError";
}

void translate(const std::exception_ptr& pointer, void*) {
  try {
    std::rethrow_exception(pointer);
  } catch (const Error& error) {
    const nb::object type = nb::module_::import_("intact.errors").attr(class_name(error.code()));
    PyErr_SetString(type.ptr(), error.what());
  }
}

}  // namespace

void bind_errors(nb::module_&) {
  nb::register_exception_translator(translate);
}

}  // namespace intact::python
