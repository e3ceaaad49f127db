#pragma once

#include <onnx.pb.h>

#include <optional>
#include <string>

#include "intact/tensor/tensor.h"

namespace intact {

namespace proto = intact::onnx_proto;

/// Nothing for the types Tensor does not have.
std::optional<DType> from_onnx(int32_t data_type);
int32_t to_onnx(DType dtype);
/// "FLOAT", "BFLOAT16": ONNX's own names.
std::string onnx_type_name(int32_t data_type);

/// The number of elements is checked against the bytes that are there before memory is taken.
/// `where` starts the messages. Throws: Format, Unsupported.
Tensor from_onnx(const proto::TensorProto& tensor, const std::string& where);
void to_onnx(const std::string& name, const Tensor& tensor, proto::TensorProto& out);

}  // namespace intact
