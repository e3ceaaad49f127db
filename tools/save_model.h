#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intact/interop/inference_model.h"
#include "intact/quant/convert.h"
#include "intact/quant/coverage.h"

namespace intact::tools {

/// Writes PREFIX.pdmodel and PREFIX.pdiparams and prints their names and size.
void save_paddle(const std::string& prefix,
                 const std::vector<std::string>& feeds,
                 const std::vector<std::string>& fetches,
                 const Program& program,
                 const Scope& scope);

/// The same of a converted model, and of its int8 program as PREFIX_int8 where it has one. Reads
/// each file back and compares every op, tensor and scale with `trained`; puts the list of tensors
/// and the report of what was quantized into `json`. Throws: InvalidArgument when anything differs.
void save_converted(const std::string& prefix,
                    const std::vector<std::string>& feeds,
                    const std::vector<std::string>& fetches,
                    const Converted& converted,
                    const CoverageLedger& trained,
                    nlohmann::ordered_json& json);

/// Test images on which pair sums that saturate are counted; an empty directory: none.
struct SaturationData {
  std::string directory = {};
  int64_t images = 256;
};

/// Writes FILE.onnx, a quantized model in deployment form, and prints its name and size; warns of
/// layers other runtimes may compute otherwise, with how often they do on `data`. Reads the file
/// back and compares it with `model`. Bounds, counts and the list of tensors go into `json`.
/// Throws: InvalidArgument when anything differs.
void save_onnx(const std::string& file,
               InferenceModel model,
               nlohmann::ordered_json& json,
               const SaturationData& data = {});

}  // namespace intact::tools
